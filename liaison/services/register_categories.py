"""The register of categories: two levels, shared by the whole installation, each with its usual department."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from liaison import wall
from liaison.db import session
from liaison.domain.actors import Actor
from liaison.domain.county import CATEGORY_PRIORITY
from liaison.domain.terms import COMPLEXITIES
from liaison.models.cases import Case
from liaison.models.departments import Category, Department, RoutingRule
from liaison.models.regions import Region
from liaison.models.stations import Station
from liaison.services.reach import region_around, station_within
from liaison.services.register_sheets import LARGEST, NAME, Kind, Sheet, Values, count, initials

BLANK = {"code": "", "name": "", "parent": "", "department": "", "complexity": "ordinary", "position": 0}
SHARED = "类别由所有联络站共用，要由管理着全部联络站的上级人大办或系统管理员修改。"


def may_change(actor: Actor) -> bool:
    """Whether the actor looks after every station there is: categories are the same at all of them."""
    return session.scalar(select(Station.id).where(~station_within(actor)).limit(1)) is None


def hanging_on(category: Category) -> dict[str, Any]:
    """What hangs on a category: open matters, rules, and the categories below it."""
    below = select(Category).where(Category.parent_id == category.id).order_by(Category.position, Category.code)
    rules = select(RoutingRule.id).where(RoutingRule.category == category.code, RoutingRule.active)
    with wall.behind():
        number = count(select(Case.id).where(Case.category_id == category.id, Case.closed_at.is_(None)))
    return {"open": number, "rules": count(rules), "below": session.scalars(below).all()}


def _read(row: Category) -> Values:
    codes = {
        "parent": session.scalar(select(Category.code).where(Category.id == row.parent_id)),
        "department": session.scalar(select(Department.code).where(Department.id == row.department_id)),
    }
    known = {"code": row.code, "name": row.name, "complexity": row.complexity, "position": row.position}
    return known | {name: code or "" for name, code in codes.items()}


def _check(sheet: Sheet) -> Values:
    if not may_change(sheet.actor):
        sheet.refuse("name", SHARED)
    parent, department = _parent(sheet), _department(sheet)
    if name := sheet.text("name", NAME, required=True):
        where = f"“{parent.name}”下面" if parent else "一级类别里"
        sheet.refuse_namesake("name", Category, Category.parent_id == (parent.id if parent else None), where=where)
    if not 0 <= sheet.values["position"] <= LARGEST:
        sheet.refuse("position", f"排序应在 0 到 {LARGEST} 之间。")
    if not sheet.before and not sheet.values["position"]:
        sheet.values["position"] = session.scalar(select(func.coalesce(func.max(Category.position), 0))) + 1
    return {
        "name": name,
        "parent_id": parent.id if parent else None,
        "department_id": department.id if department else None,
        "complexity": sheet.choice("complexity", COMPLEXITIES, "办理难度"),
        "position": sheet.values["position"],
    }


def _parent(sheet: Sheet) -> Category | None:
    """The category above; itself a first-level one, and never above one that has others below it."""
    code = sheet.values["parent"]
    if not code:
        return None
    found = session.scalar(select(Category).where(Category.code == code))
    if found is None or found.parent_id or (not found.active and code != sheet.before.get("parent")):
        sheet.refuse("parent", f"没有代号为“{code}”的一级类别，请重新选择。")
        return None
    if sheet.row is not None:
        has_below = session.scalar(select(Category.id).where(Category.parent_id == sheet.row.id).limit(1))
        if found.id == sheet.row.id or has_below:
            sheet.refuse("parent", "类别只有两级：下面还有类别的，不能放到另一个类别下面。")
    return found


def _department(sheet: Sheet) -> Department | None:
    code = sheet.values["department"]
    if not code:
        return None
    rows = select(Department).join(Region, Region.id == Department.region_id).where(Department.code == code)
    if code != sheet.before.get("department"):
        rows = rows.where(Department.active, region_around(sheet.actor, Region.path))
    found = session.scalar(rows)
    if found is None:
        sheet.refuse("department", f"没有代号为“{code}”的承办单位，请重新选择。")
    return found


def _settle(sheet: Sheet, row: Category, now: datetime) -> Values:
    """Let the rules that only repeat a category's usual department follow it; those written by hand stay."""
    was = sheet.before.get("department", "")
    if not was or not row.department_id or was == sheet.values["department"]:
        return {}
    rules = (
        select(RoutingRule)
        .join(Department, Department.id == RoutingRule.department_id)
        .where(RoutingRule.category == row.code, RoutingRule.priority == CATEGORY_PRIORITY, Department.code == was)
    )
    following = [rule for rule in session.scalars(rules) if not rule.keywords]
    for rule in following:
        rule.department_id = row.department_id
    session.flush()
    return {"rules": [str(rule.id) for rule in following]} if following else {}


CATEGORIES = Kind("category", "类别", Category, BLANK, _read, _check, initials, _settle)
