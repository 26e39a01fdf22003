"""What happens when the one waited for stays silent: the move each state names, made by the system and recorded."""

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import select, update

from liaison.db import session, set_apart
from liaison.domain.actors import SYSTEM
from liaison.domain.workflow import WORKFLOWS
from liaison.models.clocks import Clock
from liaison.services import cases
from liaison.services.announcements import announce

BATCH = 100
LATER = timedelta(hours=1)


def lapse(now: datetime) -> int:
    """Make the lapse move of every case whose clock has run out; returns how many clocks were served.

    A case that cannot be moved is logged and steps aside for an hour, so that it holds up no other.
    """
    due = session.execute(
        select(Clock.id, Clock.case_id).where(Clock.lapse_at < now).order_by(Clock.lapse_at, Clock.id).limit(BATCH)
    ).all()
    served = 0
    for clock_id, case_id in due:
        if set_apart("lapse", clock_id, partial(_lapse, clock_id, case_id, now)):
            served += 1
        else:
            _step_aside(clock_id, now)
    return served


def _step_aside(clock_id: UUID, now: datetime) -> None:
    """Try a clock that could not be served again later, since the oldest come first and would fill every batch."""
    aside = update(Clock).where(Clock.id == clock_id, Clock.lapse_at < now).values(lapse_at=now + LATER)
    session.execute(aside, execution_options={"synchronize_session": False})


def _lapse(clock_id: UUID, case_id: UUID, now: datetime) -> None:
    """Lapse one case, unless somebody moved it meanwhile."""
    case = cases.lock_by_id(case_id)
    move = WORKFLOWS[case.kind].state(case.state).lapse
    if case.clock_id == clock_id and move is not None:
        announce(case, cases.move(case, move, SYSTEM, now), now)
