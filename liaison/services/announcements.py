"""After a move: tell whoever the case now waits for, and the resident. Notices say that there is news, not what."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select

from liaison.db import session
from liaison.domain.actors import Role
from liaison.domain.workflow import WORKFLOWS, AssignmentState, Party
from liaison.models.assignments import Assignment
from liaison.models.cases import Case, Event
from liaison.services import recipients
from liaison.services.notices import tell
from liaison.services.recipients import Recipient

WORKING = (AssignmentState.ASSIGNED, AssignmentState.ACKNOWLEDGED, AssignmentState.REPLIED)


def announce(case: Case, event: Event, now: datetime, *, to: Iterable[Recipient] | None = None) -> None:
    """Tell those an event concerns, and the residents behind the case unless the event is internal or their own.

    They are whom the case waits for, or `to` when it is about one assignment only.
    """
    people = list(awaited(case) if to is None else to)
    if not event.internal and event.by_role != Role.RESIDENT:
        people += residents(case)
    tell(case, event.kind, dict.fromkeys(people), now, occasion=f"event:{event.seq}")


def awaited(case: Case) -> list[Recipient]:
    """The people a case waits for now; a deputy without an account is stood in for by the office."""
    match WORKFLOWS[case.kind].state(case.state).waits_for:
        case Party.OFFICE:
            return recipients.office(case)
        case Party.DEPUTY:
            return recipients.deputy(case) or recipients.office(case)
        case Party.RESIDENT:
            return recipients.resident(case)
        case Party.DEPARTMENTS:
            return _handlers(case, Assignment.state.in_(WORKING))
        case Party.LEAD:
            return _handlers(case, Assignment.part != "assisting")
    return []


def residents(case: Case) -> list[Recipient]:
    """The resident of a case and those whose matters were merged into it."""
    if not case.has_merged:
        return recipients.resident(case)
    merged = session.execute(select(Case.id, Case.channels).where(Case.merged_into_id == case.id))
    return recipients.resident(case) + [Recipient(Role.RESIDENT, id_, tuple(own)) for id_, own in merged]


def _handlers(case: Case, *conditions) -> list[Recipient]:
    departments = session.scalars(
        select(Assignment.department_id).where(
            Assignment.case_id == case.id, Assignment.round == case.round, *conditions
        )
    )
    return [person for department_id in departments for person in recipients.department(case, department_id)]
