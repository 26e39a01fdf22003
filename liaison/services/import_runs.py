"""One import at work: looked over, by doing it and taking it back, or brought in, all of it or nothing."""

import json
from collections.abc import Sequence
from datetime import datetime

from liaison.db import session
from liaison.domain.actors import Actor
from liaison.domain.import_lines import GONE, SAME, Fault, Found, Key, Line, compare, repeated
from liaison.models.imports import Import, ImportedRow
from liaison.services import audit, import_images, registers
from liaison.services.import_images import Images
from liaison.services.import_kinds import KINDS, Kind, Tell

PREVIEW, IMPORT, UNDO = "import.preview", "import.import", "import.undo"
NOTHING = {"new": 0, "changed": 0, GONE: 0, SAME: 0, "wrong": 0}


class _Otherwise(Exception):
    """The registers have changed: a table would not do what was shown."""

    def __init__(self, found: Found) -> None:
        super().__init__()
        self.found = found


def look_over(actor: Actor, row: Import, now: datetime, tell: Tell) -> None:
    """Write down what importing a table would change and what is wrong with it; the registers stay as they are."""
    lines, faults = _told(row)
    attempt = session.begin_nested()
    try:
        found, *_ = _run(actor, KINDS[row.kind], lines, faults, now, tell)
    finally:
        attempt.rollback()
    _keep(row, found)
    session.flush()
    note(actor, PREVIEW, row, now)


def bring_in(actor: Actor, row: Import, now: datetime, tell: Tell) -> None:
    """Import what was looked over. When it would not change the same any more, nothing is, and the row says what would
    change now."""
    lines, _ = _told(row)
    try:
        with session.begin_nested():
            found, before, after = _run(actor, KINDS[row.kind], lines, (), now, tell)
            if found.faults or found.changes != row.changes:
                raise _Otherwise(found)
    except _Otherwise as other:
        _keep(row, other.found)
        session.flush()
        return
    row.done_at, row.lines = now, []
    session.add_all(_of(row, import_images.differences(before, after)))
    session.flush()
    note(actor, IMPORT, row, now)


def note(actor: Actor, act: str, row: Import, now: datetime) -> None:
    """Write an act down, with the numbers and the file it came from."""
    told = {"kind": row.kind, "file": row.file_name, "sha256": row.sha256, **row.counts}
    audit.note(actor, act, now, region_path=row.region_path, data=told | {"import": str(row.id)})


def _told(row: Import) -> tuple[list[Line], list[Fault]]:
    return [Line(number, values) for number, values in row.lines], [Fault(*each) for each in row.faults]


def _run(
    actor: Actor, kind: Kind, lines: Sequence[Line], faults: Sequence[Fault], now: datetime, tell: Tell
) -> tuple[Found, Images, Images]:
    """Write every line that is right; what that changes, and the rows concerned before and after."""
    codes = {str(line.values.get(kind.key[0], "")) for line in lines}
    registers.take_turn()
    pictures = import_images.take(kind.concerned(sorted(codes)))
    before, retired = kind.rows(actor), kind.retired(actor)
    wrong = [*faults, *repeated(lines, kind.key), *(fault for line in lines for fault in _out_of_use(line, retired))]
    places = {(fault.line, fault.field) for fault in wrong}
    at_fault = {fault.line for fault in wrong}
    keys, refused = kind.put(actor, [line for line in lines if line.number not in at_fault], before, now, tell)
    more = [fault for line in lines if line.number in at_fault for fault in kind.check(actor, line)]
    refused += [fault for fault in more if (fault.line, fault.field) not in places]
    after = kind.rows(actor)
    codes |= {key[0] for key in keys.values()}
    concerned = {key: row for key, row in before.items() if key[0] in codes}
    changes, counts = compare(lines, keys, concerned, after)
    wrong = sorted({*wrong, *refused}, key=lambda fault: (fault.line, fault.field))
    if wrong:  # whoever is missing from a roster may only be missing because the row is wrong
        changes = [change for change in changes if change["what"] != GONE]
    counts |= {GONE: sum(change["what"] == GONE for change in changes), "wrong": len({each.line for each in wrong})}
    found = Found(json.loads(json.dumps(changes)), wrong, counts)
    return found, pictures, import_images.take(kind.concerned(sorted(codes)))


def _out_of_use(line: Line, retired: set[Key]) -> Sequence[Fault]:
    if (line.values.get("code", ""),) not in retired:
        return ()
    return (Fault(line.number, "code", "这个代号已经停用。要再用它，请先在页面上恢复；不是同一个的，请换一个代号。"),)


def _keep(row: Import, found: Found) -> None:
    row.changes, row.faults, row.counts = found.changes, found.told_faults, found.counts


def _of(row: Import, made: Sequence[ImportedRow]) -> Sequence[ImportedRow]:
    for each in made:
        each.import_id = row.id
    return made
