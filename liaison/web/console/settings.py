"""The settings page: what a county changes itself, what the installation's file says, and how the system stands."""

from collections.abc import Callable, Sequence
from itertools import groupby

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from liaison.domain.errors import Conflict, Invalid
from liaison.domain.policy import may
from liaison.models.preferences import SettingChange
from liaison.services import calendars, local_terms, preference_changes, timekeeping
from liaison.services.departments import regions_within
from liaison.services.preference_changes import InForce
from liaison.web.console.file_settings import fixed, in_file
from liaison.web.console.frame import blueprint, flash_undo
from liaison.web.console.inputs import SettingsIn, UndoIn
from liaison.web.errors import status_of
from liaison.web.guards import current_actor, guard
from liaison.web.labels import label
from liaison.web.uploads import read_body
from liaison.web.wiring import now, today, unit_of_work, wiring


@blueprint.get("/settings")
@guard("settings.read")
def settings_page() -> str:
    """The settings of one region, the viewer's own unless another is asked for."""
    return _page(request.args.get("region") or regions_within(current_actor())[0].code)


@blueprint.post("/settings/<region>/values")
@guard("settings.write")
def settings_values(region: str) -> Response | tuple[str, int]:
    """Write the numbers of one group."""
    group = request.form.get("group", "")
    try:
        body = read_body(SettingsIn())
        with unit_of_work():
            told = {"seen": body.pop("seen"), "now": now()}
            changes = preference_changes.set_values(current_actor(), region, body.pop("group"), body, **told)
    except (Invalid, Conflict) as error:
        return _page(region, error, group), status_of(error)
    return _done(region, changes)


@blueprint.post("/settings/<region>/take-back")
@guard("settings.write")
def settings_undo(region: str) -> Response | tuple[str, int]:
    """Take one change back."""
    try:
        body = read_body(UndoIn())
        with unit_of_work():
            changes = preference_changes.undo(current_actor(), region, body["change"], now())
    except (Invalid, Conflict) as error:
        return _page(region, error), status_of(error)
    return _done(region, changes)


def change_words(change: SettingChange) -> str:
    """What changed, from what to what."""
    unit = label("preference_unit", change.key)
    steps = ("沿用" if value is None else f"{value} {unit}" for value in (change.before, change.after))
    return f"{label('preference', change.key)}：{' → '.join(steps)}"


def _done(region: str, changes: Sequence[SettingChange]) -> Response:
    for each in changes:
        address = url_for("console.settings_undo", region=region)
        flash_undo(f"已保存。{change_words(each)}。", address, change=str(each.id))
    if not changes:
        flash("没有改动。")
    return redirect(url_for("console.settings_page", region=region), 303)


def _page(code: str, error: Invalid | Conflict | None = None, group: str = "") -> str:
    """The page; after a refusal the refused group keeps what was typed."""
    actor = current_actor()
    region, settings = preference_changes.settings_of(actor, code)
    groups = [(name, list(each)) for name, each in groupby(settings, key=lambda each: each.preference.group)]
    return render_template(
        "console/settings.html",
        region=region,
        regions=regions_within(actor),
        groups=groups,
        seen={name: preference_changes.last_change(region, name) for name, _ in groups},
        typed=_typed(settings) | (request.form.to_dict() if group else {}),
        writes=may(actor.role, "settings.write"),
        terms=local_terms.terms_of(actor, code),
        edits_terms=may(actor.role, "ladders.read"),
        history=preference_changes.history(actor),
        words=change_words,
        may_open=_opens(actor.role),
        in_file=in_file(wiring().config),
        fixed=fixed(),
        alarm=timekeeping.find_alarm(),
        coverage=calendars.coverage(today()),
        error=error,
        errors=error.errors if isinstance(error, Invalid) else {},
    )


def _opens(role: str) -> Callable[[str], bool]:
    return lambda action: may(role, action)


def _typed(settings: Sequence[InForce]) -> dict[str, str]:
    return {each.preference.key: "" if each.own is None else str(each.own) for each in settings}
