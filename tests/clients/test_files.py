"""The file store: what is put comes back, keys tell nothing, and S3 is spoken to as it expects."""

import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from liaison.clients.files import FileStore, new_key, open_store
from liaison.domain.errors import NotFound, Unavailable


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> FileStore:
    return open_store(tmp_path / "deep" / "files" if request.param == "folder" else "memory:///")


def test_what_is_put_comes_back(store: FileStore) -> None:
    key = new_key("photos", "jpg")
    store.put(key, b"\x00bytes\xff", "image/jpeg")
    assert store.get(key) == b"\x00bytes\xff"


def test_an_absent_file_is_not_found(store: FileStore) -> None:
    with pytest.raises(NotFound):
        store.get(new_key("photos", "jpg"))


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "/etc/passwd", "photos/ab/照片.jpg", "\x00"])
def test_a_key_of_another_shape_is_neither_read_nor_written(store: FileStore, key: str) -> None:
    with pytest.raises(NotFound):
        store.get(key)
    with pytest.raises(ValueError, match="new_key"):
        store.put(key, b"x", "image/jpeg")


@pytest.mark.parametrize("key", ["/etc/passwd", "photos/../../passwd"])
def test_nothing_outside_is_deleted(store: FileStore, key: str) -> None:
    with pytest.raises(ValueError, match="within"):
        store.delete(key)


def test_a_deleted_file_is_gone_and_may_be_deleted_again(store: FileStore) -> None:
    key = new_key("photos", "jpg")
    store.put(key, b"x", "image/jpeg")
    store.delete(key)
    store.delete(key)
    with pytest.raises(NotFound):
        store.get(key)


def test_keys_lists_one_folder_or_all(store: FileStore) -> None:
    photo, thumb = new_key("photos", "jpg"), new_key("thumbs", "jpg")
    store.put(photo, b"x", "image/jpeg")
    store.put(thumb, b"x", "image/jpeg")
    assert list(store.keys("photos")) == [photo]
    assert sorted(store.keys()) == sorted([photo, thumb])
    assert list(store.keys("absent")) == []


def test_keys_can_be_narrowed_to_older_files(store: FileStore) -> None:
    key = new_key("photos", "jpg")
    store.put(key, b"x", "image/jpeg")
    now = datetime.now(UTC)
    assert list(store.keys(before=now - timedelta(hours=1))) == []
    assert list(store.keys(before=now + timedelta(hours=1))) == [key]


def test_several_files_are_put_or_none(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    (tmp_path / "thumbs").touch()  # no folder, so that the second cannot be written
    photo, thumb = new_key("photos", "jpg"), new_key("thumbs", "jpg")
    with pytest.raises(Unavailable):
        store.put_all(((photo, b"x", "image/jpeg"), (thumb, b"x", "image/jpeg")))
    assert list(store.keys("photos")) == []


def test_what_a_killed_process_left_half_written_is_swept_once_it_is_old(tmp_path: Path) -> None:
    store, now = open_store(tmp_path), datetime.now(UTC)
    key = new_key("photos", "jpg")
    store.put(key, b"x", "image/jpeg")
    halves = [tmp_path / f"{key}#1", tmp_path / f"{key}#2"]
    for half, age in zip(halves, (timedelta(days=3), timedelta(0)), strict=True):
        half.write_bytes(b"h")
        os.utime(half, ((now - age).timestamp(),) * 2)
    assert list(store.keys()) == [key], "files are written under such names first, and none of them is listed"
    assert store.sweep_unfinished(before=now - timedelta(days=2)) == 1
    assert [half.exists() for half in halves] == [False, True]
    assert store.get(key) == b"x"


def test_keys_are_random_and_spread_over_folders() -> None:
    keys = {new_key("photos", "jpg") for _ in range(200)}
    assert len(keys) == 200
    assert len({key.split("/")[1] for key in keys}) > 50


class _Bucket(BaseHTTPRequestHandler):
    """As much of S3 as writing and reading one object takes."""

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.objects[self.path] = (body, self.headers["Content-Type"])  # type: ignore[attr-defined]
        self._answer(200, b"")

    def do_GET(self) -> None:
        found = self.server.objects.get(self.path)  # type: ignore[attr-defined]
        self._answer(200 if found else 404, found[0] if found else b"")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("ETag", '"1"')
        self.send_header("Last-Modified", "Sun, 01 Nov 2026 00:00:00 GMT")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Bucket) as server:
        server.objects = {}  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        monkeypatch.setenv("AWS_REGION", "cn-north-1")
        yield server
        server.shutdown()


def test_s3_gets_the_type_and_gives_the_bytes_back(bucket: ThreadingHTTPServer) -> None:
    store = open_store("s3://county/liaison", plain_http=True)
    key = new_key("photos", "jpg")
    store.put(key, b"jpeg", "image/jpeg")
    assert bucket.objects == {f"/county/liaison/{key}": (b"jpeg", "image/jpeg")}  # type: ignore[attr-defined]
    assert store.get(key) == b"jpeg"
    with pytest.raises(NotFound):
        store.get(new_key("photos", "jpg"))
