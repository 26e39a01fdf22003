"""The outbox as a screen: what was sent or not, who looks after what failed, and what people decide about it.

It shows numbers of cases and names of accounts, never a word of a matter or a resident.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, update
from sqlalchemy.orm import joinedload

from liaison.db import session, wake_after_commit
from liaison.domain.actors import Actor
from liaison.domain.calendar import office_moment
from liaison.domain.errors import NotFound, WrongState
from liaison.models.base import new_id
from liaison.models.cases import Case
from liaison.models.notices import Notice, NoticeAct
from liaison.models.people import Account
from liaison.models.regions import Region
from liaison.services import restoring
from liaison.services.calendars import current_calendar
from liaison.services.restoring import IN_DOUBT

DEAD = "dead"
STATES = (DEAD, IN_DOUBT, "due", "leased", "sent", "bundled", "cancelled")
DECIDED = {"take": DEAD, "send_again": DEAD, "release": IN_DOUBT, "cancel": IN_DOUBT}
"""What a person may decide, and about notices of which state."""
MOST_AT_ONCE = 1000  # one click decides about so many at most; the page offers the rest
SHOWN_ERRORS = 20
GONE = "这条通知已不在这一状态，可能已由他人处理，请看最新情况。"

Cursor = tuple[datetime, UUID]


@dataclass(frozen=True)
class Filter:
    """What a list of notices is narrowed by; empty means any."""

    state: str = ""
    channel: str = ""
    error: str = ""

    def conditions(self) -> list[ColumnElement[bool]]:
        """As conditions on notices."""
        wanted = {Notice.state: self.state, Notice.channel: self.channel, Notice.error: self.error}
        return [column == value for column, value in wanted.items() if value]


@dataclass(frozen=True)
class Line:
    """One notice as the screen shows it: its case's number, the account it is for, its owner, what people did."""

    notice: Notice
    number: str | None
    recipient: str | None
    owner: str | None
    acts: Sequence[NoticeAct] = field(default=())

    @property
    def cursor(self) -> Cursor:
        """Where the next page begins."""
        return self.notice.created_at, self.notice.id


def lines(actor: Actor, wanted: Filter, *, after: Cursor | None, limit: int) -> list[Line]:
    """The notices within reach, newest first: their ids grow with time."""
    owner = Account.__table__.alias("owners")
    rows = (
        _within(actor, select(Notice, Case.number, Account.name, owner.c.name.label("owner")))
        .outerjoin(owner, owner.c.id == Notice.owner_id)
        .where(*wanted.conditions())
        .order_by(Notice.id.desc())
        .limit(limit)
    )
    if after:
        rows = rows.where(Notice.id < after[1])
    found = session.execute(rows).all()
    acts = _acts([row.Notice.id for row in found])
    return [Line(row.Notice, row.number, row.name, row.owner, acts.get(row.Notice.id, ())) for row in found]


def counts(actor: Actor, wanted: Filter) -> dict[str, int]:
    """How many notices stand in each state under the filter's channel and error."""
    narrowed = Filter(channel=wanted.channel, error=wanted.error).conditions()
    rows = _within(actor, select(Notice.state, func.count())).where(*narrowed).group_by(Notice.state)
    found = dict(session.execute(rows).all())
    return {state: found.get(state, 0) for state in STATES}


def choices(actor: Actor, wanted: Filter) -> tuple[list[str], list[str]]:
    """The channels in use and the commonest errors of the shown state, to narrow the list by."""
    of_state = Filter(state=wanted.state).conditions()
    channels = _within(actor, select(Notice.channel).distinct()).where(*of_state).order_by(Notice.channel)
    errors = (
        _within(actor, select(Notice.error))
        .where(Notice.error.is_not(None), *of_state)
        .group_by(Notice.error)
        .order_by(func.count().desc(), Notice.error)
        .limit(SHOWN_ERRORS)
    )
    return list(session.scalars(channels)), list(session.scalars(errors))


def count(actor: Actor, wanted: Filter) -> int:
    """How many notices within reach the filter holds."""
    return session.scalar(_within(actor, select(func.count(Notice.id))).where(*wanted.conditions()))


def decide(actor: Actor, act: str, notice_id: UUID, *, now: datetime) -> None:
    """Make one decision of `DECIDED` about one notice, and keep who made it.

    Raises NotFound out of reach, WrongState when the notice is no longer in the state it is about.
    """
    rows = _within(actor, select(Notice)).where(Notice.id == notice_id).with_for_update(of=Notice)
    notice = session.scalar(rows.execution_options(populate_existing=True))
    if notice is None:
        raise NotFound("没有找到这条通知。")
    if notice.state != DECIDED[act]:
        raise WrongState(GONE, state=notice.state)
    _carry_out(actor, act, [notice], now)


def decide_all(actor: Actor, act: str, wanted: Filter, *, until: datetime, now: datetime) -> int:
    """Make one decision about all notices of a filter that were so already at `until`; returns how many."""
    narrowed = Filter(DECIDED[act], wanted.channel, wanted.error).conditions()
    rows = _within(actor, select(Notice)).where(func.coalesce(Notice.settled_at, Notice.created_at) <= until, *narrowed)
    found = session.scalars(
        rows.order_by(Notice.id).limit(MOST_AT_ONCE).with_for_update(of=Notice, skip_locked=True)
    ).all()
    _carry_out(actor, act, found, now)
    return len(found)


def _carry_out(actor: Actor, act: str, notices: Sequence[Notice], now: datetime) -> None:
    ids = [notice.id for notice in notices]
    match act:
        case "take":
            session.execute(update(Notice).where(Notice.id.in_(ids)).values(owner_id=actor.account_id))
        case "send_again":
            _revive(actor, notices, now)
        case "release":
            restoring.release(now, ids=ids)
        case "cancel":
            restoring.cancel(now, ids=ids)
    acts = [NoticeAct(id=new_id(), notice_id=id_, act=act, by_id=actor.account_id, at=now) for id_ in ids]
    session.add_all(acts)
    session.flush()


def _revive(actor: Actor, notices: Sequence[Notice], now: datetime) -> None:
    """Due again with its whole route and all attempts before it; the token stays, so that an old holder cannot settle.

    Unless urgent it waits for office hours. Claiming looks again whether anybody still needs it.
    """
    later = office_moment(now, current_calendar())
    for notice in notices:
        notice.channel, *notice.route = [*(channel for channel, _ in notice.passed), notice.channel, *notice.route]
        notice.passed, notice.state, notice.attempts, notice.settled_at = [], "due", 0, None
        notice.owner_id = notice.owner_id or actor.account_id
        notice.due_at = notice.next_at = now if notice.urgent else later
        notice.rung_at = None
    wake_after_commit()


def _acts(ids: Sequence[UUID]) -> dict[UUID, list[NoticeAct]]:
    rows = select(NoticeAct).where(NoticeAct.notice_id.in_(ids)).order_by(NoticeAct.at, NoticeAct.id)
    found: dict[UUID, list[NoticeAct]] = {}
    for act in session.scalars(rows.options(joinedload(NoticeAct.by))):
        found.setdefault(act.notice_id, []).append(act)
    return found


def _within(actor: Actor, rows: Select) -> Select:
    """The notices of the actor's region: by their case, and digests by the account they are for."""
    case_within = Case.region_path.startswith(actor.region_path, autoescape=True)
    account_within = Region.path.startswith(actor.region_path, autoescape=True)
    return (
        rows.select_from(Notice)
        .outerjoin(Case, Case.id == Notice.case_id)
        .outerjoin(Account, Account.id == Notice.recipient_id)
        .outerjoin(Region, Region.id == Account.region_id)
        .where(or_(case_within, and_(Notice.case_id.is_(None), account_within)))
    )
