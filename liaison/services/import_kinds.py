"""What can be imported: each register with what it holds now, in codes, and how rows of a table are written into it.

Rows go through `services.registers`, one by one as the console's forms do, each in a savepoint, so that all faults are
found at once. `import_rosters` writes a station's rows together.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import aliased

from liaison.db import session
from liaison.domain.actors import Actor
from liaison.domain.errors import Conflict, Invalid, NotFound
from liaison.domain.import_lines import Fault, Key, Line, Values
from liaison.models.base import Base
from liaison.models.departments import Category, Department, RoutingRule
from liaison.models.people import Deputy
from liaison.models.regions import Region
from liaison.models.stations import DutyTurn, Station
from liaison.services import registers
from liaison.services.import_rosters import put_rosters, roster_rows
from liaison.services.reach import region_within
from liaison.services.register_sheets import read_told

TOLD_EVERY = 50  # lines: a quarter of a second's work

Rows = dict[Key, Values]
Concerned = Sequence[tuple[type[Base], ColumnElement[bool]]]
Tell = Callable[[int], None]
Put = Callable[[Actor, Sequence[Line], Rows, datetime, Tell], tuple[dict[int, Key], list[Fault]]]


@dataclass(frozen=True)
class Kind:
    """One kind of table.

    `key` are the fields by which a row is known, `rows` tells what is there now, `put` writes and returns each line's
    key, `check` tells what else is wrong with a line that has faults already, `concerned` are the rows of each table
    that lines with these codes may change.
    """

    name: str
    key: tuple[str, ...]
    rows: Callable[[Actor], Rows]
    retired: Callable[[Actor], set[Key]]
    put: Put
    check: Callable[[Actor, Line], list[Fault]]
    concerned: Callable[[Iterable[str]], Concerned]


def _departments(actor: Actor) -> Select:
    told = (Department.code, Department.name, Region.code.label("region"), Department.duties)
    rows = select(*told, Department.head_name.label("head"), Department.active).join(
        Region, Region.id == Department.region_id
    )
    return rows.where(region_within(actor, Region.path)).order_by(Region.code, Department.code)


def _deputies(actor: Actor) -> Select:
    told = (Deputy.code, Deputy.name, Deputy.level, Region.code.label("region"), Deputy.unit, Deputy.occupation)
    rows = select(*told, Deputy.groups, Deputy.term, Deputy.active).join(Region, Region.id == Deputy.region_id)
    return rows.where(region_within(actor, Region.path)).order_by(Region.code, Deputy.code)


def _stations(actor: Actor) -> Select:
    told = (Station.code, Station.name, Station.kind, Region.code.label("region"), Station.address, Station.opening)
    rows = select(*told, Station.capabilities, Station.screening, Station.active).join(
        Region, Region.id == Station.region_id
    )
    return rows.where(region_within(actor, Region.path)).order_by(Region.code, Station.code)


def _categories(actor: Actor) -> Select:
    above = aliased(Category)
    told = (Category.code, Category.name, above.code.label("parent"), Department.code.label("department"))
    rows = select(*told, Category.complexity, Category.position, Category.active)
    rows = rows.outerjoin(above, above.id == Category.parent_id)
    rows = rows.outerjoin(Department, Department.id == Category.department_id)
    return rows.order_by(Category.parent_id.is_not(None), Category.position, Category.code)


def _rows(query: Callable[[Actor], Select], actor: Actor) -> Rows:
    """What is in use now, by code; what is empty in the database is an empty text."""
    rows = session.execute(query(actor)).mappings()
    return {(row["code"],): _told(row) for row in rows if row["active"]}


def _retired(query: Callable[[Actor], Select], actor: Actor) -> set[Key]:
    return {(row["code"],) for row in session.execute(query(actor)).mappings() if not row["active"]}


def _told(row: Mapping[str, Any]) -> Values:
    return {name: "" if value is None else value for name, value in row.items() if name != "active"}


def _put(
    register: str, actor: Actor, lines: Sequence[Line], before: Rows, now: datetime, tell: Tell
) -> tuple[dict[int, Key], list[Fault]]:
    """Write line by line, what others hang on first; a line that says what is there already costs nothing."""
    keys: dict[int, Key] = {}
    faults: list[Fault] = []
    for done, line in enumerate(sorted(lines, key=lambda line: bool(line.values.get("parent")))):
        if done and not done % TOLD_EVERY:
            tell(done)
        key = (line.values.get("code", ""),)
        try:
            if key in before and _says(register, line, before[key]):
                keys[line.number] = key
                continue
            with session.begin_nested():
                row, _ = registers.write(actor, register, line.values, now)
            keys[line.number] = (row.code,)
        except Invalid as error:
            faults += [Fault(line.number, field, words) for field, told in error.errors.items() for words in told]
        except (Conflict, NotFound) as error:
            faults.append(Fault(line.number, "", error.detail))
    return keys, faults


def _check(register: str, actor: Actor, line: Line) -> list[Fault]:
    told = registers.faults(actor, register, line.values)
    return [Fault(line.number, field, words) for field, sentences in told.items() for words in sentences]


def _says(register: str, line: Line, before: Values) -> bool:
    told = read_told(registers.KINDS[register], line.values)
    return all(before.get(name) == value for name, value in told.items())


def _put_rosters(
    actor: Actor, lines: Sequence[Line], before: Rows, now: datetime, tell: Tell
) -> tuple[dict[int, Key], list[Fault]]:
    return put_rosters(actor, lines)


def _by_code(model: type[Base], codes: Iterable[str]) -> Concerned:
    return [(model, model.code.in_(codes))]


def _categories_of(codes: Iterable[str]) -> Concerned:
    """With the rules that follow a category's usual department."""
    return [(Category, Category.code.in_(codes)), (RoutingRule, RoutingRule.category.in_(codes))]


def _turns_of(codes: Iterable[str]) -> Concerned:
    return [(DutyTurn, DutyTurn.station_id.in_(select(Station.id).where(Station.code.in_(codes))))]


def _register(name: str, query: Callable[[Actor], Select], concerned: Callable[[Iterable[str]], Concerned]) -> Kind:
    reads, writes = (partial(_rows, query), partial(_retired, query)), (partial(_put, name), partial(_check, name))
    return Kind(name, ("code",), *reads, *writes, concerned)


def _roster() -> Kind:
    return Kind(
        "roster", ("station", "deputy"), roster_rows, lambda actor: set(), _put_rosters, lambda *_: [], _turns_of
    )


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            _register("department", _departments, partial(_by_code, Department)),
            _register("deputy", _deputies, partial(_by_code, Deputy)),
            _register("station", _stations, partial(_by_code, Station)),
            _roster(),
            _register("category", _categories, _categories_of),
        )
    }
)
"""In the order in which a new county is filled: what others refer to comes first."""
