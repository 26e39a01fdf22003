"""Registers filled from tables: looked over first, imported all or nothing, undone as long as nobody built on it.

Looking over is importing and taking it back, so both find the same. What was found is kept for a day; importing finds
it anew, and refuses when the registers have changed meanwhile so that it is not the same any more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, or_, select, update

from liaison.db import session
from liaison.domain.actors import Actor, Role
from liaison.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from liaison.domain.import_lines import Fault, Line
from liaison.domain.policy import require
from liaison.models.base import new_id
from liaison.models.imports import Import, ImportedRow
from liaison.services import audit, import_images, import_runs, register_categories, sign_in
from liaison.services.import_kinds import KINDS, Tell
from liaison.services.reach import home_of, region_within

MOST_LINES = 2000
"""Rows of one table: a city's deputies. All of them new take some ten seconds, for which somebody waits."""

WAITS, KEPT = timedelta(hours=24), timedelta(days=30)
"""How long a table that was looked over can be imported: until tomorrow's office hours; and how long it is kept in the
history, with what was wrong with it, when nobody imported it."""

AT_ONCE = 300
"""Rows that are worked on while the page waits, two seconds at most; more are left to a job, and the page tells how far
it is."""

MOST_TRIES = 3
"""How often a job begins an import whose process died; beyond it the table itself must be what kills it."""

CHECK, IMPORT = "check", "import"
"""What a table waits for."""

TAKE = "export.register"


@dataclass(frozen=True)
class Upload:
    """A table as it was read: its kind, its file, its rows, and the faults found in reading them."""

    kind: str
    file_name: str
    sha256: str
    lines: Sequence[Line]
    faults: Sequence[Fault]


def preview(actor: Actor, upload: Upload, *, now: datetime) -> Import:
    """Keep a table with what importing it would change and what is wrong with it; the registers stay as they are.

    A long one is only kept, and looked over by a job (`carry_out`). Raises Invalid for `file` when there is nothing in
    it or too much, or when it is not the actor's to change.
    """
    require(actor.role, "imports.write")
    if not upload.lines and not upload.faults:
        raise Invalid({"file": ["表里没有要导入的行。示例行不会导入，请在下面填写后再上传。"]})
    if len(upload.lines) > MOST_LINES:
        raise Invalid({"file": [f"超过 {MOST_LINES} 行，请分成几个文件，逐个导入。"]})
    if upload.kind == register_categories.CATEGORIES.name and not register_categories.may_change(actor):
        raise Invalid({"file": [register_categories.SHARED]})  # once, not for every row
    session.execute(delete(Import).where(Import.done_at.is_(None), Import.at <= now - KEPT))
    row = _row(actor, upload, now)
    session.add(row)
    session.flush()
    if len(row.lines) > AT_ONCE:
        row.stage = CHECK
        session.flush()
        return row
    import_runs.look_over(actor, row, now, _tell_nobody)
    return row


def confirm(actor: Actor, import_id: UUID, *, now: datetime) -> Import:
    """Import what was looked over, once; whoever asks again is told of the same import. A long one waits for the job.

    When the registers have changed so that it would not change the same any more, nothing is imported and the row says
    what it would change now (`done_at` stays None). Raises NotFound for another's, Conflict for one with faults or one
    that was kept for too long.
    """
    require(actor.role, "imports.write")
    row = _get(actor, Import.by_id == actor.account_id, Import.id == import_id, lock=True)
    if row.done_at is not None or row.stage:
        return row
    if row.faults:
        raise Conflict("表里还有错误，一行都没有导入。请改好后重新上传。")
    if now >= row.expires_at:
        raise Conflict("核对的结果只保留一天，已经过期。请重新上传。")
    if len(row.lines) > AT_ONCE:
        row.stage, row.tries, row.progress = IMPORT, 0, 0
        session.flush()
    else:
        import_runs.bring_in(actor, row, now, _tell_nobody)
    return row


def next_waiting() -> UUID | None:
    """The table that has waited longest for the job, counted as tried once more; given up when it was too often.

    None when nothing waits, and while another process, or what is left of a dead one in the database, is at it.
    """
    waiting = select(Import).where(Import.stage != "").order_by(Import.at, Import.id).limit(1)
    while row := session.scalar(waiting.with_for_update(skip_locked=True).execution_options(populate_existing=True)):
        if not _is_free(row.id):
            return None
        if row.tries < MOST_TRIES:
            row.tries += 1
            session.flush()
            return row.id
        _give_up(
            row, "没有做完，系统试了几次都中断了，一行都没有导入。请把表格分小一些重新上传；还不行，请联系运维人员。"
        )
    return None


def carry_out(import_id: UUID, now: datetime, tell: Tell) -> None:
    """Do what a table waits for, as whoever uploaded it; nothing when it is done or another process is at it.

    The row itself is written at the end alone, so that `note_progress` can tell meanwhile how far it is.
    """
    row = session.get_one(Import, import_id, populate_existing=True) if _is_free(import_id) else None
    if row is None or not row.stage:
        return
    account = sign_in.get_account(row.by_id)
    actor, work = sign_in.actor_of(account), import_runs.look_over if row.stage == CHECK else import_runs.bring_in
    try:
        require(actor.role if account.active else Role.ANYONE, "imports.write")
        work(actor, row, now, tell)
    except NotAllowed:
        _give_up(row, "上传的人已经没有权限，一行都没有导入。")
    row.tries, row.stage = row.tries if row.stage == IMPORT else 0, ""
    session.flush()


def note_progress(import_id: UUID, lines: int) -> None:
    """Write down how many lines of an import are done, for the page that waits for it."""
    session.execute(update(Import).where(Import.id == import_id).values(progress=lines))


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
    import_runs.note(actor, import_runs.UNDO, row, now)
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


def _row(actor: Actor, upload: Upload, now: datetime) -> Import:
    return Import(
        id=new_id(),
        kind=upload.kind,
        region_path=home_of(actor),
        file_name=upload.file_name,
        sha256=upload.sha256,
        lines=[[line.number, dict(line.values)] for line in upload.lines],
        changes=[],
        faults=[[each.line, each.field, each.words] for each in upload.faults],
        counts=dict(import_runs.NOTHING),
        by_id=actor.account_id,
        by_name=actor.name,
        at=now,
        expires_at=now + WAITS,
        stage="",
        tries=0,
        progress=0,
    )


def _is_free(import_id: UUID) -> bool:
    """Take an import for this transaction, unless another has it."""
    return session.scalar(select(func.pg_try_advisory_xact_lock(import_id.int >> 65)))


def _give_up(row: Import, words: str) -> None:
    row.stage, row.changes, row.faults = "", [], [[0, "", words]]
    row.counts = import_runs.NOTHING | {"wrong": 1}
    session.flush()


def _tell_nobody(lines: int) -> None:
    """Nobody waits for a short one long enough to be told."""


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
