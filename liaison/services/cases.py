"""The engine: lock a case, make a move by its table, add the event to its chain, keep its clocks in step.

Every kind of case goes through here; nothing here knows one kind from another.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from liaison.db import once, session
from liaison.domain import chain, numbers
from liaison.domain.actors import Actor
from liaison.domain.calendar import local_day
from liaison.domain.clocks import Term
from liaison.domain.errors import NotFound, WrongState
from liaison.domain.workflow import WORKFLOWS, State
from liaison.models.cases import Case, Event
from liaison.models.clocks import Clock
from liaison.services import clocks, recipients
from liaison.services.trunks import Trunk, lock_trunk
from liaison.writing import written

OF_A_MOVE = frozenset({"cases", "matters", "events", "clocks", "notices", "replies"})
"""The tables after whose rows a trunk can be told how it is now."""


class _Held(NamedTuple):
    """A trunk as somebody's lock has read it."""

    actor: Actor
    trunk: Trunk


def lock_case(actor: Actor, number: str) -> Case:
    """The case within the actor's reach, locked until the transaction ends; from here on the engine works on it.

    Its matter and its clock are read with it. Raises NotFound for an unknown number and for one out of reach alike.
    """
    found = lock_trunk(actor, number)
    if found is None:
        raise NotFound()
    case = found.trunk.case
    once(f"trunk of {number}", lambda: _Held(actor, found.trunk))
    if not found.barred:
        recipients.nobody_barred(case)
    return case


def find_held(actor: Actor, number: str) -> Trunk | None:
    """The trunk that this actor's lock has read, if it still holds: nothing was written that might be in it.

    The case and its matter are rows of the session, and so are always as they are now.
    """
    held = once(f"trunk of {number}", lambda: None)
    if held is None or held.actor != actor or written() - OF_A_MOVE:
        return None
    clock, replies = current_clock(held.trunk.case), held.trunk.replies or "replies" in written()
    return held.trunk._replace(clock=clock, replies=replies)


def check_unmoved(actor: Actor, number: str, seen: int) -> None:
    """Raise WrongState when the case has left the state it was in at its event number `seen`.

    For forms: many moves are open in several states, but who opened a form meant the state it showed.
    """
    case = lock_case(actor, number)
    then = session.scalar(select(Event.state).where(Event.case_id == case.id, Event.seq == seen))
    if then is not None and then != case.state:
        waits_for = WORKFLOWS[case.kind].state(case.state).waits_for
        raise WrongState("这件事项刚刚有了新的进展，请看过以后再操作。", state=case.state, waiting_for=waits_for)


def lock_by_id(case_id: UUID) -> Case:
    """The case of that id, locked; for the system's own moves."""
    return session.execute(
        select(Case).where(Case.id == case_id).with_for_update(of=Case).execution_options(populate_existing=True)
    ).scalar_one()


def move(
    case: Case,
    code: str,
    actor: Actor,
    now: datetime,
    *,
    text: str = "",
    data: Mapping | None = None,
    internal: bool = False,
    term: Term | None = None,
) -> Event:
    """Make a move the table allows, and write it down.

    `term` replaces the term of the clock the new state starts. Raises NotAllowed or WrongState.
    """
    flow = WORKFLOWS[case.kind]
    step = flow.check(case.state, code, actor.role)
    target = flow.target(case.state, step, case.came_from)
    if step.target or step.back:
        _leave(case, flow.state(target), now)
        _enter(case, flow.state(target), now, term=term, back=step.back)
    return record(case, code, actor, now, text=text, data=data, internal=internal)


def record(
    case: Case,
    kind: str,
    actor: Actor,
    now: datetime,
    *,
    text: str = "",
    data: Mapping | None = None,
    internal: bool = False,
) -> Event:
    """Add one event to the case's chain; `internal` ones are not shown to the resident."""
    salt = secrets.token_bytes(16)
    body = {"text": text, "data": dict(data or {})}
    digest = chain.digest_body(salt, body)
    prev_hash = case.head or chain.FIRST_PREVIOUS
    seq = case.seq + 1
    hash_ = chain.link(
        prev_hash, number=case.number, seq=seq, at=now, kind=kind, by_role=actor.role, body_digest=digest
    )
    event = Event(
        case_id=case.id,
        seq=seq,
        at=now,
        kind=kind,
        by_role=actor.role,
        by_id=actor.account_id,
        by_name=actor.name,
        state=case.state,
        internal=internal,
        text=text,
        data=body["data"],
        salt=salt,
        body_digest=digest,
        prev_hash=prev_hash,
        hash=hash_,
    )
    case.seq, case.head = seq, hash_
    session.add(event)
    return event


def open_case(kind: str, now: datetime, *, id: UUID, place: int, **columns: object) -> Case:
    """Make a new case of this kind in its first state, numbered; whoever leaves it there has it wait (`wait`).

    `place` is the next of `case_numbers`: gaps are allowed, repeats are not. `columns` are the trunk's own: title,
    text, region, station, deputy, category.
    """
    case = Case(
        id=id,
        kind=kind,
        number=numbers.make_number(kind, local_day(now).year, place),
        state=WORKFLOWS[kind].initial,
        state_since=now,
        created_at=now,
        round=1,
        seq=0,
        head="",
        **columns,
    )
    session.add(case)
    return case


def wait(case: Case, now: datetime) -> None:
    """Let the clock of a new case's first state run."""
    _enter(case, WORKFLOWS[case.kind].state(case.state), now)


def resume_as(case: Case, state: str, now: datetime) -> None:
    """Let a case that waits for its resident go on in another state than it came from, on a clock of its own."""
    if held := _paused_clock(case):
        clocks.stop(held, now)
    case.came_from = state


def current_clock(case: Case) -> Clock | None:
    """The clock lists and pages show for the case."""
    if case.clock_id is None:
        return None
    fresh = (each for each in session.new if isinstance(each, Clock) and each.id == case.clock_id)
    return next(fresh, None) or session.get(Clock, case.clock_id)


def _leave(case: Case, target: State, now: datetime) -> None:
    clock = current_clock(case)
    if target.resumes:
        case.came_from = case.state
        if clock is not None:
            clocks.pause(clock, now)
    elif clock is not None:
        clocks.stop(clock, now)


def _enter(case: Case, state: State, now: datetime, *, term: Term | None = None, back: bool = False) -> None:
    case.state, case.state_since = state.code, now
    case.closed_at = now if state.waits_for is None else None
    if not state.resumes:
        case.came_from = None
    case.clock_id = None
    if state.waits_for is None:
        clocks.stop_all(case.id, now)
    if back and (held := _paused_clock(case)):
        clocks.resume(held, now)
        case.clock_id = held.id
    elif state.clock:
        chosen = term or clocks.term_for(case, state.clock)
        clock = clocks.start(case, state.clock, state.waits_for, chosen, now, lapses=state.lapse is not None)
        case.clock_id = clock.id


def _paused_clock(case: Case) -> Clock | None:
    return session.scalar(
        select(Clock).where(Clock.case_id == case.id, Clock.paused_at.is_not(None), Clock.stopped_at.is_(None))
    )
