"""What the store gives back is what was taken in, or is not given at all, and somebody hears of it."""

from pathlib import Path

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from liaison.clients.files import FileStore, open_store
from liaison.db import session
from liaison.domain.errors import NotFound
from liaison.models.cases import Attachment, Case
from liaison.services import file_check, publication, published_photos
from liaison.services.documents import keep_document, prepare_documents
from liaison.services.file_check import Breach, Fault
from liaison.services.photos import keep, prepare
from liaison.services.published_photos import Covered
from tests.support.life import Life
from tests.support.pictures import photo

PDF = b"%PDF-1.7\n%%EOF\n"


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return open_store(tmp_path)


@pytest.fixture
def files(life: Life, store: FileStore) -> list[Attachment]:
    """Those of a matter: two photos and a document."""
    kept = [keep(store, prepare(photo(colour))) for colour in ((9, 9, 9), (99, 9, 9))]
    kept.append(keep_document(store, prepare_documents([("复函.pdf", PDF)])[0]))
    life.submit(files=tuple(kept))
    return list(session.scalars(select(Attachment).order_by(Attachment.position)))


def put(store: FileStore, key: str, data: bytes) -> None:
    store.delete(key)
    store.put(key, data, "image/jpeg")


def fault(file: Attachment, key: str, breach: Breach) -> Fault:
    return Fault(session.get_one(Case, file.case_id).number, file.position, key, breach)


def test_what_was_taken_in_is_given_back(files: list[Attachment], store: FileStore) -> None:
    first, _, document = files
    assert file_check.read_sound(store, first) == store.get(first.key)
    assert file_check.read_sound(store, first, small=True) == store.get(first.thumb_key)
    assert file_check.read_sound(store, document, small=True) == PDF
    assert list(file_check.faults(store)) == []


@pytest.mark.parametrize("small", [False, True])
def test_an_altered_file_is_not_given_but_an_alarm(files: list[Attachment], store: FileStore, small: bool) -> None:
    key = files[0].thumb_key if small else files[0].key
    put(store, key, store.get(key)[:-1] + b"\x00")
    with capture_logs() as lines, pytest.raises(NotFound):
        file_check.read_sound(store, files[0], small=small)
    assert [(line["log_level"], line["key"], line["breach"]) for line in lines] == [("error", key, "altered")]


@pytest.mark.parametrize("small", [False, True])
def test_one_good_file_in_place_of_another_is_altered(files: list[Attachment], store: FileStore, small: bool) -> None:
    first, second = ((file.thumb_key if small else file.key) for file in files[:2])
    put(store, first, store.get(second))
    with pytest.raises(NotFound):
        file_check.read_sound(store, files[0], small=small)


def test_a_missing_file_is_not_found_and_an_alarm(files: list[Attachment], store: FileStore) -> None:
    store.delete(files[2].key)
    with capture_logs() as lines, pytest.raises(NotFound):
        file_check.read_sound(store, files[2])
    assert [line["breach"] for line in lines] == ["missing"]


def test_every_fault_is_named_by_matter_and_position(files: list[Attachment], store: FileStore) -> None:
    first, second, document = files
    put(store, first.thumb_key, b"x")
    store.delete(second.key)
    put(store, document.key, b"%PDF-1.7 another")
    assert list(file_check.faults(store)) == [
        fault(first, first.thumb_key, Breach.ALTERED),
        fault(second, second.key, Breach.MISSING),
        fault(document, document.key, Breach.ALTERED),
    ]


def test_a_published_copy_that_was_altered_or_is_gone_is_told(life: Life, store: FileStore) -> None:
    number = life.matter_in("closed")
    kept = keep(store, prepare(photo()))
    words = {"title": "路灯修复", "text": "居民反映路灯不亮。", "answer": "已更换三盏。", "consent": True}
    life.act("office", publication.publish, number, **words)
    published_photos.replace(life.case(number).id, [Covered(1, [], kept)], life.clock())
    assert list(file_check.faults(store)) == []
    put(store, kept.key, store.get(kept.key)[:-1] + b"\x00")
    store.delete(kept.thumb_key)
    told = [(fault.number, fault.key, fault.breach) for fault in file_check.faults(store)]
    assert told == [(number, kept.key, Breach.ALTERED), (number, kept.thumb_key, Breach.MISSING)]
