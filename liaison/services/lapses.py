"""What happens when the one waited for stays silent: the move each state names, made by the system and recorded."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from liaison.db import session, set_apart
from liaison.domain.actors import SYSTEM
from liaison.domain.workflow import WORKFLOWS
from liaison.models.clocks import Clock
from liaison.services import cases
from liaison.services.announcements import announce

BATCH = 100


def lapse(now: datetime) -> int:
    """Make the lapse move of every case whose clock has run out; returns how many clocks were served.

    A case that cannot be moved is logged and left, so that it holds up no other.
    """
    due = session.execute(
        select(Clock.id, Clock.case_id).where(Clock.lapse_at < now).order_by(Clock.lapse_at).limit(BATCH)
    ).all()
    served = 0
    for clock_id, case_id in due:
        with set_apart("lapse", clock_id):
            _lapse(clock_id, case_id, now)
            served += 1
    return served


def _lapse(clock_id: UUID, case_id: UUID, now: datetime) -> None:
    """Lapse one case, unless somebody moved it meanwhile."""
    case = cases.lock_by_id(case_id)
    move = WORKFLOWS[case.kind].state(case.state).lapse
    if case.clock_id == clock_id and move is not None:
        announce(case, cases.move(case, move, SYSTEM, now), now)
