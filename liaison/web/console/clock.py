"""The alarm of the database's clock as a page: what happened, what waits, and the button of who has looked."""

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from liaison.domain.errors import WrongState
from liaison.domain.policy import may
from liaison.services import audit, timekeeping
from liaison.web.console.frame import blueprint
from liaison.web.errors import status_of
from liaison.web.guards import current_actor, guard
from liaison.web.wiring import now, unit_of_work


@blueprint.get("/clock")
@guard("clock.read")
def clock_page() -> str:
    """How the clock stands."""
    return _page()


@blueprint.post("/clock/confirm")
@guard("clock.confirm")
def clock_confirm() -> Response | tuple[str, int]:
    """Take the clock as right as it stands; what waited goes on with the next tick."""
    try:
        with unit_of_work():
            timekeeping.confirm(current_actor().name, now())
            audit.note(current_actor(), "clock.confirm", now())
    except WrongState as error:
        return _page(error), status_of(error)
    flash("已确认系统时钟无误，提醒和到期处理将在一分钟内继续。")
    return redirect(url_for("console.clock_page"), 303)


def _page(error: WrongState | None = None) -> str:
    return render_template(
        "console/clock.html",
        alarm=timekeeping.find_alarm(),
        confirmed=timekeeping.last_confirmed(),
        now=now(),
        confirms=may(current_actor().role, "clock.confirm"),
        error=error,
    )
