"""Duty rosters as rows of a table: a station that is named gets the roster that the table says, whole and in order."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy import func, select

from liaison.db import session
from liaison.domain.actors import Actor
from liaison.domain.import_lines import Fault, Key, Line, Values
from liaison.models.people import Deputy
from liaison.models.stations import DutyTurn, Station
from liaison.services.reach import station_within

HIGHEST = 999  # a place in a roster; the longest there are have some thirty


def roster_rows(actor: Actor) -> dict[Key, Values]:
    """The rosters of the stations within reach, by station and deputy, places counted from 1."""
    place = func.row_number().over(partition_by=DutyTurn.station_id, order_by=DutyTurn.position)
    rows = session.execute(
        select(Station.code, Deputy.code, place)
        .select_from(DutyTurn)
        .join(Station, Station.id == DutyTurn.station_id)
        .join(Deputy, Deputy.id == DutyTurn.deputy_id)
        .where(Station.active, station_within(actor))
        .order_by(Station.code, DutyTurn.position)
    )
    return {
        (station, deputy): {"station": station, "deputy": deputy, "position": str(position)}
        for station, deputy, position in rows
    }


def put_rosters(actor: Actor, lines: Sequence[Line]) -> tuple[dict[int, Key], list[Fault]]:
    """Write the roster of every station that is named, unless one of its rows is at fault."""
    stations = _ids(select(Station.code, Station.id).where(Station.active, station_within(actor)))
    deputies = _ids(select(Deputy.code, Deputy.id).where(Deputy.active))
    faults = [fault for line in lines for fault in _faults(line, stations, deputies)]
    by_station: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        by_station[line.values.get("station", "")].append(line)
    faults += [fault for rows in by_station.values() for fault in _same_place(rows)]
    wrong = {fault.line for fault in faults}
    keys: dict[int, Key] = {}
    for code, rows in by_station.items():
        if not wrong & {row.number for row in rows}:
            _write(stations[code], [deputies[row.values["deputy"]] for row in sorted(rows, key=_place)])
            keys |= {row.number: (code, row.values["deputy"]) for row in rows}
    return keys, faults


def _ids(rows: object) -> Mapping[str, UUID]:
    return dict(session.execute(rows).all())


def _faults(line: Line, stations: Mapping[str, UUID], deputies: Mapping[str, UUID]) -> Iterable[Fault]:
    station, deputy, place = (line.values.get(name, "") for name in ("station", "deputy", "position"))
    if station not in stations:
        yield Fault(line.number, "station", f"没有代号为“{station}”的联络站，或不归您管理。")
    if deputy not in deputies:
        yield Fault(line.number, "deputy", f"没有代号为“{deputy}”的在任代表。")
    if not (place.isascii() and place.isdigit() and 1 <= int(place) <= HIGHEST):
        yield Fault(line.number, "position", f"请填写 1 到 {HIGHEST} 的整数，1 排在最前。")


def _same_place(rows: Sequence[Line]) -> Iterable[Fault]:
    seen: dict[str, int] = {}
    for row in rows:
        place = row.values.get("position", "")
        if seen.setdefault(place, row.number) != row.number:
            yield Fault(row.number, "position", f"与第 {seen[place]} 行的顺序相同，请改成不同的数。")


def _place(row: Line) -> int:
    return int(row.values["position"])


def _write(station_id: UUID, deputy_ids: Sequence[UUID]) -> None:
    """Give a station's places to these deputies in order, touching only places that change hands."""
    held = select(DutyTurn).where(DutyTurn.station_id == station_id).order_by(DutyTurn.position).with_for_update()
    rows = list(session.scalars(held.execution_options(populate_existing=True)))
    for row, deputy_id in zip(rows, deputy_ids, strict=False):
        row.deputy_id = deputy_id
    last = rows[-1].position if rows else 0
    for place, deputy_id in enumerate(deputy_ids[len(rows) :], start=last + 1):
        session.add(DutyTurn(station_id=station_id, position=place, deputy_id=deputy_id))
    for row in rows[len(deputy_ids) :]:
        session.delete(row)
    session.flush()
