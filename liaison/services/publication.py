"""What the public may read: answers the office has redacted by hand and published with the resident's consent."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, Text, func, literal_column, or_, select, tuple_
from sqlalchemy.orm import joinedload

from liaison.db import session
from liaison.domain.actors import Actor
from liaison.domain.consent import Purpose
from liaison.domain.errors import Conflict, Invalid, NotFound, WrongState
from liaison.domain.policy import require
from liaison.models.cases import PUBLISHED_WORDS, Case, Publication
from liaison.models.departments import Category
from liaison.models.stations import Station
from liaison.services import audit, cases, consents, content_checks, published_photos
from liaison.services.published_photos import Covered
from liaison.services.reach import cases_within

PUBLISHABLE = ("rating", "tracking", "closed")
HINTED = "内容提示：这些文字可能不宜公开，请再看一遍。确认仍要公开的，请写明理由。"
MOST_WORDS = 5  # of a search; each more would narrow what five have found already
_WORDS = literal_column(f"({PUBLISHED_WORDS})", Text)
_PAIRS = func.bigrams(literal_column(PUBLISHED_WORDS))


def publish(
    actor: Actor,
    number: str,
    *,
    title: str,
    text: str,
    answer: str,
    consent: bool,
    photos: Sequence[Covered] | None = None,
    because: str = "",
    now: datetime,
) -> Publication:
    """Publish a redacted matter and its answer, or replace what was published. Raises Invalid without consent.

    `photos` are covered copies that replace those published before; without it these stay. Where a content check finds
    something in the words, `because` must say why they are published all the same: it goes into the audit log.

    The consent is written down; one that the resident took back is a Conflict, whatever the office says.
    """
    require(actor.role, "office.publication")
    if not consent:
        raise Invalid({"consent": ["公开前须征得群众同意。"]})
    case = cases.lock_case(actor, number)
    if case.state not in PUBLISHABLE:
        raise WrongState("事项答复后才能公开。", state=case.state, waiting_for=None)
    consents.check_publication(case)
    found = content_checks.check_words(title, text, answer)
    if found.is_flagged and not because:
        raise Invalid({"because": [HINTED]})
    if Purpose.PUBLICATION not in consents.standing(case):
        consents.agree(case, [Purpose.PUBLICATION], now)
    published = session.merge(
        Publication(
            case_id=case.id,
            number=case.number,
            station_id=case.station_id,
            category_id=case.category_id,
            deputy_id=case.deputy_id,
            title=title,
            text=text,
            answer=answer,
            by_id=actor.account_id,
            published_at=now,
        )
    )
    if photos is not None:
        session.flush()
        published_photos.replace(case.id, photos, now)
    cases.record(case, "publish", actor, now, data={"title": title, "photos": len(published_photos.photos_of(case.id))})
    if found.is_flagged:
        why = {"hint": found.hint, "reason": because}
        audit.note(actor, audit.PUBLISH_HINTED, now, about=case.number, region_path=case.region_path, data=why)
    return published


def take_down(actor: Actor, number: str, reason: str, *, now: datetime) -> Case:
    """Let the public see a matter no longer; the reason stays in its history, for staff alone. Raises NotFound."""
    require(actor.role, "office.unpublish")
    case = cases.lock_case(actor, number)
    published = session.get(Publication, case.id)
    if published is None:
        raise Conflict("这件事项没有公开，可能已经撤下。")
    published_photos.drop(case.id, now)
    session.delete(published)
    cases.record(case, "unpublish", actor, now, text=reason, internal=True)
    return case


def find_published(actor: Actor, number: str) -> Publication | None:
    """What was published of a case within reach."""
    within = select(Case.id).where(Case.number == number, cases_within(actor))
    return session.scalar(select(Publication).where(Publication.case_id.in_(within)))


def published(
    *,
    station_id: UUID | None = None,
    deputy_id: UUID | None = None,
    query: str = "",
    station: str = "",
    category: str = "",
    after: tuple[datetime, UUID] | None = None,
    limit: int = 20,
) -> list[Publication]:
    """Published answers, newest first: of one station, deputy or category, and such as hold every word of `query`.

    `station` and `category` are codes; one that does not exist has no answers.
    """
    rows = select(Publication).options(joinedload(Publication.station), joinedload(Publication.category))
    if station_id:
        rows = rows.where(Publication.station_id == station_id)
    if deputy_id:
        rows = rows.where(Publication.deputy_id == deputy_id)
    if station:
        rows = rows.where(Publication.station_id.in_(select(Station.id).where(Station.code == station)))
    if category:
        rows = rows.where(Publication.category_id.in_(_category_and_below(category)))
    for word in query.lower().split()[:MOST_WORDS]:
        # The index finds where all pairs of characters are; that they stand together, only the text itself tells.
        rows = rows.where(_PAIRS.op("@>")(func.bigrams(word)), func.strpos(func.lower(_WORDS), word) > 0)
    if after:
        rows = rows.where(tuple_(Publication.published_at, Publication.case_id) < after)
    return list(session.scalars(_newest(rows).limit(limit)))


def get_published(number: str) -> Publication:
    """What was published of one case. Raises NotFound."""
    known = (Publication.station, Publication.category, Publication.deputy)
    rows = select(Publication).where(Publication.number == number).options(*map(joinedload, known))
    found = session.scalar(rows)
    if found is None:
        raise NotFound("没有找到这条公开答复。")
    return found


def answered_stations() -> list[Station]:
    """The stations of which something was published, by name."""
    answered = select(Publication.station_id)
    return list(session.scalars(select(Station).where(Station.id.in_(answered)).order_by(Station.name, Station.code)))


def _category_and_below(code: str) -> Select:
    parent = select(Category.id).where(Category.code == code)
    return select(Category.id).where(or_(Category.code == code, Category.parent_id.in_(parent)))


def _newest(rows: Select) -> Select:
    return rows.order_by(Publication.published_at.desc(), Publication.case_id.desc())
