"""Notes on a case among those of one side: read by nobody else, whoever asks for whatever; only ever added.

They stand in no history and leave by no export. They go with the case's text when that is erased.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from liaison.db import session
from liaison.domain.actors import Actor
from liaison.models.cases import Case
from liaison.models.desk import Note
from liaison.services import cases
from liaison.services.reach import cases_within, side_of

LONGEST = 1000
"""Characters: a note is a remark, not a file."""


def notes_of(actor: Actor, case_id: UUID) -> Sequence[Note]:
    """The notes of the actor's own side on a case within reach, oldest first."""
    within = Note.case_id.in_(select(Case.id).where(Case.id == case_id, cases_within(actor)))
    rows = select(Note).where(within, Note.side == side_of(actor))
    return session.scalars(rows.order_by(Note.at, Note.id)).all()


def add_note(actor: Actor, number: str, text: str, *, now: datetime) -> Note:
    """Write a note. Raises NotFound for a case out of reach."""
    case = cases.lock_case(actor, number)
    by = {"side": side_of(actor), "by_id": actor.account_id, "by_name": actor.name}
    note = Note(case_id=case.id, **by, text=text, at=now)
    session.add(note)
    session.flush()
    return note
