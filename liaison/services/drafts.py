"""What somebody has typed into the forms of a case and not sent yet, so that it waits on whatever device is next."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, exists, select
from sqlalchemy.dialects.postgresql import insert

from liaison.db import session
from liaison.domain.actors import Actor
from liaison.domain.errors import Invalid, NotFound
from liaison.models.cases import Case, Event
from liaison.models.desk import Draft
from liaison.services.reach import cases_within

MOST_CHARACTERS = 20_000  # all fields together: the longest answer a form takes, several times over
KEPT = timedelta(days=30)
"""What was not touched for so long is forgotten when its writer saves the next one."""

_APART = {"synchronize_session": False}


def drafts_of(actor: Actor, case_id: UUID) -> Sequence[Draft]:
    """The actor's own drafts on a case within reach."""
    within = Draft.case_id.in_(select(Case.id).where(Case.id == case_id, cases_within(actor)))
    return session.scalars(select(Draft).where(within, Draft.account_id == actor.account_id)).all()


def save_draft(
    actor: Actor, number: str, form: str, about: str, fields: Mapping[str, str], *, seen: int, now: datetime
) -> bool:
    """Keep what is typed; nothing typed keeps nothing. Whether something is kept now.

    What comes late, after its writer has made a move that the page did not show yet (`seen`), is not kept. Raises
    NotFound for a case out of reach, Invalid when it is too much.
    """
    case_id = session.scalar(select(Case.id).where(Case.number == number, cases_within(actor)))
    if case_id is None:
        raise NotFound()
    if sum(map(len, fields.values())) > MOST_CHARACTERS:
        raise Invalid({"text": ["内容太长，没有自动保存，请精简。"]})
    mine = Draft.account_id == actor.account_id
    session.execute(delete(Draft).where(mine, Draft.saved_at < now - KEPT), execution_options=_APART)
    acted = exists().where(Event.case_id == case_id, Event.seq > seen, Event.by_id == actor.account_id)
    if not any(fields.values()) or session.scalar(select(acted)):
        this = (mine, Draft.case_id == case_id, Draft.form == form, Draft.about == about)
        session.execute(delete(Draft).where(*this), execution_options=_APART)
        return False
    key = {"account_id": actor.account_id, "case_id": case_id, "form": form, "about": about}
    typed = {"fields": {name: value for name, value in fields.items() if value}, "saved_at": now}
    row = insert(Draft).values(**key, **typed)  # two devices may save for the first time at once
    session.execute(row.on_conflict_do_update(index_elements=list(key), set_=typed))
    return True


def drop_drafts(actor: Actor, number: str, form: str) -> None:
    """Forget what was typed into a form that was sent now."""
    of_case = select(Case.id).where(Case.number == number).scalar_subquery()
    mine = (Draft.account_id == actor.account_id, Draft.case_id == of_case, Draft.form == form)
    session.execute(delete(Draft).where(*mine), execution_options=_APART)
