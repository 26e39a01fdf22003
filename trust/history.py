"""An administrator who changes the past, triggers off, hashes computed anew, anchors forged: all of it must be found.

The four ways of the catalogue, each with a case, a place and a field drawn by lot; what was done is undone again before
the next. Only what an anchor has seen can be held against a history: the stage is anchored after its last event.
"""

import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from uuid import uuid4

from sqlalchemy import select, text

from liaison.db import session
from liaison.domain.actors import Actor, Role
from liaison.domain.anchors import AUDIT
from liaison.domain.chain import FIRST_PREVIOUS, digest_body, link
from liaison.models.audit import AuditEntry
from liaison.services import anchors, audit, verification
from tests.services.test_verification import KEY, OF_CASE, OTHER_SEED, SEED, cut, delete, write_anew
from tests.support.life import Life
from trust.stage import Stage, set_apart
from trust.tally import Tally

DRAWN = 18
STATES = ("submitted", "with_deputy", "assigned", "rating", "closed", "reopened", "redirected")
ANSWERS = ("replies", "ratings")
ACTS = 6  # entries of the audit log
Tamper = Callable[["Past", Random], str]


class Past:
    """Histories that anchors have seen, the cases' numbers, and the folder of the anchors."""

    def __init__(self, life: Life, folder: Path) -> None:
        self.folder, self.copies = folder / "anchors", folder / "copies"
        for table, trigger in (("events", "keep_events"), ("audit", "keep_audit")):
            session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}"))
        self.numbers = [life.matter_in(state) for state in STATES]
        self._next_day(life)
        for place in range(ACTS):
            audit.note(Actor(Role.SYSTEM, "root"), "clock.confirm", life.clock(), about=str(place))
        self.numbers += [life.matter_in(state) for state in STATES[:3]]
        self._next_day(life)
        self.length = {number: life.case(number).seq for number in self.numbers}
        shutil.copytree(self.folder, self.copies)

    def _next_day(self, life: Life) -> None:
        life.clock.advance(days=1)
        assert anchors.put_anchor(self.folder, SEED, life.clock())

    def breaches(self) -> list[str]:
        """What verifying finds, against the anchors and against the copies others hold."""
        session.expire_all()
        ours, unreadable = anchors.read_folder(self.folder)
        copies, _ = anchors.read_folder(self.copies)
        found = verification.findings(ours, copies, {KEY})
        return [f"{each.chain} {each.breach}" for each in found] + [str(each) for each in unreadable]

    def restore_anchors(self) -> None:
        """Put the anchors back as they were."""
        for path in self.folder.iterdir():
            path.chmod(0o640)
        shutil.rmtree(self.folder)
        shutil.copytree(self.copies, self.folder)


def play(stage: Stage, count: int) -> Tally:
    """Tamper so often, each way in turn."""
    tally, random = Tally(figures={"seed": DRAWN}), Random(DRAWN)
    with set_apart(stage) as apart, tempfile.TemporaryDirectory(prefix="trust-h-", dir="/tmp") as folder:
        past = Past(apart.life, Path(folder))
        assert past.breaches() == [], "the untouched past is not whole"
        while tally.tried < count:
            tamper = WAYS[tally.tried % len(WAYS)]
            session.commit()
            what = tamper(past, random)
            found = past.breaches()
            session.rollback()
            tally.count([] if found else [f"{tamper.__name__} {what}: not found"])
            tally.note(tamper.__name__.partition("_")[0])
            if tamper in IN_FILES:
                past.restore_anchors()
        assert past.breaches() == [], "an attack was not undone"
    return tally


def edit_event(past: Past, random: Random) -> str:
    """Another value in one column of an event."""
    number, seq = _event(past, random)
    column, value = random.choice(
        [
            *(("text", "'改过的话'"), ("data", "'{\"改\": 1}'"), ("at", "at + interval '1 second'")),
            *(("kind", "kind || 'x'"), ("text", "text || ' '"), ("data", "data || '{\"by\": null}'")),
            *(("by_role", "by_role || 'x'"), ("body_digest", "reverse(body_digest)"), ("hash", "reverse(hash)")),
            *(("prev_hash", "reverse(prev_hash) || '0'"), ("salt", "'\\x00112233445566778899aabbccddeeff'")),
        ]
    )
    statement = f"UPDATE events SET {column} = {value} WHERE seq = :s AND {OF_CASE}"
    session.execute(text(statement), {"s": seq, "n": number})
    return f"{number} {seq} {column}"


def edit_what_people_read(past: Past, random: Random) -> str:
    """Other words in the case, whose first event stands."""
    number = random.choice(past.numbers)
    session.execute(text("UPDATE cases SET text = text || '。' WHERE number = :n"), {"n": number})
    return number


def edit_answer(past: Past, random: Random) -> str:
    """Another value in one column of an answer or a rating."""
    table, column, value = random.choice(
        [
            *(("replies", "text", "text || '。'"), ("replies", "measures", "measures || '。'")),
            *(("replies", "owner", "owner || '。'"), ("replies", "outcome", "'D'")),
            *(("replies", "promised_on", "'2027-01-01'"), ("ratings", "text", "text || '。'")),
            *(("ratings", "attitude", "6 - attitude"), ("ratings", "result", "reverse(result)")),
        ]
    )
    id_ = _answer(table, random)
    session.execute(text(f"UPDATE {table} SET {column} = {value} WHERE id = :id"), {"id": id_})
    return f"{table} {id_} {column}"


def edit_two_events(past: Past, random: Random) -> str:
    """The words of two events in each other's place."""
    number = random.choice([each for each in past.numbers if past.length[each] > 1])
    one, two = random.sample(range(1, past.length[number] + 1), 2)
    bodies = "SELECT seq, text, data, salt, body_digest FROM events"
    columns = ", ".join(f"{name} = o.{name}" for name in ("text", "data", "salt", "body_digest"))
    both = f"e.{OF_CASE} AND e.seq + o.seq = :sum AND e.seq IN (:a, :b)"
    session.execute(
        text(f"UPDATE events e SET {columns} FROM ({bodies} WHERE {OF_CASE}) o WHERE {both}"),
        {"n": number, "sum": one + two, "a": one, "b": two},
    )
    return f"{number} {one} {two}"


def delete_event(past: Past, random: Random) -> str:
    """One event gone, wherever it stood."""
    number, seq = _event(past, random)
    session.execute(text(f"DELETE FROM events WHERE seq = :s AND {OF_CASE}"), {"s": seq, "n": number})
    return f"{number} {seq}"


def delete_case(past: Past, random: Random) -> str:
    """A case with all that hangs on it."""
    number = random.choice([past.numbers[0], past.numbers[len(STATES)]])  # told and nothing more: nothing else hangs on
    delete(number)
    return number


def delete_answer(past: Past, random: Random) -> str:
    """An answer or a rating gone, its files left behind."""
    table = random.choice(ANSWERS)
    id_ = _answer(table, random)
    session.execute(text("UPDATE attachments SET reply_id = NULL WHERE reply_id = :id"), {"id": id_})
    session.execute(text(f"DELETE FROM {table} WHERE id = :id"), {"id": id_})
    return f"{table} {id_}"


def add_answer(past: Past, random: Random) -> str:
    """An answer or a rating nobody gave, in the likeness of another."""
    table = random.choice(ANSWERS)
    id_ = _answer(table, random)
    likeness = f"SELECT (jsonb_populate_record(o, :told)).* FROM {table} o WHERE id = :id"
    told = {"id": str(uuid4()), "round": random.randrange(10, 1000)}
    session.execute(text(f"INSERT INTO {table} {likeness}"), {"told": json.dumps(told), "id": id_})
    return f"{table} {id_}"


def delete_acts(past: Past, random: Random) -> str:
    """Some of the audit log, or all of it."""
    seq = random.randrange(1, ACTS + 1)
    which = random.choice(["=", ">="])
    session.execute(text(f"DELETE FROM audit WHERE seq {which} :s"), {"s": seq})
    return f"{which} {seq}"


def truncate_case(past: Past, random: Random) -> str:
    """The end of a history cut, with the case agreeing."""
    number = random.choice([each for each in past.numbers if past.length[each] > 1])
    keep = random.randrange(1, past.length[number])
    cut(number, keep)
    return f"{number} after {keep}"


def truncate_carelessly(past: Past, random: Random) -> str:
    """The end of a history cut, or the case's count of it changed."""
    number, seq = _event(past, random)
    random.choice(
        [
            lambda: session.execute(text(f"DELETE FROM events WHERE seq >= :s AND {OF_CASE}"), {"s": seq, "n": number}),
            lambda: session.execute(text("UPDATE cases SET seq = seq + 1 WHERE number = :n"), {"n": number}),
            lambda: session.execute(text("UPDATE cases SET head = reverse(head) WHERE number = :n"), {"n": number}),
        ]
    )()
    return f"{number} {seq}"


def rewrite_case(past: Past, random: Random) -> str:
    """An event changed, and every digest and hash from there on computed anew."""
    number, seq = _event(past, random)
    words = f"改过的话 {random.random()}"
    write_anew(number, seq, text=words)
    if seq == 1:
        session.execute(text("UPDATE cases SET text = :t WHERE number = :n"), {"t": words, "n": number})
    return f"{number} from {seq}"


def rewrite_acts(past: Past, random: Random) -> str:
    """An entry of the audit log changed, and every hash from there on computed anew."""
    first, previous = random.randrange(1, ACTS + 1), FIRST_PREVIOUS
    session.execute(text("UPDATE audit SET about = 'nothing' WHERE seq = :s"), {"s": first})
    for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.seq)):
        digest = digest_body(entry.salt, audit.body_of(entry))
        named = {"seq": entry.seq, "at": entry.at, "kind": entry.act, "by_role": entry.by_role}
        hash_ = link(previous, number=AUDIT, **named, body_digest=digest)
        told = {"d": digest, "p": previous, "h": hash_, "s": entry.seq}
        session.execute(text("UPDATE audit SET body_digest = :d, prev_hash = :p, hash = :h WHERE seq = :s"), told)
        previous = hash_
    return str(first)


def edit_act(past: Past, random: Random) -> str:
    """Another value in one column of the audit log."""
    column = random.choice(["act", "by_role", "by_name", "about", "region_path", "body_digest", "hash", "prev_hash"])
    seq = random.randrange(1, ACTS + 1)
    session.execute(text(f"UPDATE audit SET {column} = {column} || 'x' WHERE seq = :s"), {"s": seq})
    return f"{seq} {column}"


def edit_anchor(past: Past, random: Random) -> str:
    """A character of an anchor."""
    path = random.choice(sorted(past.folder.iterdir()))
    told = path.read_text()
    places = [place for place, char in enumerate(told) if char.isalnum()]
    place = random.choice(places)
    other = random.choice([each for each in "0123456789abcdef" if each != told[place].lower()])
    path.chmod(0o640)
    path.write_text(told[:place] + other + told[place + 1 :])
    return f"{path.name} at {place} {told[place]!r} to {other!r}"


def delete_anchor(past: Past, random: Random) -> str:
    """An anchor."""
    path = random.choice(sorted(past.folder.iterdir()))
    path.unlink()
    return path.name


def rewrite_anchors(past: Past, random: Random) -> str:
    """A history written anew, and anchors of it signed with a key of one's own, or with ours."""
    what = rewrite_case(past, random)
    days = anchors.days(past.folder)
    shutil.rmtree(past.folder)
    moment = session.scalar(text("SELECT max(at) FROM events"))
    anchors.put_anchor(past.folder, random.choice([SEED, OTHER_SEED]), moment.replace(year=2026, month=12))
    return f"{what} instead of {days}"


WAYS: tuple[Tamper, ...] = (
    edit_event,
    edit_what_people_read,
    edit_answer,
    edit_two_events,
    edit_act,
    edit_anchor,
    delete_event,
    delete_case,
    delete_answer,
    add_answer,
    delete_acts,
    delete_anchor,
    truncate_case,
    truncate_carelessly,
    rewrite_case,
    rewrite_acts,
    rewrite_anchors,
)
IN_FILES = (edit_anchor, delete_anchor, rewrite_anchors)


def _answer(table: str, random: Random) -> object:
    return random.choice(sorted(session.scalars(text(f"SELECT id FROM {table}"))))


def _event(past: Past, random: Random) -> tuple[str, int]:
    number = random.choice(past.numbers)
    return number, random.randrange(1, past.length[number] + 1)
