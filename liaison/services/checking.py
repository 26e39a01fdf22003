"""Ask the platform what it thinks of waiting texts and files, outside any transaction, and write down what it said.

The same steps as in sending (`delivery`): a claim counts the attempt and takes a token and a lease, and only the newest
token may settle, so that a worker that dies in between leaves a row that is asked about again and gets one answer.
While the platform is away, paused, or does not know the resident, our own words have looked, and the matter goes on.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from liaison.clients.letters import Kind, NotSent
from liaison.clients.pushes import Push
from liaison.clients.wechat_checks import LARGEST
from liaison.clients.wechat_checks import ContentCheck as Platform
from liaison.db import session, transaction
from liaison.domain.actors import SYSTEM
from liaison.domain.safety import Finding
from liaison.domain.text import mask_personal
from liaison.models.cases import Attachment, Case, Event
from liaison.models.checks import ContentCheck
from liaison.models.inbound import InboundEvent
from liaison.models.stations import Station
from liaison.services import cases, channels, content_checks, intake, media_links, own_matters, vault
from liaison.services.announcements import announce
from liaison.services.channels import TEMPLATE
from liaison.services.content_checks import ASKED, DONE, FILE, FIRST, PLATFORM, WAITING
from liaison.services.sealing import Keys

BATCH = 20
LEASE = timedelta(seconds=60)  # twelve times what one call may take
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(minutes=10)
WINDOW = timedelta(hours=2)
"""For so long after a visit WeChat lets us ask with the visitor's openid; then it is too late for this row."""

RESULT_WITHIN = timedelta(minutes=40)  # WeChat says 30
PAUSE = timedelta(minutes=1)
UNKNOWN, TOO_LARGE, PAUSED, NO_RESULT = "no openid", "too large", "paused", "no result"


@dataclass(frozen=True)
class Checker:
    """What checking needs: the platform by the channel whose openids it knows, keys, clock, our address for files."""

    platforms: Mapping[str, Platform]
    keys: Callable[[], Keys]
    clock: Callable[[], datetime]
    base_url: str


@dataclass(frozen=True)
class Job:
    """One claimed row: its words without numbers that tell who somebody is, or its file; with whose openid to ask."""

    check_id: UUID
    token: int
    channel: str = ""
    openid: str = field(default="", repr=False)
    text: str = field(default="", repr=False)
    file_id: UUID | None = None
    mime: str = ""
    error: NotSent | None = None


@dataclass(frozen=True)
class Outcome:
    """How asking ended: with a finding, with the name of a result that comes later, or with an error."""

    job: Job
    finding: Finding | None = None
    trace_id: str | None = None
    error: NotSent | None = None


def check(checker: Checker) -> int:
    """Ask about a batch of what waits; returns how many rows that were. Opens its own transactions, as sending does."""
    with transaction():
        jobs = claim(checker.keys(), checker.clock(), list(checker.platforms))
    down: NotSent | None = None
    for job in jobs:
        outcome = Outcome(job, error=job.error or down) if job.error or down else ask(job, checker)
        if outcome.error and outcome.error.kind is not Kind.FINAL:
            down = outcome.error  # who does not answer one is not asked about the others of this batch
        with transaction():
            settle(outcome, checker.clock())
    return len(jobs)


def claim(keys: Keys, now: datetime, known_by: Sequence[str]) -> list[Job]:
    """Claim what is due, the oldest first, and say what to ask about each; `known_by` are the channels of openids."""
    due = (
        select(ContentCheck)
        .where(ContentCheck.state.in_((WAITING, ASKED)), ContentCheck.next_at <= now)
        .order_by(ContentCheck.next_at, ContentCheck.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    rows = session.scalars(due).all()
    openids = _openids({row.case_id for row in rows}, keys) if rows else {}
    is_paused = PLATFORM in channels.paused(now)
    jobs = []
    for row in rows:
        row.token, row.attempts, row.next_at = row.token + 1, row.attempts + 1, now + LEASE
        own = [(each, openids[row.case_id, each]) for each in known_by if (row.case_id, each) in openids]
        if row.state == ASKED and now > row.created_at + WINDOW:
            jobs.append(Job(row.id, row.token, error=NotSent(NO_RESULT, Kind.FINAL)))
        else:
            jobs.append(_job(row, own, is_paused))
    session.flush()
    return jobs


def ask(job: Job, checker: Checker) -> Outcome:
    """Ask the platform about one row; nothing is written."""
    platform = checker.platforms[job.channel]
    try:
        if job.file_id is None:
            return Outcome(job, finding=platform.check_text(job.openid, job.text))
        link = media_links.link_to(checker.base_url, job.file_id, checker.keys(), checker.clock())
        return Outcome(job, trace_id=platform.ask_about(job.openid, link, job.mime))
    except NotSent as error:
        return Outcome(job, error=error)


def settle(outcome: Outcome, now: datetime) -> bool:
    """Write down how asking ended, unless the row was claimed since; the case goes on if it waited for that."""
    row = _lock(ContentCheck.id == outcome.job.check_id, ContentCheck.token == outcome.job.token)
    if row is None or row.state == DONE:
        return False
    if outcome.error:
        _put_off(row, outcome.error, now)
    elif outcome.trace_id:
        row.state, row.trace_id, row.next_at, row.error = ASKED, outcome.trace_id, now + RESULT_WITHIN, None
    else:
        _note(row, outcome.finding, now)
    if row.about == FIRST:
        _go_on(row, now)
    session.flush()
    return True


def note_result(push: Push, event: InboundEvent, keys: Keys) -> bool:
    """Write down the platform's result for a file; False while we know no file it was asked about by that name."""
    row = _lock(ContentCheck.trace_id == push.said["trace_id"])
    if row is None:
        return False
    if row.state == DONE:
        return True
    if error := push.said.get("error"):
        row.state, row.settled_at, row.error = DONE, event.received_at, error
    else:
        _note(row, Finding.read(push.said["suggest"], push.said["hint"]), event.received_at)
    return True


def _job(row: ContentCheck, own: Sequence[tuple[str, str]], is_paused: bool) -> Job:
    kind, _, number = row.about.partition(":")
    if not own:
        return Job(row.id, row.token, error=NotSent(UNKNOWN, Kind.FINAL))
    if is_paused:
        return Job(row.id, row.token, error=NotSent(PAUSED))
    channel, openid = own[0]
    if kind != FILE:
        text = session.scalar(select(Event.text).where(Event.case_id == row.case_id, Event.seq == int(number)))
        return Job(row.id, row.token, channel, openid, text=mask_personal(text or ""))
    file = session.scalar(
        select(Attachment).where(Attachment.case_id == row.case_id, Attachment.position == int(number))
    )
    if file is None or file.size > LARGEST:
        return Job(row.id, row.token, error=NotSent(TOO_LARGE, Kind.FINAL))
    return Job(row.id, row.token, channel, openid, file_id=file.id, mime=file.mime)


def _openids(case_ids: set[UUID], keys: Keys) -> Mapping[tuple[UUID, str], str]:
    """As whom WeChat knows the residents of these cases, by case and by the channel of the account that knows."""
    told = own_matters.openids_of(case_ids, keys)
    return vault.find_addresses(case_ids, keys) | {(case_id, TEMPLATE): openid for case_id, openid in told.items()}


def _lock(*conditions: object) -> ContentCheck | None:
    """The row, locked after its case, as every move locks the case first."""
    case_id = session.scalar(select(ContentCheck.case_id).where(*conditions))
    if case_id is None:
        return None
    cases.lock_by_id(case_id)
    rows = select(ContentCheck).where(*conditions).with_for_update().execution_options(populate_existing=True)
    return session.scalars(rows).one_or_none()


def _put_off(row: ContentCheck, error: NotSent, now: datetime) -> None:
    """Try again later, or leave it at what our own words found when that will not help or is too late."""
    row.error = error.reason
    wait = min(FIRST_WAIT * 2 ** min(row.attempts - 1, 10), LONGEST_WAIT)
    if error.kind is Kind.FINAL or now + wait > row.created_at + WINDOW:
        row.state, row.settled_at = DONE, now
        return
    row.next_at = now + wait
    if error.reason != PAUSED:
        channels.pause(PLATFORM, now + (error.pause or PAUSE), error.reason, now)


def _note(row: ContentCheck, finding: Finding, now: datetime) -> None:
    """Note what was found; what concerns a matter that has gone on, or more than its first words, is told at once."""
    if not content_checks.note(row, finding, now):
        return
    case = session.get_one(Case, row.case_id)
    if row.about != FIRST or case.state != "submitted":
        content_checks.tell_office(case, row.id, now)


def _go_on(row: ContentCheck, now: datetime) -> None:
    """Let a matter go to its deputy that waited for this alone; flagged, it is the office's, which is told."""
    case = session.get_one(Case, row.case_id)
    if case.state != "submitted" or case.state_since != case.created_at:
        return
    if session.scalar(select(Station.screening).where(Station.id == case.station_id)):
        return
    if row.suggest in content_checks.FLAGGED:
        first = session.get_one(Event, (case.id, 1))
        announce(case, first, now)
    else:
        intake.let_through(case, SYSTEM, now)
