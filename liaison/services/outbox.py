"""The outbox as a screen: what was sent or not, who looks after what failed, and what people decide about it.

It shows numbers of cases and names of accounts, never a word of a matter or a resident.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, update
from sqlalchemy.orm import joinedload

from liaison import wall
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
from liaison.services.claims import BUNDLE
from liaison.services.reach import conflicting, region_within
from liaison.services.restoring import IN_DOUBT

DEAD = "dead"
UNDELIVERED = "undelivered"
"""What was sent, but did not arrive as far as the provider knows."""

STATES = (DEAD, IN_DOUBT, UNDELIVERED, "due", "leased", "sent", "bundled", "cancelled")
NOBODY = "nobody"
DECIDED = {"take": DEAD, "send_again": DEAD, "release": IN_DOUBT, "cancel": IN_DOUBT}
"""What a person may decide, and about notices of which state."""
MOST_AT_ONCE = 1000  # one click decides about so many at most; the page offers the rest
SHOWN_ERRORS = 20
ABSENT = "没有找到这条通知。"
GONE = "这条通知已不在这一状态，可能已由他人处理，请看最新情况。"

Cursor = tuple[datetime, UUID]

_DID_NOT_ARRIVE = and_(Notice.state == "sent", Notice.undelivered.is_not(None))
_STANDS = case((_DID_NOT_ARRIVE, UNDELIVERED), else_=Notice.state)


@dataclass(frozen=True)
class Filter:
    """What a list of notices is narrowed by; empty means any. `owner` may be NOBODY."""

    state: str = ""
    channel: str = ""
    error: str = ""
    owner: str = ""

    def conditions(self) -> list[ColumnElement[bool]]:
        """As conditions on notices."""
        state = "sent" if self.state == UNDELIVERED else self.state
        wanted = {Notice.state: state, Notice.channel: self.channel, Notice.error: self.error}
        found = [column == value for column, value in wanted.items() if value]
        if state == "sent":
            found.append(Notice.undelivered.is_not(None) if self.state == UNDELIVERED else Notice.undelivered.is_(None))
        return [*found, Notice.owner_id.is_(None)] if self.owner == NOBODY else found


@dataclass(frozen=True)
class Line:
    """One notice as the screen shows it: its case's number, the account it is for, its owner, what people did.

    `carried` is how many notices went into it, when it is a bundle.
    """

    notice: Notice
    number: str | None
    recipient: str | None
    owner: str | None
    acts: Sequence[NoticeAct] = field(default=())
    carried: int = 0

    @property
    def cursor(self) -> Cursor:
        """Where the next page begins."""
        return self.notice.created_at, self.notice.id


def lines(actor: Actor, wanted: Filter, *, after: Cursor | None, limit: int, owned: bool = False) -> list[Line]:
    """The notices within reach, newest first: their ids grow with time.

    Of the dead ones those without an owner come before all others; `owned` says that `after` had one.
    """
    conditions, order = wanted.conditions(), [Notice.id.desc()]
    is_owned = Notice.owner_id.is_not(None)
    if wanted.state == DEAD:
        order.insert(0, is_owned)
    if after:
        older = Notice.id < after[1]
        conditions.append(older if wanted.state != DEAD else and_(is_owned, older) if owned else or_(is_owned, older))
    return _lines(actor, conditions, order, limit)


def get_line(actor: Actor, notice_id: UUID) -> Line:
    """One notice within reach. Raises NotFound."""
    found = _lines(actor, [Notice.id == notice_id], [Notice.id], 1)
    if not found:
        raise NotFound(ABSENT)
    return found[0]


def carried_by(actor: Actor, bundle_id: UUID) -> list[Line]:
    """The notices within reach that went into a bundle, newest first."""
    return _lines(actor, [Notice.bundle_id == bundle_id], [Notice.id.desc()], MOST_AT_ONCE)


def counts(actor: Actor, wanted: Filter) -> dict[str, int]:
    """How many notices stand in each state under the filter's channel and error."""
    narrowed = Filter(channel=wanted.channel, error=wanted.error).conditions()
    rows = _within(actor, select(_STANDS, func.count())).where(*narrowed).group_by(_STANDS)
    found = dict(session.execute(rows).all())
    return {state: found.get(state, 0) for state in STATES}


def choices(actor: Actor, wanted: Filter) -> tuple[list[str], list[str]]:
    """The channels in use and the commonest errors of the shown state, to narrow the list by."""
    of_state = Filter(state=wanted.state).conditions()
    used = _within(actor, select(Notice.channel).distinct()).where(*of_state).order_by(Notice.channel)
    errors = (
        _within(actor, select(Notice.error))
        .where(Notice.error.is_not(None), *of_state)
        .group_by(Notice.error)
        .order_by(func.count().desc(), Notice.error)
        .limit(SHOWN_ERRORS)
    )
    return list(session.scalars(used)), list(session.scalars(errors))


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
        raise NotFound(ABSENT)
    if notice.state != DECIDED[act]:
        raise WrongState(GONE, state=notice.state)
    _carry_out(actor, act, [notice], now)


def decide_all(actor: Actor, act: str, wanted: Filter, *, until: datetime, now: datetime) -> int:
    """Make one decision about all notices of a filter that were so already at `until`; returns how many."""
    narrowed = replace(wanted, state=DECIDED[act]).conditions()
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


def _lines(actor: Actor, conditions: Sequence[ColumnElement], order: Sequence[ColumnElement], limit: int) -> list[Line]:
    owner = Account.__table__.alias("owners")
    rows = (
        _within(actor, select(Notice, Case.number, Account.name, owner.c.name.label("owner")))
        .outerjoin(owner, owner.c.id == Notice.owner_id)
        .where(*conditions)
        .order_by(*order)
        .limit(limit)
    )
    found = session.execute(rows).all()
    ids = [row.Notice.id for row in found]
    acts, carried = _acts(ids), _carried(row.Notice.id for row in found if row.Notice.topic == BUNDLE)
    return [
        Line(row.Notice, row.number, row.name, row.owner, acts.get(row.Notice.id, ()), carried.get(row.Notice.id, 0))
        for row in found
    ]


def _carried(bundles: Iterable[UUID]) -> dict[UUID, int]:
    ids = list(bundles)
    rows = select(Notice.bundle_id, func.count()).where(Notice.bundle_id.in_(ids)).group_by(Notice.bundle_id)
    return dict(map(tuple, session.execute(rows))) if ids else {}


def _acts(ids: Sequence[UUID]) -> dict[UUID, list[NoticeAct]]:
    rows = select(NoticeAct).where(NoticeAct.notice_id.in_(ids)).order_by(NoticeAct.at, NoticeAct.id)
    found: dict[UUID, list[NoticeAct]] = {}
    for act in session.scalars(rows.options(joinedload(NoticeAct.by))):
        found.setdefault(act.notice_id, []).append(act)
    return found


def _within(actor: Actor, rows: Select) -> Select:
    """The notices of the actor's region: by their case, unless in conflict, and what is about none by whom it is for.

    A resident is known by the own case, so that a bundle for one lies where that case does. Of a case nothing is shown
    but its number, to administrators as well, who see no case: the condition here stands in the wall's place.
    """
    wall.pass_through()
    case_within = and_(region_within(actor, Case.region_path), Case.id.not_in(conflicting(actor)))
    account_within = region_within(actor, Region.path)
    return (
        rows.select_from(Notice)
        .outerjoin(Case, Case.id == func.coalesce(Notice.case_id, Notice.recipient_id))
        .outerjoin(Account, Account.id == Notice.recipient_id)
        .outerjoin(Region, Region.id == Account.region_id)
        .where(or_(case_within, and_(Notice.case_id.is_(None), account_within)))
    )
