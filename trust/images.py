"""Hostile pictures through the resident's door: each is taken clean or refused by name, and costs only itself.

Afterwards the application must still be the same process, no larger, and what it kept must hold nothing but pixels: the
segments of a plain JPEG, and none of the words that were planted.
"""

import re
import struct
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex
from urllib.parse import quote

from sqlalchemy import select
from werkzeug.test import TestResponse

from liaison.db import session
from liaison.models.cases import Attachment, Case
from liaison.services.darkroom import darkroom
from trust.specimens import CANARY, REFUSED, TAKEN, Specimen, specimens
from trust.stage import Stage
from trust.tally import Tally

SEED = 4
MOST_MB = {"darkroom_mb": 300, "web_mb": 80}
"""What a file may take in the darkroom's process, and add to the web process, which holds some 120 MB by itself: a file
of 10 MB in as many copies as lie between the socket and the darkroom."""

TEXT = "城东镇北街的路灯坏了三盏，晚上老人出门看不见路，请尽快修好。"
STATION = "S001"
PLAIN = frozenset({0xDB, 0xC0, 0xC4, 0xDA})  # quantisation, baseline frame, Huffman, scan: what pixels need (T.81)
JFIF = 0xE0
SELF = Path("/proc/self")
PEAK = "5"  # proc(5), clear_refs: forget the largest size so far


def play(stage: Stage, count: int) -> Tally:
    """Send so many files, each in a matter of its own."""
    tally = Tally()
    for specimen in specimens(count, SEED):
        before, darkroom.peak_bytes = darkroom.process, 0
        _forget_peak()
        held = _peak()
        answer = _told(stage, specimen)
        taken = {"web_mb": _peak() - held >> 20, "darkroom_mb": darkroom.peak_bytes >> 20}
        faults = _faults(stage, specimen, answer)
        faults += [f"took {figure} in {name}" for name, figure in taken.items() if figure > MOST_MB[name]]
        if before not in (None, darkroom.process):
            faults.append("the darkroom had to be begun again")
        for name, figure in taken.items():
            tally.figures[name] = max(tally.figures.get(name, 0), figure)
        tally.note(str(answer.status_code))
        tally.count([f"{specimen.family} {specimen.name!r} ({len(specimen.data)} bytes): {fault}" for fault in faults])
        session.rollback()
    return tally


def segments(jpeg: bytes) -> Iterator[tuple[int, bytes]]:
    """The segments of a JPEG before its pixels, by marker; raises ValueError when something follows its end."""
    place = 2
    while True:
        (marker, length) = struct.unpack_from(">xBH", jpeg, place)
        yield marker, jpeg[place + 4 : place + 2 + length]
        place += 2 + length
        if marker == 0xDA:
            break
    if jpeg.find(b"\xff\xd9", place) != len(jpeg) - 2:
        raise ValueError("something follows the end of the picture")


def left_over(jpeg: bytes) -> list[str]:
    """What a kept picture holds besides pixels."""
    if jpeg[:2] != b"\xff\xd8":
        return ["no JPEG was kept"]
    found = ["the planted words are in it"] if CANARY in jpeg else []
    try:
        for marker, body in segments(jpeg):
            if marker not in PLAIN and not (marker == JFIF and body[:5] == b"JFIF\x00" and len(body) == 14):
                found.append(f"segment {marker:02X} was kept")
    except (struct.error, ValueError) as fault:
        found.append(str(fault))
    return found


def _told(stage: Stage, specimen: Specimen) -> TestResponse:
    edge, name = token_hex(), quote(specimen.name, safe=" ./<>()")  # as browsers write it into a header
    text = f'--{edge}\r\nContent-Disposition: form-data; name="text"\r\n\r\n{TEXT}\r\n--{edge}\r\n'
    head = f'Content-Disposition: form-data; name="photos"; filename="{name}"\r\nContent-Type: image/jpeg\r\n\r\n'
    body = (text + head).encode() + specimen.data + f"\r\n--{edge}--\r\n".encode()
    return stage.app.test_client().post(
        f"/api/v1/stations/{STATION}/matters",
        data=body,
        content_type=f"multipart/form-data; boundary={edge}",
        headers={"Idempotency-Key": edge},
    )


def _faults(stage: Stage, specimen: Specimen, answer: TestResponse) -> list[str]:
    if answer.status_code == 422:
        sentences = answer.json["errors"].get("photos", [])
        found = [] if [sentence[:5] for sentence in sentences] == ["第 1 张"] else ["the refusal does not name it"]
        return found + (["a good file was refused: " + "".join(sentences)] if specimen.must == TAKEN else [])
    if answer.status_code != 201:
        return [f"answered {answer.status_code}"]
    found = ["it should have been refused"] if specimen.must == REFUSED else []
    wanted = select(Attachment).join(Case, Case.id == Attachment.case_id).where(Case.number == answer.json["number"])
    row, store = session.scalars(wanted).one(), stage.app.extensions["liaison"].store
    for key in (row.key, row.thumb_key):
        found += left_over(store.get(key))
    return found + ([] if (row.mime, row.name) == ("image/jpeg", "") else ["it kept its type or its name"])


def _forget_peak() -> None:
    if SELF.exists():
        (SELF / "clear_refs").write_text(PEAK)


def _peak() -> int:
    """The most memory this process has held since its peak was forgotten; 0 where the system does not tell."""
    told = (SELF / "status").read_text() if SELF.exists() else ""
    found = re.search(r"VmHWM:\s*(\d+) kB", told)
    return int(found[1]) * 1024 if found else 0
