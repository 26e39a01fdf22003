"""The office's page of routing rules: list, add, edit, switch off, and try them on a text."""

from collections.abc import Sequence
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from liaison.domain.errors import DomainError, Invalid
from liaison.domain.routing import Suggestion
from liaison.models.departments import RoutingRule
from liaison.services import rules, stations, trials
from liaison.services.departments import regions_within
from liaison.services.trials import Trial
from liaison.web.console.choices import Choices
from liaison.web.console.fields import Field
from liaison.web.console.frame import blueprint
from liaison.web.console.inputs import RuleIn, SwitchIn, TryIn, rule_text
from liaison.web.guards import current_actor, guard
from liaison.web.uploads import from_form, load, read_body
from liaison.web.wiring import now, unit_of_work

RULE_FIELDS = (
    Field("keywords", "关键词", "line", help="用空格或顿号隔开，文中出现任何一个即命中。"),
    Field("category", "类别", "select", "categories", "留空表示不限类别。"),
    Field("department", "建议的承办单位", "select", "departments", required=True),
    Field("region", "适用区域", "select", "regions", "对该区域及其下级有效。", required=True),
    Field("priority", "优先级", "number", help="数字大的优先；常用 10。", required=True),
    Field("reason", "依据", "line", help="交办时会显示给人大办，例如“三定方案”。", required=True),
)


@blueprint.get("/rules")
@guard("rules.read")
def rule_list() -> str:
    """All rules within reach; with `text` in the address, what they would suggest for it."""
    errors, found, trial = _tried()
    return render_template(
        "console/rules.html",
        rules=rules.list_rules(current_actor()),
        choices=Choices(current_actor()),
        regions={region.path: region.name for region in regions_within(current_actor())},
        asked=request.args,
        errors=errors,
        found=found,
        trial=trial,
        now=now(),
    )


@blueprint.get("/rules/new")
@guard("rules.write")
def rule_form() -> str:
    """The form for a new rule."""
    region = regions_within(current_actor())[0]
    return _form(None, MultiDict({"priority": "10", "region": region.code}))


@blueprint.post("/rules/new")
@guard("rules.write")
def rule_add() -> Response | tuple[str, int]:
    """Write a new rule."""
    try:
        body = read_body(RuleIn())
        with unit_of_work():
            rules.add_rule(current_actor(), rule_text(body), now())
    except Invalid as error:
        return _form(None, request.form, error), 422
    flash("规则已添加，立即生效。")
    return redirect(url_for("console.rule_list"), 303)


@blueprint.get("/rules/<uuid:rule_id>")
@guard("rules.write")
def rule_edit(rule_id: UUID) -> str:
    """The form for a rule that exists."""
    rule = rules.get_rule(current_actor(), rule_id)
    return _form(rule, _values(rule))


@blueprint.post("/rules/<uuid:rule_id>")
@guard("rules.write")
def rule_change(rule_id: UUID) -> Response | tuple[str, int]:
    """Replace what a rule says."""
    actor = current_actor()
    try:
        body = read_body(RuleIn())
        with unit_of_work():
            rules.change_rule(actor, rule_id, rule_text(body), now())
    except Invalid as error:
        return _form(rules.get_rule(actor, rule_id), request.form, error), 422
    flash("规则已修改，立即生效。")
    return redirect(url_for("console.rule_list"), 303)


@blueprint.post("/rules/<uuid:rule_id>/switch")
@guard("rules.write")
def rule_switch(rule_id: UUID) -> Response:
    """Put a rule out of use or into use."""
    body = read_body(SwitchIn())
    with unit_of_work():
        rules.switch_rule(current_actor(), rule_id, body["on"], now())
    flash("规则已启用。" if body["on"] else "规则已停用。")
    return redirect(url_for("console.rule_list"), 303)


def _tried() -> tuple[dict, Sequence[Suggestion] | None, Trial | None]:
    """The faults of what was typed, the departments for it, and with a station everything else."""
    if "text" not in request.args:
        return {}, None, None
    actor = current_actor()
    try:
        body = load(TryIn(), from_form(TryIn(), request.args))
        if body["station"]:
            trial = trials.try_out(actor, body["station"], body["text"], body["category"], now())
            return {}, trial.suggested, trial
    except Invalid as error:
        return error.errors, None, None
    category = stations.find_category(body["category"])
    return {}, stations.suggest_departments(actor.region_path, body["text"], category), None


def _form(rule: RoutingRule | None, values: MultiDict, error: DomainError | None = None) -> str:
    return render_template(
        "console/rule.html", rule=rule, fields=RULE_FIELDS, values=values, error=error, choices=Choices(current_actor())
    )


def _values(rule: RoutingRule) -> MultiDict:
    regions = regions_within(current_actor())
    region = next((each.code for each in regions if each.path == rule.region_path), regions[0].code)
    return MultiDict(
        {
            "keywords": " ".join(rule.keywords),
            "category": rule.category or "",
            "department": rule.department.code,
            "region": region,
            "priority": str(rule.priority),
            "reason": rule.reason,
        }
    )
