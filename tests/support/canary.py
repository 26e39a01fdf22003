"""A world full of planted words, and the places where they must not be seen: pages, JSON, workbooks, PDFs, jobs."""

import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator

from flask import Flask
from pypdfium2 import PdfDocument
from redis import Redis
from sqlalchemy import select

from liaison.db import session, transaction
from liaison.domain.actors import DEPARTMENT_ROLES, OFFICE_ROLES, Role
from liaison.models.cases import Case
from liaison.services import vault
from tests.support.journey import Journey
from tests.support.life import TEXT
from tests.support.matrix import Asker, Cell, World, build_world
from tests.support.pictures import CAMERA

NAME, PHONE = "金丝雀", "13912345678"
TYPED = "13887654321"
OPENID = "oCANARYopenid0001"
NORTH, EAST = "32.270139", "119.168681"
WORKS_ON_IT = OFFICE_ROLES | DEPARTMENT_ROLES | {Role.DEPUTY, Role.RESIDENT, Role.LIAISON}
READS_WORDS = OFFICE_ROLES | {Role.DEPUTY, Role.RESIDENT}
OWN = "matter.data"
"""What shows residents what is held about themselves; that it opens for them alone is held by the matrix."""
KNOWN = {
    "text": f"{TEXT}电话{TYPED}。",
    "contact": {"name": NAME, "phone": PHONE},
    "place": {"name": "校门口", "lat": float(NORTH), "lng": float(EAST)},
    "share_identity": False,
}


def build_planted(journey: Journey) -> World:
    """A world in which every resident left name, phone and place, is known to WeChat, and agreed to nothing."""
    world, life = build_world(journey, **KNOWN), journey.life
    with transaction():
        for case_id in session.scalars(select(Case.id)):
            vault.keep_address(case_id, "wechat_template", OPENID, life.keys, life.clock())
    return world


def readings(world: World, role: Role, asked: Iterable[Cell]) -> Iterator[tuple[str, list[str]]]:
    """Every address of these a role may read or try to, with the words its answer shows that this role must not see."""
    asker, hidden = Asker(world, role), hidden_from(role)
    for cell in asked:
        if cell.method == "GET" and not (role is Role.RESIDENT and cell.action == OWN):
            yield from _of(cell, world, asker, hidden)


def hidden_from(role: Role) -> tuple[str, ...]:
    """The planted words that a role may see nowhere."""
    words = (NAME, PHONE, OPENID, CAMERA)
    words += () if role in READS_WORDS else (TYPED,)
    return words + (() if role in WORKS_ON_IT else (NORTH, EAST))


def seen(said: bytes, words: tuple[str, ...]) -> list[str]:
    """The words that stand in an answer, a page, a workbook, a PDF or a job."""
    plain = unpacked(said)
    return [word for word in words if any(each in plain for each in _ways(word))]


def jobs(app: Flask) -> Iterator[bytes]:
    """Everything that lies in Redis."""
    with Redis.from_url(app.extensions["liaison"].config.redis.url) as connection:
        for key in connection.scan_iter():
            yield from connection.hvals(key) if connection.type(key) == b"hash" else [connection.dump(key) or b""]


def unpacked(said: bytes) -> bytes:
    """The parts of a workbook, the text of a PDF, what RQ has compressed; else the bytes as they are."""
    if said.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(said)) as parts:
            return b"\n".join(parts.read(name) for name in parts.namelist())
    if said.startswith(b"%PDF"):
        return "".join(drawn_in(said)).encode()
    try:
        return zlib.decompress(said)
    except zlib.error:
        return said


def drawn_in(pdf: bytes) -> list[str]:
    """What each page of a PDF says, without blanks."""
    with PdfDocument(pdf) as pages:
        return ["".join(page.get_textpage().get_text_range().split()) for page in pages]


def _of(cell: Cell, world: World, asker: Asker, hidden: tuple[str, ...]) -> Iterator[tuple[str, list[str]]]:
    targets = world.targets(cell.kind, asker.role) if cell.kind else None
    for target in [targets.own, *targets.foreign.values()] if targets else [""]:
        if target is not None:
            yield cell.address(target), seen(asker.ask(cell, target).get_data(), hidden)


def _ways(word: str) -> set[bytes]:
    return {word.encode(), word.encode("unicode_escape"), word.encode("utf-16-be")}
