"""The roster of deputies as the public sees it: who they are, where they are to be met, what they answered."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import joinedload

from liaison.db import session
from liaison.domain.errors import NotFound
from liaison.models.cases import Publication
from liaison.models.people import Deputy
from liaison.models.stations import DutyTurn, Station


def search(query: str = "", *, station: str = "", skip: int = 0, limit: int = 20) -> list[Deputy]:
    """Active deputies as their names are read out, no other order: nobody is ranked.

    Those whose name or electoral unit holds `query`, or who are met at a station whose name does; those of the
    station of that code.
    """
    rows = select(Deputy).where(Deputy.active)
    met = exists().where(DutyTurn.deputy_id == Deputy.id, DutyTurn.station_id == Station.id, Station.active)
    if query:
        holds = [column.contains(query, autoescape=True) for column in (Deputy.name, Deputy.unit)]
        rows = rows.where(or_(*holds, met.where(Station.name.contains(query, autoescape=True))))
    if station:
        rows = rows.where(met.where(Station.code == station))
    rows = rows.order_by(Deputy.name_pinyin, Deputy.name, Deputy.code)
    return list(session.scalars(rows.offset(skip).limit(limit)))


def get_deputy(code: str) -> Deputy:
    """The active deputy of that code. Raises NotFound."""
    rows = select(Deputy).where(Deputy.code == code, Deputy.active).options(joinedload(Deputy.region))
    found = session.scalar(rows)
    if found is None:
        raise NotFound("没有找到这位代表，可能已经离任。")
    return found


def stations_of(deputies: Sequence[Deputy]) -> dict[UUID, list[Station]]:
    """The active stations where each of them is to be met, by name."""
    rows = session.execute(
        select(DutyTurn.deputy_id, Station)
        .join(Station, Station.id == DutyTurn.station_id)
        .where(DutyTurn.deputy_id.in_([each.id for each in deputies]), Station.active)
        .order_by(Station.name, Station.code)
    )
    found: defaultdict[UUID, list[Station]] = defaultdict(list)
    for deputy_id, station in rows:
        found[deputy_id].append(station)
    return found


def answered_by(deputies: Sequence[Deputy]) -> dict[UUID, int]:
    """How many published answers each of them has seen to."""
    ids = [each.id for each in deputies]
    counted = select(Publication.deputy_id, func.count()).where(Publication.deputy_id.in_(ids))
    return dict(session.execute(counted.group_by(Publication.deputy_id)).all())
