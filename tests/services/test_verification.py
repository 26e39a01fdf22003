"""Whatever an administrator does to a history, triggers off and every hash computed anew, is found and named."""

import base64
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from liaison.db import session
from liaison.domain import chain
from liaison.domain.actors import Actor, Role
from liaison.domain.anchors import AUDIT, Tree
from liaison.domain.chain import Breach
from liaison.services import anchors, audit, matters, verification
from liaison.services.anchors import Anchor
from liaison.services.verification import Finding
from tests.support.life import Life

SEED, OTHER_SEED = b"a" * 32, b"b" * 32
KEY = anchors.public_key(SEED)
OF_CASE = "case_id = (SELECT id FROM cases WHERE number = :n)"


class Archive:
    """The anchors of the test's installation, a day between one and the next."""

    def __init__(self, life: Life, folder: Path) -> None:
        self.life, self.folder = life, folder

    def next_day(self, seed: bytes = SEED) -> Anchor:
        """Let midnight pass and write the day's anchor."""
        self.life.clock.advance(days=1)
        made = anchors.put_anchor(self.folder, seed, self.life.clock())
        assert made is not None
        return made

    def findings(self, copies: Path | None = None, *keys: str) -> list[Finding]:
        """What verifying finds."""
        session.expire_all()
        ours, _ = anchors.read_folder(self.folder)
        others, _ = anchors.read_folder(copies) if copies else ([], [])
        return list(verification.findings(ours, others, {KEY, *keys}))


@pytest.fixture
def archive(life: Life, tmp_path: Path) -> Iterator[Archive]:
    """Anchors in a folder of their own, and a database whose triggers are off, as an administrator would have them."""
    for table, trigger in (("events", "keep_events"), ("audit", "keep_audit")):
        session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}"))
    yield Archive(life, tmp_path / "anchors")


@pytest.fixture
def number(archive: Archive) -> str:
    """A matter with some history that two anchors have seen grow, among others."""
    found = archive.life.matter_in("with_deputy")
    archive.life.matter_in("assigned")
    archive.next_day()
    archive.life.act("deputy", matters.hand_over, found, "情况属实。", ["housing"])
    archive.next_day()
    assert archive.findings() == []
    return found


def write_anew(number: str, first: int, **changes: str) -> None:
    """Change the event at a place and compute its digest and every hash from there on, and the case's head."""
    case_id = session.scalar(text("SELECT id FROM cases WHERE number = :n"), {"n": number})
    history = text("SELECT * FROM events WHERE case_id = :c ORDER BY seq")
    rows = session.execute(history, {"c": case_id}).mappings().all()
    prev_hash = chain.FIRST_PREVIOUS
    for row in rows:
        new = dict(row) | (changes if row["seq"] == first else {})
        digest = chain.digest_body(bytes(new["salt"]), {"text": new["text"], "data": new["data"]})
        named = {name: new[name] for name in ("seq", "at", "kind", "by_role")}
        hash_ = chain.link(prev_hash, number=number, **named, body_digest=digest)
        session.execute(
            text(
                "UPDATE events SET text = :text, body_digest = :digest, prev_hash = :prev, hash = :hash"
                " WHERE case_id = :c AND seq = :seq"
            ),
            {"text": new["text"], "digest": digest, "prev": prev_hash, "hash": hash_, "c": case_id, "seq": row["seq"]},
        )
        prev_hash = hash_
    session.execute(text("UPDATE cases SET head = :h WHERE id = :c"), {"h": prev_hash, "c": case_id})


def cut(number: str, keep: int) -> None:
    """Delete the events after a place and have the case say that there never were more."""
    told = {"n": number, "k": keep}
    session.execute(text(f"DELETE FROM events WHERE {OF_CASE} AND seq > :k"), told)
    head = f"SELECT hash FROM events WHERE {OF_CASE} AND seq = :k"
    session.execute(text(f"UPDATE cases SET seq = :k, head = ({head}) WHERE number = :n"), told)


def delete(number: str) -> None:
    """Delete a case with all that hangs on it."""
    one = {"n": number}
    for table in ("agreements", "content_checks", "notices", "clocks", "events", "matters"):
        session.execute(text(f"DELETE FROM {table} WHERE {OF_CASE}"), one)
    session.execute(text("DELETE FROM cases WHERE number = :n"), one)


def test_an_edit_is_found(archive: Archive, number: str) -> None:
    session.execute(text(f"UPDATE events SET text = '改过的话' WHERE seq = 2 AND {OF_CASE}"), {"n": number})
    assert archive.findings() == [Finding(number, Breach.ALTERED, 2)]


def test_an_edit_of_what_people_read_is_found_although_the_event_stands(archive: Archive, number: str) -> None:
    session.execute(text("UPDATE cases SET text = '改过的话' WHERE number = :n"), {"n": number})
    assert archive.findings() == [Finding(number, Breach.ALTERED, 1)]


def test_a_deleted_case_is_found(archive: Archive, number: str) -> None:
    last = archive.life.case(number).seq
    delete(number)
    assert archive.findings() == [Finding(number, Breach.DELETED, last, archive.life.today)]


def test_a_cut_end_is_found_although_the_case_agrees(archive: Archive, number: str) -> None:
    last = archive.life.case(number).seq
    cut(number, 2)
    assert archive.findings() == [Finding(number, Breach.MISSING, last, archive.life.today)]


def test_a_history_written_anew_is_found_although_every_hash_fits(archive: Archive, number: str) -> None:
    seen = archive.life.case(number).seq - 1
    write_anew(number, 2, text="改过的话")
    found = archive.findings()
    assert [each.breach for each in found] == [Breach.REWRITTEN]
    assert (found[0].chain, found[0].seq) == (number, seen)  # as the first anchor has seen it
    assert list(verification.findings()) == []  # without an anchor nothing shows: every hash fits


def test_a_case_that_lost_all_its_events_is_found(archive: Archive, number: str) -> None:
    session.execute(text(f"DELETE FROM events WHERE {OF_CASE}"), {"n": number})
    session.execute(text("UPDATE cases SET seq = 0, head = '' WHERE number = :n"), {"n": number})
    assert archive.findings() == [Finding(number, Breach.MISSING, 1)]


def test_data_that_never_had_a_canonical_form_is_an_edit_and_no_crash(archive: Archive, number: str) -> None:
    session.execute(text("UPDATE events SET data = '{\"a\": 1.5}' WHERE seq = 1"))
    assert (number, Breach.ALTERED, 1) in [(each.chain, each.breach, each.seq) for each in archive.findings()]


def test_what_was_anchored_after_the_deletion_still_names_what_is_gone(archive: Archive, number: str) -> None:
    delete(number)
    gone = archive.next_day()
    assert [head.number for head in gone.heads() if head.seq == 0] == [number]
    assert [(each.chain, each.breach) for each in archive.findings()] == [(number, Breach.DELETED)]


def test_the_audit_log_is_held_like_a_case(archive: Archive) -> None:
    who = Actor(Role.SYSTEM, "root")
    for place in range(3):
        audit.note(who, "clock.confirm", archive.life.clock(), about=str(place))
    archive.next_day()
    assert archive.findings() == []
    session.execute(text("DELETE FROM audit WHERE seq = 3"))
    assert archive.findings() == [Finding(AUDIT, Breach.MISSING, 3, archive.life.today)]
    session.execute(text("UPDATE audit SET by_name = 'somebody else' WHERE seq = 2"))
    assert archive.findings() == [Finding(AUDIT, Breach.ALTERED, 2)]
    session.execute(text("DELETE FROM audit"))
    assert archive.findings() == [Finding(AUDIT, Breach.MISSING, 3, archive.life.today)]


def test_what_a_restore_has_lost_is_told_but_is_no_fault(archive: Archive, number: str) -> None:
    life = archive.life
    snapshot = life.clock()
    at_snapshot = life.case(number).seq
    cut(number, at_snapshot - 1)  # so that the snapshot is older than its last event
    lost = life.matter_in("submitted")
    archive.next_day()
    delete(lost)
    life.clock.advance(hours=1)
    audit.note(Actor(Role.SYSTEM, "root"), audit.RESTORE, life.clock(), data={"taken_at": chain.moment(snapshot)})
    found = archive.findings()
    assert [(each.chain, each.breach) for each in found if each.is_undone] == [(lost, Breach.DELETED)]
    faults = [(each.chain, each.breach) for each in found if not each.is_undone]
    assert faults == [(number, Breach.MISSING)]  # an anchor before the snapshot has seen it: no restore explains that
    assert archive.next_day().statement.restores == tuple(audit.restores())


TAMPERED: dict[str, tuple[Callable[[dict], object], Breach]] = {
    "another count": (lambda told: told["statement"].update(cases=7), Breach.FORGED),
    "a head less": (lambda told: told["heads"].pop(), Breach.ALTERED),
    "another head": (lambda told: told["heads"][0].__setitem__(1, 9), Breach.ALTERED),
    "no signature": (lambda told: told.update(signature=""), Breach.FORGED),
}


@pytest.mark.parametrize("how", TAMPERED)
def test_an_anchor_that_was_changed_is_found(archive: Archive, number: str, how: str) -> None:
    change, breach = TAMPERED[how]
    path = sorted(archive.folder.iterdir())[0]
    told = json.loads(path.read_text())
    change(told)
    first, *rest = (json.dumps(each, separators=(",", ":")) for each in told.pop("heads"))
    path.chmod(0o640)
    path.write_text(json.dumps(told | {"heads": []})[:-2] + "\n" + ",\n".join([first, *rest]) + "]}\n")
    assert (f"anchor {path.stem}", breach) in [(each.chain, each.breach) for each in archive.findings()]


def test_a_file_that_is_no_anchor_is_named_and_the_next_goes_on_without_it(archive: Archive, number: str) -> None:
    path = sorted(archive.folder.iterdir())[-1]
    path.chmod(0o640)
    path.write_text("{}")
    assert [path.name in fault for fault in anchors.read_folder(archive.folder)[1]] == [True]
    archive.next_day()
    assert [each.breach for each in archive.findings()] == []


def test_an_anchor_that_was_removed_is_missed_by_the_next(archive: Archive, number: str) -> None:
    first, second = sorted(archive.folder.iterdir())
    first.unlink()
    assert (f"anchor {second.stem}", Breach.WRONG_PREVIOUS) in [(e.chain, e.breach) for e in archive.findings()]


def test_one_who_rewrites_the_anchors_as_well_is_found_by_a_copy_kept_elsewhere(
    archive: Archive, number: str, tmp_path: Path
) -> None:
    copies = tmp_path / "elsewhere"
    shutil.copytree(archive.folder, copies)
    write_anew(number, 2, text="改过的话")
    shutil.rmtree(archive.folder)
    archive.next_day()
    assert archive.findings() == []
    found = {(each.chain, each.breach) for each in archive.findings(copies)}
    removed = {(f"anchor {path.stem}", Breach.DELETED) for path in copies.iterdir()}
    assert found == removed | {(number, Breach.REWRITTEN)}


def test_a_copy_that_says_otherwise_is_found(archive: Archive, number: str, tmp_path: Path) -> None:
    copies = tmp_path / "elsewhere"
    shutil.copytree(archive.folder, copies)
    day = sorted(archive.folder.iterdir())[-1]
    day.unlink()
    archive.life.matter_in("submitted")
    anchors.put_anchor(archive.folder, SEED, archive.life.clock())
    assert (f"anchor {day.stem}", Breach.REWRITTEN) in [(e.chain, e.breach) for e in archive.findings(copies)]


def test_one_who_has_the_key_and_leaves_a_deletion_out_of_the_anchor_is_found_by_its_root(
    archive: Archive, number: str
) -> None:
    delete(number)
    made = archive.next_day()
    told = json.loads(made.path.read_text())
    heads = [head for head in told["heads"] if head[1]]
    statement = replace(made.statement, changed=len(heads), changed_root=Tree().root)
    signature = Ed25519PrivateKey.from_private_bytes(SEED).sign(statement.message)
    told |= {"statement": statement.plain(), "signature": base64.b64encode(signature).decode(), "heads": heads}
    assert heads == []
    made.path.chmod(0o640)
    made.path.write_text(json.dumps(told) + "\n")
    assert Finding(f"anchor {made.day}", Breach.ALTERED) in archive.findings()


def test_a_planted_anchor_of_a_day_to_come_stops_nothing_and_is_not_believed(archive: Archive, number: str) -> None:
    other = archive.folder.with_name("other")
    archive.life.clock.advance(days=400)
    planted = anchors.put_anchor(other, OTHER_SEED, archive.life.clock())
    shutil.copy(planted.path, archive.folder)
    archive.life.clock.advance(days=-400)
    archive.life.act("office", matters.accept, archive.life.matter_in("submitted"))
    made = archive.next_day()
    assert made.statement.changed == 1
    assert Finding(f"anchor {planted.day}", Breach.FORGED) in archive.findings()
    assert Finding(f"anchor {made.day}", Breach.WRONG_PREVIOUS) not in archive.findings()


def test_only_our_own_key_and_those_named_are_believed(archive: Archive, number: str) -> None:
    made = archive.next_day(OTHER_SEED)
    assert made.is_signed_by([anchors.public_key(OTHER_SEED)]) and not made.is_signed_by([KEY])
    assert (f"anchor {made.day}", Breach.FORGED) in [(each.chain, each.breach) for each in archive.findings()]
    assert archive.findings(None, anchors.public_key(OTHER_SEED)) == []
    broken = replace(made, signature=base64.b64encode(bytes(64)).decode())
    assert not broken.is_signed_by([made.key]) and not replace(made, key="?").is_signed_by(["?"])


def test_a_day_has_one_anchor_that_is_never_overwritten(archive: Archive, number: str) -> None:
    path = sorted(archive.folder.iterdir())[-1]
    before = path.read_bytes()
    archive.life.matter_in("submitted")
    assert anchors.put_anchor(archive.folder, SEED, archive.life.clock()) is None
    assert anchors.put_anchor(archive.folder, SEED, archive.life.clock.advance(days=-9)) is None
    assert path.read_bytes() == before and path.stat().st_mode & 0o222 == 0
    assert [each.name for each in archive.folder.iterdir() if each.suffix != ".json"] == []


def test_an_empty_installation_has_an_anchor_too(archive: Archive) -> None:
    made = archive.next_day()
    assert (made.statement.cases, made.statement.changed, list(made.heads())) == (0, 0, [])
    assert json.loads(made.path.read_text())["heads"] == [] and archive.findings() == []
