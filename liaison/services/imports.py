"""Registers filled from tables: looked over first, imported all or nothing, undone as long as nobody built on it.

Looking over is importing and taking it back, so both find the same. What was found is kept for a day; importing finds
it anew, and refuses when the registers have changed meanwhile so that it is not the same any more.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_, select

from liaison.db import session
from liaison.domain.actors import Actor
from liaison.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from liaison.domain.import_lines import GONE, Fault, Found, Line, compare, repeated
from liaison.domain.policy import require
from liaison.models.base import new_id
from liaison.models.imports import Import, ImportedRow
from liaison.services import audit, import_images, registers
from liaison.services.import_images import Images
from liaison.services.import_kinds import KINDS, Kind
from liaison.services.reach import home_of, region_within

MOST_LINES = 2000
"""Rows of one table: a city's deputies. All of them new take some ten seconds, for which somebody waits."""

WAITS, KEPT = timedelta(hours=24), timedelta(days=30)
"""How long a table that was looked over can be imported: until tomorrow's office hours; and how long it is kept in the
history, with what was wrong with it, when nobody imported it."""

PREVIEW, IMPORT, UNDO, TAKE = "import.preview", "import.import", "import.undo", "export.register"


@dataclass(frozen=True)
class Upload:
    """A table as it was read: its kind, its file, its rows, and the faults found in reading them."""

    kind: str
    file_name: str
    sha256: str
    lines: Sequence[Line]
    faults: Sequence[Fault]


class _Otherwise(Exception):
    """The registers have changed: a table would not do what was shown."""

    def __init__(self, found: Found) -> None:
        super().__init__()
        self.found = found


def preview(actor: Actor, upload: Upload, *, now: datetime) -> Import:
    """Keep a table with what importing it would change and what is wrong with it; the registers stay as they are.

    Raises Invalid for `file` when there is nothing in it or too much, or when it is not the actor's to change.
    """
    require(actor.role, "imports.write")
    if not upload.lines and not upload.faults:
        raise Invalid({"file": ["表里没有要导入的行。示例行不会导入，请在下面填写后再上传。"]})
    if len(upload.lines) > MOST_LINES:
        raise Invalid({"file": [f"超过 {MOST_LINES} 行，请分成几个文件，逐个导入。"]})
    session.execute(delete(Import).where(Import.done_at.is_(None), Import.at <= now - KEPT))
    found = _look_over(actor, KINDS[upload.kind], upload.lines, upload.faults, now)
    row = Import(
        id=new_id(),
        kind=upload.kind,
        region_path=home_of(actor),
        file_name=upload.file_name,
        sha256=upload.sha256,
        lines=[[line.number, dict(line.values)] for line in upload.lines],
        by_id=actor.account_id,
        by_name=actor.name,
        at=now,
        expires_at=now + WAITS,
    )
    _keep(row, found)
    session.add(row)
    session.flush()
    _note(actor, PREVIEW, row, now)
    return row


def confirm(actor: Actor, import_id: UUID, *, now: datetime) -> Import:
    """Import what was looked over, once; whoever asks again is told of the same import.

    When the registers have changed so that it would not change the same any more, nothing is imported and the row says
    what it would change now (`done_at` stays None). Raises NotFound for another's, Conflict for one with faults or one
    that was kept for too long.
    """
    require(actor.role, "imports.write")
    row = _get(actor, Import.by_id == actor.account_id, Import.id == import_id, lock=True)
    if row.done_at is not None:
        return row
    if row.faults:
        raise Conflict("表里还有错误，一行都没有导入。请改好后重新上传。")
    if now >= row.expires_at:
        raise Conflict("核对的结果只保留一天，已经过期。请重新上传。")
    kind, lines = KINDS[row.kind], [Line(number, values) for number, values in row.lines]
    try:
        with session.begin_nested():
            found, before, after = _run(actor, kind, lines, (), now)
            if found.faults or found.changes != row.changes:
                raise _Otherwise(found)
    except _Otherwise as other:
        _keep(row, other.found)
        session.flush()
        return row
    row.done_at, row.lines = now, []
    session.add_all(_of(row, import_images.differences(before, after)))
    session.flush()
    _note(actor, IMPORT, row, now)
    return row


def undo(actor: Actor, import_id: UUID, *, now: datetime) -> Import:
    """Bring everything an import changed back to what it was before it, or nothing.

    Raises NotFound out of reach, Conflict for any but the newest, and when a row was changed or used since, naming it.
    """
    require(actor.role, "imports.write")
    row = _get(actor, _seen(actor), Import.id == import_id, lock=True)
    if row.undone_at is not None:
        return row
    if _newest(actor) != row.id:
        raise Conflict("只能撤销最近一次导入，请刷新后再看。")
    import_images.put_back(_rows_of(row))
    row.undone_at, row.undone_by_name = now, actor.name
    session.flush()
    _note(actor, UNDO, row, now)
    return row


def history(actor: Actor, *, after: UUID | None = None, limit: int = 20) -> list[Import]:
    """The imports within reach and the actor's own tables that were only looked over, newest first."""
    rows = select(Import).where(_seen(actor))
    if after:
        rows = rows.where(Import.id < after)
    return list(session.scalars(rows.order_by(Import.id.desc()).limit(limit)))


def get_import(actor: Actor, import_id: UUID) -> Import:
    """An import within reach, or a table of the actor's own that was looked over. Raises NotFound."""
    return _get(actor, _seen(actor), Import.id == import_id)


def find_obstacle(actor: Actor, row: Import) -> str | None:
    """Why an import cannot be undone now, in words; None when it may be tried."""
    if row.done_at is None or row.undone_at is not None:
        return ""
    if _newest(actor) != row.id:
        return "只能撤销最近一次导入"
    return import_images.find_obstacle(_rows_of(row))


def take_out(actor: Actor, kind: str, *, now: datetime) -> list[dict]:
    """What a register holds now, in codes, for a file in the layout of its table; written down."""
    require(actor.role, "imports.read")
    rows = [dict(row) for row in KINDS[kind].rows(actor).values()]
    audit.note(actor, TAKE, now, region_path=home_of(actor), data={"kind": kind, "rows": len(rows)})
    return rows


def counted(actor: Actor) -> dict[str, int]:
    """How many rows each register holds within reach."""
    return {name: len(kind.rows(actor)) for name, kind in KINDS.items()}


def _look_over(actor: Actor, kind: Kind, lines: Sequence[Line], faults: Sequence[Fault], now: datetime) -> Found:
    attempt = session.begin_nested()
    try:
        return _run(actor, kind, lines, faults, now)[0]
    except NotAllowed as error:
        raise Invalid({"file": [error.detail]}) from None
    finally:
        attempt.rollback()


def _run(
    actor: Actor, kind: Kind, lines: Sequence[Line], faults: Sequence[Fault], now: datetime
) -> tuple[Found, Images, Images]:
    """Write every line that is right; what that changes, and the rows concerned before and after."""
    codes = {str(line.values.get(kind.key[0], "")) for line in lines}
    registers.take_turn()
    pictures = import_images.take(kind.concerned(sorted(codes)))
    before, retired = kind.rows(actor), kind.retired(actor)
    wrong = [*faults, *repeated(lines, kind.key), *(fault for line in lines for fault in _out_of_use(line, retired))]
    places = {(fault.line, fault.field) for fault in wrong}
    at_fault = {fault.line for fault in wrong}
    keys, refused = kind.put(actor, [line for line in lines if line.number not in at_fault], before, now)
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


def _out_of_use(line: Line, retired: set) -> Sequence[Fault]:
    if (line.values.get("code", ""),) not in retired:
        return ()
    return (Fault(line.number, "code", "这个代号已经停用。要再用它，请先在页面上恢复；不是同一个的，请换一个代号。"),)


def _keep(row: Import, found: Found) -> None:
    row.changes, row.faults, row.counts = found.changes, found.told_faults, found.counts


def _of(row: Import, made: Sequence[ImportedRow]) -> Sequence[ImportedRow]:
    for each in made:
        each.import_id = row.id
    return made


def _rows_of(row: Import) -> list[ImportedRow]:
    return list(session.scalars(select(ImportedRow).where(ImportedRow.import_id == row.id)))


def _newest(actor: Actor) -> UUID | None:
    within = (region_within(actor, Import.region_path), Import.done_at.is_not(None), Import.undone_at.is_(None))
    return session.scalar(select(Import.id).where(*within).order_by(Import.done_at.desc(), Import.id.desc()).limit(1))


def _seen(actor: Actor) -> ColumnElement[bool]:
    own = Import.by_id == actor.account_id
    return region_within(actor, Import.region_path) & or_(own, Import.done_at.is_not(None))


def _get(actor: Actor, *wanted: ColumnElement[bool], lock: bool = False) -> Import:
    rows = select(Import).where(region_within(actor, Import.region_path), *wanted)
    if lock:
        rows = rows.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(rows)
    if found is None:
        raise NotFound("没有找到这次导入，可能已经过期，请重新上传。")
    return found


def _note(actor: Actor, act: str, row: Import, now: datetime) -> None:
    told = {"kind": row.kind, "file": row.file_name, "sha256": row.sha256, **row.counts}
    audit.note(actor, act, now, region_path=row.region_path, data=told | {"import": str(row.id)})
