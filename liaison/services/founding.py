"""Puts a county's regions, stations, deputies, departments, categories and rules into an empty database."""

from pypinyin import lazy_pinyin
from sqlalchemy import select

from liaison.db import session
from liaison.domain.county import County
from liaison.domain.errors import Conflict
from liaison.models.departments import Category, Department, RoutingRule
from liaison.models.people import Deputy, Leadership
from liaison.models.regions import Region
from liaison.models.stations import DutyTurn, Station

SCREENING_OFF = "home"  # stations of this kind send matters straight to the deputy on duty


def found(county: County) -> None:
    """Put a whole county into an empty database. Raises Conflict when there are regions already."""
    if session.scalar(select(Region.id).limit(1)) is not None:
        raise Conflict("数据库里已经有区划和站点，不能再次整体导入。")
    regions = _add_regions(county)
    centre = next(region.code for region in county.regions if region.level == "county")
    departments = {
        row.code: Department(
            code=row.code,
            name=row.name,
            duties=row.duties,
            head_name=row.head,
            region_id=regions[row.township or centre].id,
        )
        for row in county.departments
    }
    session.add_all(departments.values())
    session.flush()
    _add_categories(county, departments)
    session.add_all(
        RoutingRule(
            region_path=regions[row.township or centre].path,
            priority=row.priority,
            category=row.category,
            keywords=list(row.keywords),
            department_id=departments[row.department].id,
            reason=row.reason,
        )
        for row in county.rules
    )
    deputies = _add_stations(county, regions)
    session.add_all(
        Leadership(deputy_id=deputies[row.code].id, department_id=departments[code].id)
        for row in county.deputies
        for code in row.leads
    )
    session.flush()


def _add_regions(county: County) -> dict[str, Region]:
    regions: dict[str, Region] = {}
    for row in county.regions:
        above = regions.get(row.parent or "")
        region = Region(
            code=row.code,
            name=row.name,
            level=row.level,
            parent_id=above.id if above else None,
            path=f"{above.path if above else ''}{row.code}/",
        )
        regions[row.code] = region
        session.add(region)
        session.flush()
    return regions


def _add_categories(county: County, departments: dict[str, Department]) -> None:
    categories: dict[str, Category] = {}
    for position, row in enumerate(county.categories):
        parent = categories.get(row.parent or "")
        categories[row.code] = Category(
            code=row.code,
            name=row.name,
            position=position,
            parent_id=parent.id if parent else None,
            department_id=departments[row.department].id if row.department else None,
            complexity=row.complexity,
        )
        session.add(categories[row.code])
        session.flush()


def _add_stations(county: County, regions: dict[str, Region]) -> dict[str, Deputy]:
    deputies = {
        row.code: Deputy(
            code=row.code,
            name=row.name,
            name_pinyin=" ".join(lazy_pinyin(row.name)),
            level=row.level,
            unit=row.unit,
            occupation=row.occupation,
            groups=list(row.groups),
            term=row.term,
            region_id=regions[row.township].id,
        )
        for row in county.deputies
    }
    stations = {
        row.code: Station(
            code=row.code,
            name=row.name,
            kind=row.kind,
            region_id=regions[row.township].id,
            address=row.address,
            opening=row.opening,
            capabilities=list(row.capabilities),
            screening=row.kind != SCREENING_OFF,
        )
        for row in county.stations
    }
    session.add_all([*deputies.values(), *stations.values()])
    session.flush()
    session.add_all(
        DutyTurn(station_id=stations[row.code].id, position=place, deputy_id=deputies[code].id)
        for row in county.stations
        for place, code in enumerate(row.duty_order)
    )
    session.flush()
    return deputies
