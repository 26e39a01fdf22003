"""One case as one viewer may see it: the trunk, history, answers, clocks, assignments. Read only.

What a viewer may not see is never put in, so that no page, export or error text can show it. That an account is shown
who the resident is, is written down in the audit log: whoever asks for a dossier commits.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from liaison.db import session
from liaison.domain.actors import DEPARTMENT_ROLES, OFFICE_ROLES, Actor, Role
from liaison.domain.calendar import WorkingCalendar, local_day
from liaison.domain.clocks import Light, Term
from liaison.domain.derivation import Step as DueStep
from liaison.domain.derivation import derivation
from liaison.domain.errors import NotFound
from liaison.domain.reminders import Audiences, Step
from liaison.domain.text import mask_personal
from liaison.domain.workflow import ASSIGNMENT, WORKFLOWS
from liaison.models.assignments import Assignment, Extension, Reply
from liaison.models.cases import Attachment, Case, Rating
from liaison.models.clocks import Clock
from liaison.models.matters import Matter, Reveal
from liaison.models.rights import ErasureRequest, Hold
from liaison.services import audit, cases, clocks, ladders, register_names, reveals, vault
from liaison.services.calendars import current_calendar
from liaison.services.departments import retired_departments
from liaison.services.parties import Barred, barred
from liaison.services.reach import cases_within, conflicting
from liaison.services.register_names import Named
from liaison.services.sealing import Keys
from liaison.services.trunks import Past, Trunk, find_trunk, past_of
from liaison.services.voices import audible

CONFLICT_EVENTS = frozenset({"accuse", "suspect", "bar", "lift_bar"})
"""What says whom a case is about: for the office alone."""
REVEAL_EVENTS = frozenset({"ask_reveal", "grant_reveal", "decline_reveal", "end_reveal"})
HIDDEN_FROM_DEPARTMENTS = CONFLICT_EVENTS | REVEAL_EVENTS | {"merged_here"}
STAFF = OFFICE_ROLES | {Role.DEPUTY}
MASKED = DEPARTMENT_ROLES | {Role.LIAISON}
REPEATS_SHOWN = 2


@dataclass(frozen=True)
class Deadline:
    """A clock as the page shows it now; what only some pages show of it is worked out when it is asked for."""

    clock: Clock
    light: Light
    calendar: WorkingCalendar
    audiences: Audiences
    now: datetime

    @property
    def left(self) -> int:
        """The working days after today until it is due, negative for those since."""
        return self.calendar.between(local_day(self.now), local_day(self.clock.due_at))

    @property
    def steps(self) -> Sequence[DueStep]:
        """How its due date came about."""
        term, pauses = Term.parse(self.clock.term), clocks.pauses_of(self.clock)
        return derivation(term, self.clock.started_at, self.calendar, extended=self.clock.extended, pauses=pauses)

    @property
    def ladder(self) -> Sequence[Step]:
        """Its reminders, and when they come."""
        return clocks.ladder_of(self.clock, self.calendar, self.audiences).rungs(REPEATS_SHOWN)


@dataclass(frozen=True)
class Duty:
    """One assignment with its reference, light, extension, and the moves this viewer may make on it."""

    assignment: Assignment
    reference: str
    deadline: Deadline | None
    extension: Extension | None
    moves: Sequence[str]


@dataclass(frozen=True)
class Dossier:
    """Everything of a case that this viewer may see.

    `links` are all events, internal ones among them: for the resident alone, who gets the internal ones as bare links.
    The resident's `place` is asked for by itself, where it is shown. `suggestions` are the departments the rules
    suggested that have not been retired since.
    """

    case: Case
    station: Named | None
    deputy: Named | None
    category: Named | None
    text: str
    phase: str
    waiting_for: str | None
    deadline: Deadline | None
    events: Sequence[Past]
    links: Sequence[Past]
    replies: Sequence[Reply]
    files: Sequence[Attachment]
    ratings: Sequence[Rating]
    duties: Sequence[Duty]
    place: vault.Spot | None
    contact: vault.Contact | None
    matter: Matter | None
    moves: Sequence[str]
    suggestions: Sequence[dict] = field(default=())
    reveals: Sequence[Reveal] = field(default=())
    merged: Sequence[Case] = field(default=())
    merged_into: Case | None = None
    about_person: str = ""
    barred: Sequence[Barred] = field(default=())
    asks_erasure: bool = False
    hold: Hold | None = None

    @property
    def receipt(self) -> Past:
        """The first event, whose hash the resident's receipt holds."""
        return self.events[0]


def get_dossier(actor: Actor, number: str, keys: Keys, now: datetime) -> Dossier:
    """The case within the actor's reach as the actor may see it. Raises NotFound for unknown and forbidden alike.

    In the transaction that moved it, it is not asked for again what was read to move it.
    """
    trunk = cases.find_held(actor, number) or find_trunk(number, cases_within(actor))
    if trunk is None:
        raise NotFound()
    return dossier_of(actor, trunk, keys, now)


def dossier_of(actor: Actor, trunk: Trunk, keys: Keys, now: datetime) -> Dossier:
    """The case of a trunk that was found within the actor's reach, as the actor may see it."""
    case, matter = trunk.case, trunk.matter
    flow = WORKFLOWS[case.kind]
    state = flow.state(case.state)
    lead = _lead(actor, case)
    events = past_of(case.id)
    contact = reveals.find_visible_contact(actor, trunk, keys, now) if matter else None
    dossier = Dossier(
        case=case,
        station=register_names.find_station(case.station_id),
        deputy=register_names.find_deputy(case.deputy_id),
        category=register_names.find_category(case.category_id),
        text=_readable(actor, case.text),
        phase=state.phase,
        waiting_for=state.waits_for,
        deadline=_deadline(case, trunk.clock, now),
        events=_events(actor, events),
        links=events if actor.role is Role.RESIDENT else (),
        replies=_replies(actor, lead or case) if trunk.replies or lead else [],
        files=_files(actor, case.id) if trunk.files else [],
        ratings=_ratings(actor, case) if trunk.ratings else [],
        duties=_duties(actor, case, now) if trunk.assignments and actor.role is not Role.RESIDENT else [],
        place=None if actor.role is Role.RESIDENT else vault.find_place(case.id, keys),
        contact=contact,
        matter=matter,
        moves=flow.moves_for(case.state, actor.role),
        suggestions=_suggestions(matter) if matter and actor.role is not Role.RESIDENT else (),
        reveals=_reveals(actor, case) if trunk.reveals else (),
        merged=_merged(actor, case),
        merged_into=lead,
        asks_erasure=actor.role in OFFICE_ROLES and _asks_erasure(case.id),
        hold=session.get(Hold, case.id) if actor.role in OFFICE_ROLES else None,
        **_complaint(actor, case, matter),
    )
    if contact and actor.account_id:
        _note_reading(actor, dossier, now)
    return dossier


def find_file(actor: Actor, number: str, position: int, *, of_lead: bool = False) -> Attachment:
    """A file of a case this actor may see, or of the answer to the case it was merged into. Raises NotFound.

    A resident gets a department's files with the answer they belong to, not before.
    """
    case = session.scalar(select(Case).where(Case.number == number, cases_within(actor)))
    source = _lead(actor, case) if case and of_lead else case
    if source is None:
        raise NotFound("没有找到这个文件。")
    answered = [file for reply in _replies(actor, source) for file in reply.files]
    for file in answered if of_lead else [*_files(actor, case.id), *answered]:
        if file.position == position:
            return file
    raise NotFound("没有找到这个文件。")


def _complaint(actor: Actor, case: Case, matter: Matter | None) -> dict:
    """Whom the case is about, for the office alone."""
    if actor.role not in OFFICE_ROLES:
        return {}
    return {"about_person": matter.about_person if matter else "", "barred": barred(case)}


def _lead(actor: Actor, case: Case) -> Case | None:
    """The case this one was merged into, unless the actor is in conflict with that one."""
    if case.merged_into_id is None:
        return None
    return session.scalar(select(Case).where(Case.id == case.merged_into_id, Case.id.not_in(conflicting(actor))))


def _note_reading(actor: Actor, dossier: Dossier, now: datetime) -> None:
    case, contact = dossier.case, dossier.contact
    told = [name for name in ("name", "phone") if getattr(contact, name)]
    ground = "consent" if dossier.matter.share_identity else "reveal"
    data = {"told": told, "ground": ground}
    audit.note(actor, audit.READ_CONTACT, now, about=case.number, region_path=case.region_path, data=data)


def _readable(actor: Actor, text: str) -> str:
    """What residents typed, with phone and identity numbers hidden from departments."""
    return mask_personal(text) if actor.role in MASKED else text


def _ratings(actor: Actor, case: Case) -> list[Rating]:
    """The ratings, oldest first; let go of by the session before a word is masked, so that no such word is stored."""
    found = list(session.scalars(select(Rating).where(Rating.case_id == case.id).order_by(Rating.at)))
    if actor.role in MASKED:
        for rating in found:
            session.expunge(rating)
            rating.text = mask_personal(rating.text)
    return found


def _events(actor: Actor, events: Sequence[Past]) -> list[Past]:
    if actor.role in OFFICE_ROLES:
        return list(events)
    if actor.role is Role.DEPUTY:
        return [event for event in events if event.kind not in CONFLICT_EVENTS]
    if actor.role in DEPARTMENT_ROLES:
        events = [event for event in events if event.kind not in HIDDEN_FROM_DEPARTMENTS]
    else:
        events = [event for event in events if not event.internal]
    return [replace(event, text=mask_personal(event.text)) for event in events] if actor.role in MASKED else events


def _replies(actor: Actor, case: Case) -> list[Reply]:
    """The answers, oldest first: signed ones of those who answer for the case, and all of them for staff."""
    rows = (
        select(Reply)
        .outerjoin(Assignment, Assignment.id == Reply.assignment_id)
        .where(Reply.case_id == case.id)
        .order_by(Reply.at, Reply.id)
        .options(selectinload(Reply.files))
    )
    if actor.role in (Role.RESIDENT, Role.LIAISON):
        rows = rows.where(Reply.approved_at.is_not(None), Assignment.part.is_distinct_from("assisting"))
        if case.state in ("assigned", "replied"):  # the deputy looks at this round's answer first
            rows = rows.where(Reply.round < case.round)
    elif actor.role is Role.DEPUTY:
        rows = rows.where(Reply.approved_at.is_not(None))
    return list(session.scalars(rows))


def _files(actor: Actor, case_id: UUID) -> list[Attachment]:
    """The files told with the case, a voice only for those who may hear it."""
    rows = select(Attachment).where(Attachment.case_id == case_id, Attachment.reply_id.is_(None))
    matter = session.get(Matter, case_id)
    shares_identity = matter is not None and matter.share_identity
    return audible(actor, session.scalars(rows.order_by(Attachment.position)).all(), shares_identity=shares_identity)


def _duties(actor: Actor, case: Case, now: datetime) -> list[Duty]:
    rows = session.execute(
        select(Assignment, Clock)
        .outerjoin(Clock, Clock.id == Assignment.clock_id)
        .where(Assignment.case_id == case.id)
        .order_by(Assignment.position)
        .options(joinedload(Assignment.department))
    ).all()
    extensions = select(Extension).where(Extension.assignment_id.in_([row.Assignment.id for row in rows]))
    newest = {each.assignment_id: each for each in session.scalars(extensions.order_by(Extension.asked_at))}
    return [_duty(actor, case, *row, newest.get(row.Assignment.id), now) for row in rows]


def _duty(
    actor: Actor, case: Case, assignment: Assignment, clock: Clock | None, asked: Extension | None, now: datetime
) -> Duty:
    mine = actor.role in OFFICE_ROLES or assignment.department_id == actor.department_id
    moves = ASSIGNMENT.moves_for(assignment.state, actor.role) if mine and assignment.round == case.round else []
    if asked is not None:
        moves = [move for move in moves if move != "request_extension"]
    if asked is None or asked.granted is not None:
        moves = [move for move in moves if move != "decide_extension"]
    if mine and case.state == "tracking" and assignment.part != "assisting" and actor.role in DEPARTMENT_ROLES:
        moves = [*moves, "keep_promise"]
    deadline = _deadline(case, clock, now)
    return Duty(assignment, f"{case.number}.{assignment.position}", deadline, asked, moves)


def _deadline(case: Case, clock: Clock | None, now: datetime) -> Deadline | None:
    if clock is None:
        return None
    audiences = ladders.audiences_for(case.region_path)
    return Deadline(clock, clocks.light_of(clock, now), current_calendar(), audiences, now)


def _suggestions(matter: Matter) -> list[dict]:
    gone = retired_departments()
    return [each for each in matter.routing.get("departments", []) if each["code"] not in gone]


def _reveals(actor: Actor, case: Case) -> list[Reveal]:
    if actor.role not in OFFICE_ROLES:
        return []
    return list(session.scalars(select(Reveal).where(Reveal.case_id == case.id).order_by(Reveal.position)))


def _asks_erasure(case_id: UUID) -> bool:
    waiting = select(ErasureRequest.id).where(ErasureRequest.case_id == case_id, ErasureRequest.granted.is_(None))
    return session.scalar(waiting) is not None


def _merged(actor: Actor, case: Case) -> list[Case]:
    if actor.role not in STAFF or not case.has_merged:
        return []
    known = Case.id.not_in(conflicting(actor))
    return list(session.scalars(select(Case).where(Case.merged_into_id == case.id, known).order_by(Case.number)))
