"""Claim notices for sending and write down how it ended (TRUST, the algorithm, steps 3 and 5).

A claim counts the attempt, takes a new token and a lease, and looks again whether anybody still wants the notice;
only the holder of the newest token may settle. What fails for good, too often or for a long while goes on by the next
channel of its route; with none left it is dead, and a person's.
"""

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Row,
    Text,
    Uuid,
    and_,
    any_,
    column,
    func,
    literal,
    or_,
    select,
    update,
)

from liaison.clients.letters import Kind, NotSent
from liaison.db import session, told
from liaison.domain.actors import Role
from liaison.domain.calendar import office_moment
from liaison.models.cases import Case
from liaison.models.clocks import Clock
from liaison.models.notices import Notice
from liaison.services import channels, recipients, vault
from liaison.services.calendars import current_calendar
from liaison.services.channels import ADDRESSED, QUOTA_PAUSE, SUBSCRIBE
from liaison.services.recipients import Recipient
from liaison.services.sealing import Keys

BUNDLE = "bundle"
TEMPLATES = "templates"  # under this name the composition root says which template needs consent
MAX_ATTEMPTS = 180  # by one channel; with the backoff below, about four hours of trying before a person is asked
GO_ON_AFTER = 6  # attempts by a channel that does not answer, about five minutes, when there is another one to try
LEASE = timedelta(seconds=45)  # three times the slowest channel: connecting, sending, waiting, 5 s each
FIRST_BACKOFF = 10.0
NO_PAUSE = timedelta(0)
LONGEST_BACKOFF = 80.0  # with its spread and a tick, nobody waits over two minutes once a channel is well again
_RUNS = and_(Clock.stopped_at.is_(None), Clock.paused_at.is_(None))
_ASKED = (
    *(Notice.id, Notice.case_id, Notice.clock_id, Notice.generation, Notice.topic),
    *(Notice.recipient_role, Notice.recipient_id, Notice.channel, Notice.route, Notice.token, Notice.attempts),
    Notice.error,
)
"""What is asked of a notice that goes out as it is."""
NO_ADDRESS, NO_CONSENT = "no address", "no consent left"


@dataclass(frozen=True)
class Message:
    """A claimed notice: to whom, on what topic, by which channel, under which client message id; no content.

    `count` is of how many notices a bundle tells; `number` is its case's, if it is about one.
    """

    notice_id: UUID
    token: int
    attempts: int
    channel: str
    topic: str
    recipient_role: str
    recipient_id: UUID
    number: str | None
    count: int
    address: str = field(repr=False)
    client_message_id: str


@dataclass(frozen=True)
class Outcome:
    """How sending a message ended: with the provider's id of it, or with an error."""

    message: Message
    provider_id: str | None = None
    error: NotSent | None = None


@dataclass(frozen=True)
class _Facts:
    """What a batch of claims must know, read at once."""

    running: set[tuple[UUID, int]]
    entitled: set[tuple[UUID, UUID | None]]
    numbers: Mapping[UUID, str]
    counts: Mapping[UUID, int]
    addresses: Mapping[tuple[UUID, str], str]
    paused: Mapping[str, datetime]


def claim(ids: Sequence[UUID], keys: Keys, now: datetime) -> list[Message]:
    """Lease those of the notices that may be sent now; the others are taken, ended, put off or wanted no more."""
    due = (_is_one_of(ids), Notice.state.in_(("due", "leased")), Notice.next_at <= now)
    rows = select(*_ASKED).where(*due).order_by(Notice.next_at).with_for_update(skip_locked=True)
    found = session.execute(rows).all()
    if not found:
        return []
    facts, ready, others = _facts(found, keys, now), [], []
    for row in found:
        (ready if _may_go(row, facts, now) else others).append(row)
    _lease([row.id for row in ready], now)
    messages = [_message(row, row.token + 1, row.attempts + 1, facts) for row in ready]
    return messages + _claim_apart([row.id for row in others], facts, now)


def settle(outcomes: Iterable[Outcome], now: datetime) -> int:
    """Write how sending ended, for those whose lease was not lost to another; returns how many went out."""
    settled, gone = 0, []
    for outcome in outcomes:
        if outcome.error is None:
            gone.append(outcome)
        else:
            _settle_error(outcome.message, outcome.error, now)
    if gone:
        settled = _settle_sent(gone, now)
    return settled


def backoff(attempts: int) -> timedelta:
    """How long to wait after so many attempts: doubling from ten seconds to eighty, spread by ±25 %."""
    seconds = min(FIRST_BACKOFF * 2 ** (attempts - 1), LONGEST_BACKOFF)
    return timedelta(seconds=seconds * random.uniform(0.75, 1.25))


def is_courtesy(notice: Notice | Row) -> bool:
    """Whether it is better not said at all than said twice: a reminder to the resident, who owes nobody anything."""
    return notice.recipient_role == Role.RESIDENT and notice.topic.startswith("reminder.")


def _is_one_of(ids: Sequence[UUID]) -> ColumnElement[bool]:
    """One parameter however many they are, so that the statement stays the same and is planned once."""
    return Notice.id == any_(literal(ids, ARRAY(Uuid)))


def _may_go(notice: Row, facts: _Facts, now: datetime) -> bool:
    """Whether the notice goes out as it is, like nearly all; takes WeChat's consent when it does."""
    if not _is_wanted(notice, facts) or _is_said(notice):
        return False
    return _hindrance(notice, facts, now) is None


def _is_said(notice: Notice | Row) -> bool:
    """Whether it may have gone out already, and had better not go out twice."""
    return bool(notice.attempts) and is_courtesy(notice)


def _lease(ids: Sequence[UUID], now: datetime) -> None:
    """Lease the notices, which are locked, by one statement: as rows of the session each would be one of its own."""
    counted = {"token": Notice.token + 1, "attempts": Notice.attempts + 1}
    leased = update(Notice).where(_is_one_of(ids)).values(state="leased", next_at=now + LEASE, rung_at=None, **counted)
    if ids:
        session.execute(leased, execution_options={"synchronize_session": False})


def _claim_apart(ids: Sequence[UUID], facts: _Facts, now: datetime) -> list[Message]:
    """End, put off or lease by another channel those that cannot go out as they are."""
    if not ids:
        return []
    rows = select(Notice).where(_is_one_of(ids)).order_by(Notice.next_at)
    found = session.scalars(rows.execution_options(populate_existing=True)).all()
    messages = [message for notice in found if (message := _claim(notice, facts, now))]
    session.flush()
    return messages


def _claim(notice: Notice, facts: _Facts, now: datetime) -> Message | None:
    """One notice as a message to send, by the first channel it can go by; None when it has ended or must wait."""
    if not _is_wanted(notice, facts):
        return _end(notice, "cancelled", now)
    if _is_said(notice):
        return _end(notice, "cancelled", now, "perhaps sent")
    while (hindrance := _hindrance(notice, facts, now)) is not None:
        if _go_on(notice, hindrance):
            if channels.is_limited(notice.channel):
                return _put_off(notice, now)  # ringing gives it its turn there
        elif notice.channel in facts.paused:
            return _put_off(notice, facts.paused[notice.channel])
        else:
            return _end(notice, "dead", now, hindrance)
    notice.state, notice.token, notice.attempts = "leased", notice.token + 1, notice.attempts + 1
    notice.next_at, notice.rung_at = now + LEASE, None
    return _message(notice, notice.token, notice.attempts, facts)


def _message(notice: Notice | Row, token: int, attempts: int, facts: _Facts) -> Message:
    return Message(
        notice.id,
        token,
        attempts,
        notice.channel,
        notice.topic,
        notice.recipient_role,
        notice.recipient_id,
        facts.numbers.get(_case_of(notice)),
        facts.counts.get(notice.id, 1),
        facts.addresses.get((notice.recipient_id, notice.channel), ""),
        notice.id.hex,
    )


def _is_wanted(notice: Notice | Row, facts: _Facts) -> bool:
    """Whether its clock still runs as it did when the notice was put, and its recipient may still know of the case."""
    if notice.topic == BUNDLE and notice.id not in facts.counts:
        return False
    runs = notice.clock_id is None or (notice.clock_id, notice.generation) in facts.running
    return runs and (notice.recipient_id, notice.case_id) in facts.entitled


def _hindrance(notice: Notice | Row, facts: _Facts, now: datetime) -> str | None:
    """Why the notice cannot go by its present channel, or None when it can; takes WeChat's consent when it can."""
    if notice.attempts >= MAX_ATTEMPTS:
        return notice.error or "too many attempts"
    if notice.channel in facts.paused:
        return "channel paused"
    if notice.channel in ADDRESSED and (notice.recipient_id, notice.channel) not in facts.addresses:
        return NO_ADDRESS
    if notice.channel == SUBSCRIBE and not channels.take_consent(notice.recipient_id, told(TEMPLATES)[SUBSCRIBE], now):
        return NO_CONSENT
    return None


def _go_on(notice: Notice, error: str) -> bool:
    """Put the notice on the next channel of its route; False when there is none."""
    if not notice.route:
        return False
    notice.passed = [*notice.passed, [notice.channel, error]]
    notice.channel, notice.route = notice.route[0], notice.route[1:]
    notice.attempts, notice.error = 0, None
    return True


def _put_off(notice: Notice, at: datetime) -> None:
    """Let a notice wait until a moment, or for the office to open after it unless it is urgent."""
    notice.state, notice.rung_at = "due", None
    notice.next_at = at if notice.urgent else office_moment(at, current_calendar())


def _settle_sent(outcomes: Sequence[Outcome], now: datetime) -> int:
    ids = literal([each.message.notice_id for each in outcomes], ARRAY(Uuid))
    tokens = literal([each.message.token for each in outcomes], ARRAY(Integer))
    provider_ids = literal([each.provider_id for each in outcomes], ARRAY(Text))
    columns = column("id", Uuid), column("token", Integer), column("provider_id", Text)
    kept = func.unnest(ids, tokens, provider_ids).table_valued(*columns, name="kept").render_derived()
    mine = (Notice.id == kept.c.id, Notice.token == kept.c.token, Notice.state == "leased")
    sent = {"state": "sent", "settled_at": now, "error": None, "provider_id": kept.c.provider_id}
    done = update(Notice).where(*mine).values(sent).execution_options(synchronize_session=False)
    return session.execute(done).rowcount


def _settle_error(message: Message, error: NotSent, now: datetime) -> None:
    mine = (Notice.id == message.notice_id, Notice.token == message.token, Notice.state == "leased")
    rows = select(Notice).where(*mine).with_for_update().execution_options(populate_existing=True)
    notice = session.scalar(rows)
    if notice is None:
        return
    notice.error = error.reason
    if notice.channel == SUBSCRIBE:
        _correct_consent(notice, error, now)
    if error.kind is Kind.QUOTA:
        channels.pause(notice.channel, now + (error.pause or QUOTA_PAUSE), error.reason, now)
    if is_courtesy(notice):
        _end(notice, "cancelled", now, error.reason)
    elif error.kind is Kind.RETRY and notice.attempts < (GO_ON_AFTER if notice.route else MAX_ATTEMPTS):
        _put_off(notice, now + max(backoff(notice.attempts), error.pause or NO_PAUSE))
    elif _go_on(notice, error.reason):
        _put_off(notice, now)
    elif error.kind is Kind.QUOTA:
        _put_off(notice, channels.paused(now).get(notice.channel, now + QUOTA_PAUSE))
    else:
        _end(notice, "dead", now, error.reason)
    session.flush()


def _correct_consent(notice: Notice, error: NotSent, now: datetime) -> None:
    """Give back the consent of a message that did not go out; when WeChat says there is none, our count was wrong.

    A field, a page or a template that WeChat refuses for good uses up no consent there, and so none here.
    """
    template = told(TEMPLATES)[SUBSCRIBE]
    if error.no_consent:
        channels.drop_consents(notice.recipient_id, template, now)
    else:
        channels.grant_consent(notice.recipient_id, template, 1, now)


def _end(notice: Notice, state: str, now: datetime, error: str | None = None) -> None:
    notice.state, notice.settled_at, notice.error = state, now, error or notice.error


def _facts(found: Sequence[Row], keys: Keys, now: datetime) -> _Facts:
    people = [(Recipient(Role(each.recipient_role), each.recipient_id), each.case_id) for each in found]
    cases = {_case_of(each) for each in found} - {None}
    addressed = {each.recipient_id for each in found if {each.channel, *each.route} & set(ADDRESSED)}
    numbers = session.execute(select(Case.id, Case.number).where(Case.id.in_(cases))) if cases else ()
    return _Facts(
        running=_running({each.clock_id for each in found} - {None}),
        entitled=recipients.entitled(people),
        numbers=dict(map(tuple, numbers)),
        counts=_counts([each.id for each in found if each.topic == BUNDLE]),
        addresses=vault.find_addresses(addressed, keys) if addressed else {},
        paused=channels.paused(now),
    )


def _case_of(notice: Notice | Row) -> UUID | None:
    """The case a message leads to: for a resident the own one, also when it was merged or several are told at once."""
    return notice.recipient_id if notice.recipient_role == Role.RESIDENT else notice.case_id


def _running(clocks: set[UUID]) -> set[tuple[UUID, int]]:
    """Those of the clocks that run, each with its generation, since one computed anew is another."""
    running = select(Clock.id, Clock.generation).where(Clock.id.in_(clocks), _RUNS)
    return set(map(tuple, session.execute(running))) if clocks else set()


def _counts(bundles: Sequence[UUID]) -> dict[UUID, int]:
    """Of how many notices that are still wanted, and that its recipient may know of, each bundle tells, if of any."""
    if not bundles:
        return {}
    runs = or_(Notice.clock_id.is_(None), and_(_RUNS, Clock.generation == Notice.generation))
    told = (
        select(Notice.bundle_id, Notice.recipient_role, Notice.recipient_id, Notice.case_id)
        .outerjoin(Clock, Clock.id == Notice.clock_id)
        .where(Notice.bundle_id.in_(bundles), runs)
    )
    rows = session.execute(told).all()
    entitled = recipients.entitled((Recipient(Role(row.recipient_role), row.recipient_id), row.case_id) for row in rows)
    return Counter(row.bundle_id for row in rows if (row.recipient_id, row.case_id) in entitled)
