"""What the store gives back against what the rows say: bytes that are not the ones taken in are never handed out."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import structlog
from sqlalchemy import select

from liaison.clients.files import FileStore
from liaison.db import session
from liaison.domain.errors import NotFound
from liaison.models.cases import Attachment, Case, PublishedPhoto
from liaison.services.photos import is_thumb, sha256

BATCH = 500
GONE = "这个文件已损坏或丢失，暂时无法查看，请联系人大办。"

log = structlog.get_logger("liaison.files")


class Breach(StrEnum):
    """What is wrong with a file."""

    MISSING = "missing"
    ALTERED = "altered"


@dataclass(frozen=True)
class Fault:
    """A file that is not there as it was taken in; `key` says which of a photo's two sizes."""

    number: str
    position: int
    key: str
    breach: Breach


def read_sound(store: FileStore, file: Attachment | PublishedPhoto, *, small: bool = False) -> bytes:
    """Return a file's bytes, of a photo the small picture if wanted, once they are known to be those taken in.

    Raises NotFound, and an alarm in the log, when they are gone or altered; Unavailable when the store gives way.
    """
    key = (small and file.thumb_key) or file.key
    data, breach = _looked_into(store, file, key)
    if breach:
        log.error("file amiss", attachment=str(file.id), key=key, breach=breach)
        raise NotFound(GONE)
    return data


def faults(store: FileStore) -> Iterator[Fault]:
    """Every file of a case, and every photo published of it, that is missing or is not what was put into the store."""
    for table in (Attachment, PublishedPhoto):
        rows = session.execute(
            select(table, Case.number)
            .join(Case, Case.id == table.case_id)
            .order_by(Case.number, table.position)
            .execution_options(yield_per=BATCH)
        )
        for file, number in rows:
            for key in (key for key in (file.key, file.thumb_key) if key):
                _, breach = _looked_into(store, file, key)
                if breach:
                    yield Fault(number, file.position, key, breach)


def _looked_into(store: FileStore, file: Attachment | PublishedPhoto, key: str) -> tuple[bytes, Breach | None]:
    try:
        data = store.get(key)
    except NotFound:
        return b"", Breach.MISSING
    sound = sha256(data) == file.sha256 if key == file.key else is_thumb(key, file.key, data)
    return data, None if sound else Breach.ALTERED
