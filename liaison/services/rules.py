"""The office's routing rules: which words or category suggest which department. Rows, so that the office edits them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import joinedload

from liaison.db import session
from liaison.domain.actors import Actor
from liaison.domain.errors import Invalid, NotFound
from liaison.models.base import new_id
from liaison.models.departments import Category, Department, RoutingRule
from liaison.models.regions import Region
from liaison.services import audit
from liaison.services.reach import region_within

MOST_KEYWORDS = 30


@dataclass(frozen=True)
class RuleText:
    """A rule as the office writes it, in codes; a higher priority wins."""

    department: str
    keywords: Sequence[str]
    category: str | None
    region: str
    priority: int
    reason: str


def list_rules(actor: Actor) -> list[RoutingRule]:
    """The rules the actor may edit: those in use first, then by priority."""
    return list(
        session.scalars(
            select(RoutingRule)
            .where(_within(actor))
            .options(joinedload(RoutingRule.department))
            .order_by(RoutingRule.active.desc(), RoutingRule.priority.desc(), RoutingRule.id)
        )
    )


def get_rule(actor: Actor, rule_id: UUID) -> RoutingRule:
    """The rule with its department. Raises NotFound for an unknown one and one of another region alike."""
    found = session.scalar(
        select(RoutingRule).where(RoutingRule.id == rule_id, _within(actor)).options(joinedload(RoutingRule.department))
    )
    if found is None:
        raise NotFound("没有找到这条规则，可能已被修改，请刷新后再试。")
    return found


def add_rule(actor: Actor, text: RuleText, now: datetime) -> RoutingRule:
    """Write a new rule, in use at once. Raises Invalid for what it names that does not exist."""
    rule = RoutingRule(id=new_id(), active=True, **_columns(actor, text))
    session.add(rule)
    session.flush()
    _note(actor, "setting.rule", rule, now, asdict(text))
    return rule


def change_rule(actor: Actor, rule_id: UUID, text: RuleText, now: datetime) -> RoutingRule:
    """Replace what a rule says; matters already routed keep the reason they were given."""
    rule = get_rule(actor, rule_id)
    for column, value in _columns(actor, text).items():
        setattr(rule, column, value)
    session.flush()
    _note(actor, "setting.rule", rule, now, asdict(text))
    return rule


def switch_rule(actor: Actor, rule_id: UUID, active: bool, now: datetime) -> RoutingRule:
    """Put a rule out of use, or into use again; it is never deleted, so that old reasons can be looked up."""
    rule = get_rule(actor, rule_id)
    rule.active = active
    session.flush()
    _note(actor, "setting.rule_switch", rule, now, {"active": active})
    return rule


def _note(actor: Actor, act: str, rule: RoutingRule, now: datetime, data: dict) -> None:
    audit.note(actor, act, now, about=rule.reason, region_path=rule.region_path, data={"rule": str(rule.id)} | data)


def _within(actor: Actor) -> ColumnElement[bool]:
    return or_(region_within(actor, RoutingRule.region_path), RoutingRule.region_path == "")


def _columns(actor: Actor, text: RuleText) -> dict:
    keywords = list(dict.fromkeys(word.strip() for word in text.keywords if word.strip()))
    errors: dict[str, list[str]] = {}
    department = session.scalar(select(Department).where(Department.code == text.department, Department.active))
    region = session.scalar(select(Region).where(Region.code == text.region, region_within(actor, Region.path)))
    if department is None:
        errors["department"] = ["请选择一个承办单位。"]
    if region is None:
        errors["region"] = ["请选择本区域或其下级区域。"]
    known = select(Category.id).where(Category.code == text.category, Category.active)
    if text.category and session.scalar(known) is None:
        errors["category"] = ["没有这个类别，或已停用，请重新选择。"]
    if not keywords and not text.category:
        errors["keywords"] = ["请至少填写一个关键词或选择一个类别，否则每件事项都会命中。"]
    if len(keywords) > MOST_KEYWORDS:
        errors["keywords"] = [f"关键词最多 {MOST_KEYWORDS} 个，请拆成两条规则。"]
    if errors:
        raise Invalid(errors)
    return {
        "department": department,
        "region_path": region.path,
        "category": text.category or None,
        "keywords": keywords,
        "priority": text.priority,
        "reason": text.reason,
    }
