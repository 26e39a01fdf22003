"""What somebody should look at in the words and files of a matter: rows that wait for a look, and hints for the office.

Nothing is checked before it is taken in, and nothing is refused because of it: our own list of words looks first, in
the same transaction; the platform is asked afterwards by a job (`checking`), and its row waits as long as that takes.
A hint is shown to the office alone (the wall says the same, migration `checks`), names nobody and ends nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select

from liaison import wall
from liaison.db import session, told
from liaison.domain.actors import OFFICE_ROLES, Actor
from liaison.domain.safety import Finding, Hint, Source, Suggest, WordList, worst
from liaison.models.base import fixed, new_id
from liaison.models.cases import Case, Event
from liaison.models.checks import ContentCheck
from liaison.services import recipients
from liaison.services.notices import tell
from liaison.services.reach import cases_within

RULES = "content checks"
"""Under this name the composition root says which words are looked for, and whether a platform is asked."""

PLATFORM = "wechat_checks"
"""The name under which the platform is left alone when it gives way, as channels are."""

WAITING, ASKED, DONE = "waiting", "asked", "done"
FLAGGED = (Suggest.REVIEW, Suggest.RISKY)
TEXT, FILE = "event", "file"
TOPIC = "hint"
FIRST = f"{TEXT}:1"
"""What the first words of a matter are called: those that decide whether it goes on by itself."""


@dataclass(frozen=True)
class Rules:
    """How this installation checks: the words it looks for, and whether it asks the platform as well."""

    words: WordList
    asks: bool = False


@dataclass(frozen=True)
class Told:
    """One hint as the office reads it: about the words or a file (by its position), what, how pressing, who says so."""

    position: int | None
    hint: Hint
    suggest: Suggest
    source: Source
    at: datetime


@dataclass(frozen=True)
class Unchecked:
    """What waits for the platform: how many texts and files, since when, and the newest reason why."""

    count: int
    since: datetime | None
    error: str | None


def put(case: Case, event: Event, pictures: Mapping[int, str], now: datetime, *, known: bool = True) -> Finding:
    """Look at an event's words, and have the platform asked about them and about these new pictures of the case.

    `pictures` are their hashes by position. Where the platform is not `known` to know who tells, it cannot be asked.
    It is given no voice: who may hear one is promised (`voices`), and the platform is not among them. Returns what our
    own words found, which is kept where there is something to look at or to ask about. In what is added later, a hint
    is told to the office at once.
    """
    rules: Rules = told(RULES)
    asks = rules.asks and known
    found = rules.words.check(event.text)
    if not (asks or found.is_flagged):
        return found
    rows = [_row(case, f"{TEXT}:{event.seq}", event.body_digest, found, asks, now)]
    if asks:
        rows += [_row(case, f"{FILE}:{place}", sha256, None, asks, now) for place, sha256 in pictures.items()]
    session.add_all(rows)
    if found.is_flagged and event.seq > 1:
        tell_office(case, rows[0].id, now)
    return found


def asks_platform() -> bool:
    """Whether the platform may have something to say as well."""
    return told(RULES).asks


def tell_office(case: Case, check_id: UUID, now: datetime) -> None:
    """Tell the office of a hint on a matter that it may have let through already."""
    tell(case, TOPIC, recipients.office(case), now, occasion=f"hint:{check_id}")


def is_flagged() -> ColumnElement[bool]:
    """Whether somebody should look at a case."""
    flagged = select(ContentCheck.case_id).where(ContentCheck.suggest.in_(map(fixed, FLAGGED)))
    return Case.id.in_(flagged)


def hints_of(actor: Actor, case_id: UUID) -> list[Told]:
    """The hints on a case within the office's reach, the most pressing first; for anybody else there are none."""
    if actor.role not in OFFICE_ROLES:
        return []
    within = select(Case.id).where(Case.id == case_id, cases_within(actor))
    rows = session.scalars(
        select(ContentCheck)
        .where(ContentCheck.case_id.in_(within), ContentCheck.suggest.in_(FLAGGED))
        .order_by(ContentCheck.suggest.desc(), ContentCheck.created_at, ContentCheck.id)
    )
    return [_told(row) for row in rows]


def check_words(*texts: str) -> Finding:
    """What our own words find in texts that are to be published; the platform is not asked about staff's words."""
    return worst(told(RULES).words.check(text) for text in texts)


def unchecked() -> Unchecked:
    """What waits for the platform, wherever; counts alone, for the operator's board and figures."""
    waiting = ContentCheck.state != DONE
    counted = select(func.count(), func.min(ContentCheck.created_at)).where(waiting)
    newest = select(ContentCheck.error).where(waiting, ContentCheck.error.is_not(None))
    with wall.behind():
        count, since = session.execute(counted).one()
        return Unchecked(count, since, session.scalar(newest.order_by(ContentCheck.next_at.desc()).limit(1)))


def forget(case_id: UUID) -> None:
    """Forget the checks of a case of which something is erased."""
    gone = delete(ContentCheck).where(ContentCheck.case_id == case_id)
    session.execute(gone, execution_options={"synchronize_session": False})


def note(row: ContentCheck, finding: Finding, now: datetime) -> bool:
    """Write down what the platform found, never less than our own words did; whether that is a new hint.

    The row is done; the caller holds it locked.
    """
    before = Finding.read(row.suggest, row.hint)
    after = worst((before, finding))
    if after is not before or not before.is_flagged:
        row.source = Source.PLATFORM
    row.suggest, row.hint = after.suggest, after.hint
    row.state, row.settled_at, row.error = DONE, now, None
    return after.is_flagged and after != before


def _row(case: Case, about: str, digest: str, found: Finding | None, asks: bool, now: datetime) -> ContentCheck:
    looked = {"suggest": found.suggest, "hint": found.hint, "source": Source.WORDS} if found else dict(_UNSEEN)
    ends = {"state": WAITING, "settled_at": None} if asks else {"state": DONE, "settled_at": now}
    named = {"id": new_id(), "case_id": case.id, "about": about, "digest": digest}
    return ContentCheck(**named, **looked, **ends, created_at=now, next_at=now)


_UNSEEN = {"suggest": None, "hint": None, "source": None}


def _told(row: ContentCheck) -> Told:
    kind, _, number = row.about.partition(":")
    position = int(number) if kind == FILE else None
    at = row.settled_at or row.created_at
    return Told(position, Hint(row.hint or Hint.OTHER), Suggest(row.suggest), Source(row.source), at)
