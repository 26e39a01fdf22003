"""Look-back sampling (回头看抽样): closed cases drawn by lot, worked off one by one by the look-back move."""

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, func, select

from liaison.db import session
from liaison.domain.actors import Actor
from liaison.domain.calendar import start_of_day
from liaison.domain.errors import Invalid, NotFound
from liaison.domain.policy import require
from liaison.domain.sampling import draw, size_of
from liaison.models.assignments import Assignment, Reply
from liaison.models.base import new_id
from liaison.models.cases import Case, Event
from liaison.models.departments import Department
from liaison.models.samples import Sample, Sampled
from liaison.models.stations import Station
from liaison.services.reach import cases_within, region_within

SEED_BYTES = 8
MOST = 200
"""Nobody visits more in a quarter."""

SHOWN = 50


@dataclass(frozen=True)
class Wish:
    """From which closed cases how many are drawn: per cent or a number, of a time, a department, a station."""

    since: date
    until: date
    amount: int
    percent: bool
    department: str = ""
    station: str = ""


@dataclass(frozen=True)
class Progress:
    """A sample with how many of its cases within reach were looked back at, and how many of them were undone."""

    sample: Sample
    drawn: int
    done: int
    undone: int


@dataclass(frozen=True)
class Row:
    """A case of a sample with its last answer; `done` is what the look back found, None while nobody has looked."""

    number: str
    title: str
    state: str
    seq: int
    station: str | None
    closed_at: datetime | None
    answer: str
    done: bool | None
    text: str


def draw_sample(actor: Actor, wish: Wish, *, now: datetime) -> Sample:
    """Draw a sample by a fresh seed and write down how. Raises Invalid when there is nothing to draw from."""
    require(actor.role, "sample.draw")
    if wish.until < wish.since:
        raise Invalid({"until": ["结束日期应不早于开始日期。"]})
    found = {row.number: row.id for row in session.execute(_closed(actor, wish))}
    size = size_of(len(found), wish.amount, percent=wish.percent)
    if not size:
        raise Invalid({"since": ["这个范围里没有已销号的事项，请放宽条件。"]})
    if size > MOST:
        raise Invalid({"amount": [f"一次最多抽 {MOST} 件，现在会抽 {size} 件，请减少。"]})
    filters = asdict(wish) | {"since": wish.since.isoformat(), "until": wish.until.isoformat()}
    seed = secrets.token_hex(SEED_BYTES)
    sample = Sample(
        id=new_id(),
        region_path=actor.region_path,
        seed=seed,
        filters=filters,
        population=len(found),
        by_id=actor.account_id,
        by_name=actor.name,
        at=now,
    )
    session.add(sample)
    session.flush()
    chosen = enumerate(draw(found, seed, size), start=1)
    session.add_all(Sampled(sample_id=sample.id, case_id=found[number], position=place) for place, number in chosen)
    session.flush()
    return sample


def samples(actor: Actor) -> list[Progress]:
    """The newest samples of the actor's region and below, each with how far it has come."""
    rows = (
        select(
            Sample,
            func.count(Case.id),
            func.count(Case.id).filter(_looked(True)),
            func.count(Case.id).filter(_looked(False)),
        )
        .outerjoin(Sampled, Sampled.sample_id == Sample.id)
        .outerjoin(Case, and_(Case.id == Sampled.case_id, cases_within(actor)))
        .where(region_within(actor, Sample.region_path))
        .group_by(Sample.id)
        .order_by(Sample.at.desc(), Sample.id)
        .limit(SHOWN)
    )
    return [Progress(sample, drawn, done + undone, undone) for sample, drawn, done, undone in session.execute(rows)]


def get_sample(actor: Actor, sample_id: UUID) -> tuple[Sample, Sequence[Row]]:
    """A sample within reach with its cases in the order in which they were drawn. Raises NotFound."""
    sample = session.scalar(select(Sample).where(Sample.id == sample_id, region_within(actor, Sample.region_path)))
    if sample is None:
        raise NotFound("没有找到这次抽样。")
    rows = (
        select(
            Case.number,
            Case.title,
            Case.state,
            Case.seq,
            Station.name.label("station"),
            Case.closed_at,
            func.coalesce(_answer(), "").label("answer"),
            _found(Event.data["done"].as_boolean(), sample.at).label("done"),
            func.coalesce(_found(Event.text, sample.at), "").label("text"),
        )
        .select_from(Sampled)
        .join(Case, Case.id == Sampled.case_id)
        .outerjoin(Station, Station.id == Case.station_id)
        .where(Sampled.sample_id == sample.id, cases_within(actor))
        .order_by(Sampled.position)
    )
    return sample, [Row(**row._mapping) for row in session.execute(rows)]


def _answer():
    """The last answer that was signed: what is to be found true."""
    signed = (Reply.case_id == Case.id, Reply.approved_at.is_not(None))
    return select(Reply.text).where(*signed).order_by(Reply.at.desc()).limit(1).correlate(Case).scalar_subquery()


def _found(what, since):
    """What the first look back since then found."""
    looked = (Event.case_id == Case.id, Event.kind == "look_back", Event.at > since)
    return select(what).where(*looked).order_by(Event.seq).limit(1).correlate(Case, Sample).scalar_subquery()


def _looked(done: bool):
    return _found(Event.data["done"].as_boolean(), Sample.at).is_(done)


def _closed(actor: Actor, wish: Wish):
    start, end = start_of_day(wish.since), start_of_day(wish.until + timedelta(days=1))
    rows = select(Case.number, Case.id).where(
        cases_within(actor), Case.state == "closed", Case.closed_at >= start, Case.closed_at < end
    )
    if wish.department:
        handled = select(Assignment.case_id).join(Assignment.department).where(Department.code == wish.department)
        rows = rows.where(Case.id.in_(handled))
    if wish.station:
        rows = rows.where(Case.station_id.in_(select(Station.id).where(Station.code == wish.station)))
    return rows
