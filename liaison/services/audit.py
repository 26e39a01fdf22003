"""The audit log: write down who read personal data, took data out or changed a setting; read it as the auditor.

Its entries are one chain for the whole installation, so writing one waits for whoever else is writing one: write it
down last in a transaction, and never wait for a lock after it.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, tuple_

from liaison.db import session
from liaison.domain import chain
from liaison.domain.actors import Actor
from liaison.domain.anchors import AUDIT, Head, Restore
from liaison.domain.calendar import start_of_day
from liaison.models.audit import AuditEntry
from liaison.models.cases import Case
from liaison.services.reach import conflicting, region_within

KEPT_YEARS = 3
"""For how long entries are kept at least: the Cybersecurity Law asks for six months of logs, the Personal Information
Protection Law (art. 56) for three years of records of how personal information was handled."""

READ_CONTACT, EXPORT, RESTORE = "read.contact", "export.backup", "restore"
ERASE, RETENTION, STATISTICS, FIND = "data.erase", "data.retention", "export.statistics", "read.by_phone"
LIST, SHEET = "export.list", "export.case"
PUBLISH_HINTED = "publish.hinted"
ACTS = (
    READ_CONTACT,
    EXPORT,
    RESTORE,
    ERASE,
    RETENTION,
    STATISTICS,
    FIND,
    LIST,
    SHEET,
    PUBLISH_HINTED,
    "data.hold",
    "data.release",
    "setting.ladder",
    "setting.ladder_reset",
    "setting.terms",
    "setting.rule",
    "setting.rule_switch",
    "setting.calendar",
    "setting.screening",
    "setting.duty",
    "setting.values",
    "board.add",
    "board.revoke",
    "setting.county",
    "register.add",
    "register.change",
    "register.retire",
    "register.restore",
    "import.preview",
    "import.import",
    "import.undo",
    "export.register",
    "account.add",
    "account.disable",
    "account.enable",
    "account.unlock",
    "account.change",
    "account.revoke",
    "account.lock",
    "account.password",
    "account.factor",
    "account.factor_drop",
    "account.codes",
    "account.code_used",
    "account.reach",
    "account.phone",
    "account.userid",
    "binding.ask",
    "binding.confirm",
    "binding.refuse",
    "binding.invite",
    "binding.accept",
    "binding.own",
    "binding.end",
    "session.wecom",
    "recovery.ask",
    "recovery.confirm",
    "recovery.use",
    "conflict.bar",
    "conflict.lift",
    "conflict.leads",
    "channel.resume",
    "clock.confirm",
    "reveal.ask",
    "reveal.grant",
    "reveal.decline",
    "reveal.end",
    "reveal.bypass",
    "key.add",
    "key.rotate",
    "key.retire",
)
"""All there is to be written down."""

_LOCK = int.from_bytes(b"audit", "big")

Cursor = tuple[datetime, UUID]


@dataclass(frozen=True)
class Wanted:
    """What the auditor looks for; empty means any. `until` is the last day, that day included."""

    who: str = ""
    act: str = ""
    about: str = ""
    since: date | None = None
    until: date | None = None


def note(
    actor: Actor, act: str, now: datetime, *, about: str = "", region_path: str = "", data: Mapping | None = None
) -> AuditEntry:
    """Write one act down, in the transaction that does it."""
    session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    last = head()
    entry = AuditEntry(
        seq=last.seq + 1,
        at=now,
        act=act,
        by_role=actor.role,
        by_id=actor.account_id,
        by_name=actor.name,
        about=about,
        region_path=region_path,
        data=dict(data or {}),
        salt=secrets.token_bytes(16),
        prev_hash=last.hash or chain.FIRST_PREVIOUS,
    )
    entry.body_digest = chain.digest_body(entry.salt, body_of(entry))
    entry.hash = chain.link(
        entry.prev_hash,
        number=AUDIT,
        seq=entry.seq,
        at=now,
        kind=act,
        by_role=actor.role,
        body_digest=entry.body_digest,
    )
    session.add(entry)
    session.flush()
    return entry


def head() -> Head:
    """Where the log's chain stands; `seq` 0 before its first entry."""
    last = session.execute(select(AuditEntry.seq, AuditEntry.hash).order_by(AuditEntry.seq.desc()).limit(1)).first()
    return Head(AUDIT, *last) if last else Head(AUDIT, 0, "")


def body_of(entry: AuditEntry) -> dict[str, object]:
    """What of an entry its `body_digest` stands for; takes a row of these columns as well."""
    return {
        "by": str(entry.by_id) if entry.by_id else None,
        "name": entry.by_name,
        "about": entry.about,
        "region": entry.region_path,
        "data": entry.data,
    }


def restores() -> list[Restore]:
    """From which snapshots the database was ever restored, in order."""
    rows = session.execute(
        select(AuditEntry.at, AuditEntry.data).where(AuditEntry.act == RESTORE).order_by(AuditEntry.seq)
    )
    return [Restore(datetime.fromisoformat(row.data["taken_at"]), row.at) for row in rows]


def entries(actor: Actor, wanted: Wanted, *, after: Cursor | None = None, limit: int = 20) -> list[AuditEntry]:
    """What the auditor may see of it, newest first: own region and below, and what concerns the whole installation,
    but nothing about a case they are in conflict with."""
    rows = select(AuditEntry).where(*_conditions(actor, wanted))
    if after:
        rows = rows.where(tuple_(AuditEntry.at, AuditEntry.id) < after)
    return list(session.scalars(rows.order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(limit)))


def _conditions(actor: Actor, wanted: Wanted) -> Sequence[ColumnElement[bool]]:
    about_own = AuditEntry.about.in_(select(Case.number).where(Case.id.in_(conflicting(actor))))
    found = [or_(region_within(actor, AuditEntry.region_path), AuditEntry.region_path == ""), ~about_own]
    if wanted.who:
        found.append(AuditEntry.by_name.contains(wanted.who, autoescape=True))
    if wanted.act:
        found.append(AuditEntry.act == wanted.act)
    if wanted.about:
        found.append(AuditEntry.about == wanted.about)
    if wanted.since:
        found.append(AuditEntry.at >= start_of_day(wanted.since))
    if wanted.until:
        found.append(AuditEntry.at < start_of_day(wanted.until + timedelta(days=1)))
    return found
