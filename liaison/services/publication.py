"""What the public may read: answers the office has redacted by hand and published with the resident's consent."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select, tuple_

from liaison.db import session
from liaison.domain.actors import Actor
from liaison.domain.consent import Purpose
from liaison.domain.errors import Invalid, NotFound, WrongState
from liaison.domain.policy import require
from liaison.models.cases import Publication
from liaison.services import cases, consents

PUBLISHABLE = ("rating", "tracking", "closed")


def publish(
    actor: Actor, number: str, *, title: str, text: str, answer: str, consent: bool, now: datetime
) -> Publication:
    """Publish a redacted matter and its answer, or replace what was published. Raises Invalid without consent.

    The consent is written down; one that the resident took back is a Conflict, whatever the office says.
    """
    require(actor.role, "office.publication")
    if not consent:
        raise Invalid({"consent": ["公开前须征得群众同意。"]})
    case = cases.lock_case(actor, number)
    if case.state not in PUBLISHABLE:
        raise WrongState("事项答复后才能公开。", state=case.state, waiting_for=None)
    consents.check_publication(case)
    if Purpose.PUBLICATION not in consents.standing(case):
        consents.agree(case, [Purpose.PUBLICATION], now)
    published = session.merge(
        Publication(
            case_id=case.id,
            number=case.number,
            station_id=case.station_id,
            title=title,
            text=text,
            answer=answer,
            by_id=actor.account_id,
            published_at=now,
        )
    )
    cases.record(case, "publish", actor, now, data={"title": title})
    return published


def published(
    *, station_id: UUID | None = None, query: str = "", after: tuple[datetime, UUID] | None = None, limit: int = 20
) -> list[Publication]:
    """Published answers, newest first, of one station or of all; `query` searches what was published."""
    rows = select(Publication)
    if station_id:
        rows = rows.where(Publication.station_id == station_id)
    if query:
        rows = rows.where(
            Publication.title.contains(query, autoescape=True)
            | Publication.text.contains(query, autoescape=True)
            | Publication.answer.contains(query, autoescape=True)
        )
    if after:
        rows = rows.where(tuple_(Publication.published_at, Publication.case_id) < after)
    return list(session.scalars(_newest(rows).limit(limit)))


def get_published(number: str) -> Publication:
    """What was published of one case. Raises NotFound."""
    found = session.scalar(select(Publication).where(Publication.number == number))
    if found is None:
        raise NotFound("没有找到这条公开答复。")
    return found


def _newest(rows: Select) -> Select:
    return rows.order_by(Publication.published_at.desc(), Publication.case_id.desc())
