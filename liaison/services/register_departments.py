"""The register of departments: who handles what is assigned, in which region, headed by whom."""

from typing import Any

from sqlalchemy import and_, or_, select

from liaison import wall
from liaison.db import session
from liaison.models.assignments import Assignment
from liaison.models.cases import Case
from liaison.models.departments import Category, Department, RoutingRule
from liaison.models.people import Account, Deputy, Leadership
from liaison.services.assignments import ENDED
from liaison.services.register_sheets import LONG, NAME, Kind, Sheet, Values, count, initials, region_code

BLANK = {"code": "", "name": "", "region": "", "duties": "", "head": ""}


def open_assignments(department: Department) -> int:
    """How many matters are in its hands, whoever may see them: being handled, or promised and not yet kept.

    Counted behind the wall: an administrator sees no matter, and must still not leave one without an owner.
    """
    promised = and_(Case.state == "tracking", Assignment.state == "approved", Assignment.round == Case.round)
    rows = (
        select(Assignment.id)
        .join(Case, Case.id == Assignment.case_id)
        .where(Assignment.department_id == department.id, or_(Assignment.state.not_in(ENDED), promised))
    )
    with wall.behind():
        return count(rows)


def hanging_on(department: Department) -> dict[str, Any]:
    """What hangs on a department: its people's accounts, open matters, rules and categories, deputies who lead it."""
    rules = select(RoutingRule.id).where(RoutingRule.department_id == department.id, RoutingRule.active)
    own = (Account.department_id == department.id, Account.active)
    led = select(Deputy).join(Leadership).where(Leadership.department_id == department.id)
    usual = select(Category).where(Category.department_id == department.id, Category.active)
    return {
        "open": open_assignments(department),
        "accounts": session.scalars(select(Account).where(*own).order_by(Account.name)).all(),
        "rules": count(rules),
        "categories": session.scalars(usual.order_by(Category.position, Category.code)).all(),
        "deputies": session.scalars(led.order_by(Deputy.name_pinyin, Deputy.code)).all(),
    }


def _read(row: Department) -> Values:
    return {"code": row.code, "name": row.name, "region": region_code(row), "duties": row.duties, "head": row.head_name}


def _check(sheet: Sheet) -> Values:
    region = sheet.region()
    name = sheet.text("name", NAME, required=True)
    if region and name:
        sheet.refuse_namesake("name", Department, Department.region_id == region.id, where=region.name)
    return {
        "name": name,
        "region_id": region.id if region else None,
        "duties": sheet.text("duties", LONG),
        "head_name": sheet.text("head", NAME),
    }


def _hold(row: Department) -> str | None:
    if number := open_assignments(row):
        return (
            f"还有 {number} 件事项在“{row.name}”手里（办理中，或承诺未兑现）。请先办结，或退办后改交其他单位，再停用。"
        )
    return None


DEPARTMENTS = Kind("department", "承办单位", Department, BLANK, _read, _check, initials, hold=_hold)
