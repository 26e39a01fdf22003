"""The duty calendar: a month of one station or of all within reach, and changes of single days."""

from datetime import date

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from liaison.domain.calendar import corresponding_day
from liaison.domain.duty import Change
from liaison.domain.errors import Invalid
from liaison.domain.policy import may
from liaison.services import duty_days, rosters, stations
from liaison.services.duty_days import Wish
from liaison.web.console.frame import blueprint, flash_undo
from liaison.web.console.inputs import DutyDayIn
from liaison.web.guards import current_actor, guard
from liaison.web.uploads import read_body
from liaison.web.wiring import now, today, unit_of_work

_DONE = {
    None: "恢复按名册轮值",
    Change.STANDS_IN: "已安排代班",
    Change.OFF: "这一天不值班",
    Change.EXTRA: "已加一天值班",
}
MOST_PAGES = 1000
"""As many pages of stations as anybody could turn; a larger number in an address is a mistake."""


@blueprint.get("/duty")
@guard("roster.read")
def duty_overview() -> str | tuple[str, int]:
    """A month of all stations within reach."""
    first, error = _month()
    page = max(0, min(request.args.get("page", 0, int), MOST_PAGES))
    found, more = duty_days.months_within(current_actor(), first, skip=page * duty_days.PAGE)
    told = {"months": found, "more": more, "page": page, "error": error}
    shown = render_template("console/duty_overview.html", **told, **_around(first))
    return (shown, 422) if error else shown


@blueprint.get("/stations/<code>/duty")
@guard("roster.read")
def duty_month(code: str) -> str | tuple[str, int]:
    """A month of one station."""
    first, error = _month()
    page = _page(code, first, error)
    return (page, 422) if error else page


@blueprint.post("/stations/<code>/duty-day")
@guard("roster.write")
def duty_day(code: str) -> Response | tuple[str, int]:
    """Change one day, or take the change back."""
    try:
        body = read_body(DutyDayIn())
        wish = Wish(body["day"], Change(body["change"]) if body["change"] else None, body["deputy"])
        with unit_of_work():
            before = duty_days.change_day(current_actor(), code, wish, now())
    except Invalid as error:
        return _page(code, _month()[0], error), 422
    words = f"{wish.day.month} 月 {wish.day.day} 日：{_DONE[wish.change]}。"
    fields = {"day": wish.day.isoformat(), "change": before.change or "", "deputy": before.deputy}
    flash_undo(words, url_for("console.duty_day", code=code), **fields)
    return redirect(url_for("console.duty_month", code=code, month=f"{wish.day:%Y-%m}"), 303)


def _month() -> tuple[date, Invalid | None]:
    """The month that is asked for; this one, and why, when it cannot be shown."""
    try:
        return duty_days.read_month(request.values.get("month", ""), today()), None
    except Invalid as error:
        return today().replace(day=1), error


def _around(first: date) -> dict:
    """The month and its neighbours as far as they may be asked for."""
    this = today().replace(day=1)
    before, after = corresponding_day(first, -1), corresponding_day(first, 1)
    return {
        "first": first,
        "before": before if before >= corresponding_day(this, -duty_days.AROUND) else None,
        "after": after if after <= corresponding_day(this, duty_days.AROUND) else None,
        "today": today(),
    }


def _page(code: str, first: date, error: Invalid | None = None) -> str:
    actor = current_actor()
    month = duty_days.month_of(actor, code, first)
    listed = {each.id for each in stations.deputies_of(month.station, today())}
    able = rosters.deputies_to_take_over(month.station.region.path)
    return render_template(
        "console/duty_month.html",
        month=month,
        station=month.station,
        weeks=_weeks(month.days),
        listed=[each for each in able if each.id in listed],
        others=[each for each in able if each.id not in listed],
        writes=may(actor.role, "roster.write"),
        typed=request.values,
        changes=list(Change),
        error=error,
        errors=error.errors if error else {},
        **_around(first),
    )


def _weeks(days: list[duty_days.DutyDay]) -> list[list[duty_days.DutyDay | None]]:
    """The days as rows from Monday to Sunday, those of other months left empty."""
    filled = [None] * days[0].day.weekday() + list(days)
    filled += [None] * (-len(filled) % 7)
    return [filled[start : start + 7] for start in range(0, len(filled), 7)]
