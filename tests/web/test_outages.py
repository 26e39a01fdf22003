"""When the database or the disk gives way: 503 and when to come back, never 500, and nothing typed is lost."""

import gc
import html
import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from io import BytesIO
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from liaison.app import create_app
from liaison.clients.files import open_store
from liaison.db import db, session
from liaison.models.cases import Attachment, Case
from tests.support.clients import DoorClient
from tests.support.pictures import photo
from tests.support.servers import Servers
from tests.support.town import Town
from tests.web.test_resident_pages import hidden

TEXT = "北街 12 号门前的路灯坏了三盏，\n晚上看不见路。"
PATIENCE = 20.0
OWNED = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
WAITING = "SELECT pid FROM pg_stat_activity WHERE datname = 'live' AND wait_event_type = 'Lock'"


@pytest.fixture
def line(servers: Servers) -> Iterator[psycopg.Connection]:
    """A connection of somebody else's to the database of `live_app`."""
    with psycopg.connect(servers.url("live"), autocommit=True) as connection:
        yield connection


@contextmanager
def database_with(app: Flask, line: psycopg.Connection, setting: str) -> Iterator[None]:
    """All new connections get the setting; those there are end."""
    name = setting.partition(" = ")[0]
    line.execute(f"ALTER DATABASE live SET {setting}")
    db.engine.dispose()
    try:
        yield
    finally:
        line.execute(f"ALTER DATABASE live RESET {name}")
        db.session.remove()
        db.engine.dispose()


@contextmanager
def store_at(app: Flask, folder: Path) -> Iterator[None]:
    """The application keeps its files somewhere else."""
    usual = app.extensions["liaison"]
    app.extensions["liaison"] = replace(usual, store=open_store(folder))
    try:
        yield
    finally:
        app.extensions["liaison"] = usual


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A disk of that size."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "outage", str(folder)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip(f"mounting a small disk is not allowed here: {mounted.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def tell(client: FlaskClient, key: str = "k", **files: object) -> TestResponse:
    """Tell a matter through the API."""
    return client.post("/api/v1/stations/S001/matters", headers={"Idempotency-Key": key}, data={"text": TEXT, **files})


def picture() -> tuple[BytesIO, str]:
    """A photo as a form sends it."""
    return BytesIO(photo()), "a.jpg"


def typed(client: FlaskClient) -> dict[str, str]:
    """A form filled in."""
    page = client.get("/s/S001/new").text
    return {"csrf_token": hidden(page, "csrf_token"), "key": hidden(page, "key"), "text": TEXT, "place.name": "北街"}


def carried(answer: TestResponse) -> dict[str, str]:
    """What the page of an outage sends again at one tap."""
    fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', answer.text)
    return {name: html.unescape(value) for name, value in fields}


def assert_come_back(answer: TestResponse, kind: str) -> None:
    """The answer is 503, says when to come again, and is of that kind."""
    assert (answer.status_code, answer.mimetype) == (503, kind), answer.text
    assert int(answer.headers["Retry-After"]) > 0
    assert "请稍后再试" in (answer.json["detail"] if answer.is_json else answer.text)


def matters() -> int:
    """How many matters there are."""
    session.rollback()
    return session.scalar(select(func.count()).select_from(Case))


def test_a_database_that_is_not_there(servers: Servers, tmp_path: Path) -> None:
    app = create_app(replace(servers.config(servers.url("nowhere")), instance=tmp_path))
    app.test_client_class = DoorClient
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["token"] = "somebody's"
    for path in ("/", "/s/S001", "/s/S001/new", "/m/1?c=2", "/public", "/console/", "/metrics", "/files/1/1"):
        assert_come_back(client.get(path), "text/html")
    for path in ("/api/v1/stations/S001", "/api/v1/me"):
        bearer = {"Authorization": "Bearer somebody's"}
        assert_come_back(client.get(path, headers=bearer), "application/problem+json")
    assert_come_back(tell(client), "application/problem+json")
    probe = app.test_client()
    told = probe.get("/readyz")
    assert (told.status_code, told.json["status"], told.json["faults"]) == (503, "failing", ["database"])
    assert probe.get("/healthz").status_code == 200


@pytest.mark.parametrize("setting", ["default_transaction_read_only = on", "statement_timeout = '100ms'"])
def test_a_database_that_cannot_write_or_is_too_slow(
    live_app: Flask, live_town: Town, line: psycopg.Connection, setting: str
) -> None:
    client = live_app.test_client()
    form = typed(client)
    with database_with(live_app, line, setting), line.transaction():
        if "timeout" in setting:
            line.execute("LOCK TABLE idempotency IN ACCESS EXCLUSIVE MODE")
        assert_come_back(tell(client), "application/problem+json")
        answer = client.post("/s/S001/new", data=form | {"photos": picture()})
        assert_come_back(answer, "text/html")
        assert "北街 12 号门前的路灯坏了三盏" in answer.text and "照片这次没有收下" not in answer.text
    again = carried(answer)
    assert again.keys() == form.keys() | {"kept"}
    assert client.post("/s/S001/new", data=again).status_code == 303
    assert matters() == 1
    assert session.scalar(select(func.count()).select_from(Attachment)) == 1


@pytest.mark.parametrize("table", ["stations", "idempotency", "events"])
def test_a_connection_lost_in_mid_request(
    live_app: Flask, live_town: Town, line: psycopg.Connection, table: str
) -> None:
    with ThreadPoolExecutor(1) as thread, line.transaction():
        line.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        asked = thread.submit(partial(tell, live_app.test_client(), "the one key"))
        while not asked.done() and not (found := line.execute(WAITING).fetchone()):
            line.execute("SELECT pg_stat_clear_snapshot()")
        line.execute("SELECT pg_terminate_backend(%s)", found)
        assert_come_back(asked.result(PATIENCE), "application/problem+json")
    assert tell(live_app.test_client(), "the one key").status_code == 201, "and the same again is taken"
    assert matters() == 1


def test_a_connection_lost_between_two_requests_goes_unnoticed(
    live_app: Flask, live_town: Town, line: psycopg.Connection
) -> None:
    client = live_app.test_client()
    assert tell(client, "first").status_code == 201
    session.rollback()
    line.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
        "WHERE datname = 'live' AND pid <> pg_backend_pid()"
    )
    assert tell(client, "second").status_code == 201


def test_a_connection_lost_after_the_answer_was_made_does_not_spoil_it(
    live_app: Flask, live_town: Town, line: psycopg.Connection
) -> None:
    with live_app.app_context():
        found = session.execute(select(func.pg_backend_pid())).one()
        line.execute("SELECT pg_terminate_backend(%s)", tuple(found))
    assert live_app.test_client().get("/s/S001").status_code == 200


def test_a_move_in_the_console_gives_back_what_was_typed_but_never_a_password(
    live_app: Flask, live_town: Town, line: psycopg.Connection
) -> None:
    client, other = live_app.test_client(), live_app.test_client()
    own = {"username": "office", "password": live_town.password}
    tokens = [hidden(each.get("/console/sign-in").text, "csrf_token") for each in (client, other)]
    assert client.post("/console/sign-in", data=own | {"csrf_token": tokens[0]}).status_code == 303
    form = {"csrf_token": hidden(client.get("/console/").text, "csrf_token"), "deputy": "1", "absent_until": TEXT}
    with database_with(live_app, line, "statement_timeout = '100ms'"), line.transaction():
        line.execute("LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE")
        answer = client.post("/console/stations/S001/absence", data=form)
        refused = other.post("/console/sign-in", data=own | {"csrf_token": tokens[1]})
    assert_come_back(answer, "text/html")
    assert carried(answer) == form
    assert_come_back(refused, "text/html")
    assert live_town.password not in refused.text and not carried(refused)


@contextmanager
def no_folder(folder: Path) -> Iterator[None]:
    """A file where the folder should be."""
    files = folder / "files"
    files.rename(folder / "away")
    files.touch()
    yield
    files.unlink()
    (folder / "away").rename(files)


@contextmanager
def full_disk(folder: Path) -> Iterator[None]:
    """A disk filled to the last byte."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        while file.write(bytes(4096)):
            pass
    yield
    ballast.unlink()


@OWNED
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_no_room_to_put_an_upload_aside(live_app: Flask, live_town: Town, tmp_path: Path, monkeypatch) -> None:
    client = live_app.test_client()
    head = '--x\r\nContent-Disposition: form-data; name="photos"; filename="a.jpg"\r\n\r\n'
    body = head.encode() + bytes(900_000) + b"\r\n--x--\r\n"
    sent = {"data": body, "content_type": "multipart/form-data; boundary=x"}
    with small_disk(tmp_path, "1m"), full_disk(tmp_path):
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        answer = client.post("/api/v1/stations/S001/matters", headers={"Idempotency-Key": "k"}, **sent)
        assert_come_back(answer, "application/problem+json")
        assert_come_back(client.post("/s/S001/new", **sent), "text/html")
    gc.collect()  # Werkzeug leaves the file it could not write to the collector, which warns


@contextmanager
def read_only_disk(folder: Path) -> Iterator[None]:
    """A disk that takes nothing, as after an error of the medium."""
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    yield
    subprocess.run(["mount", "-o", "remount,rw", str(folder)], check=True)


@pytest.mark.parametrize(
    "broken", [no_folder, pytest.param(full_disk, marks=OWNED), pytest.param(read_only_disk, marks=OWNED)]
)
def test_a_file_store_that_takes_nothing(
    live_app: Flask, live_town: Town, tmp_path: Path, broken: Callable[[Path], AbstractContextManager]
) -> None:
    client = live_app.test_client()
    form = typed(client)
    disk = nullcontext() if broken is no_folder else small_disk(tmp_path, "1m")
    with disk, store_at(live_app, tmp_path / "files"):
        with broken(tmp_path):
            assert_come_back(tell(client, photos=picture()), "application/problem+json")
            answer = client.post("/s/S001/new", data=form | {"photos": picture()})
            assert_come_back(answer, "text/html")
            assert "照片这次没有收下" in answer.text
            assert carried(answer) == form
            assert tell(client, "no photo").status_code == 201, "words alone need no disk"
        assert tell(client, photos=picture()).status_code == 201, "and the same again is taken"
