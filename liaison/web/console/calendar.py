"""The working-day calendar as a page: how far it reaches, and a new table, taken in after seeing what it moves."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from liaison.domain.errors import Invalid
from liaison.domain.policy import may
from liaison.domain.text import decoded
from liaison.services import calendars, recalculation
from liaison.services.recalculation import Recalculated
from liaison.web.console.frame import blueprint
from liaison.web.console.inputs import LONGEST_TABLE, TOO_LONG, TableIn
from liaison.web.guards import current_actor, guard
from liaison.web.uploads import read_body
from liaison.web.wiring import now, today, unit_of_work

SHOWN = 200
"""How many moved deadlines a preview lists; it counts all of them."""


@blueprint.get("/calendar")
@guard("calendar.read")
def calendar_page() -> str:
    """How far the calendar reaches, and the imports so far."""
    return _page()


@blueprint.post("/calendar/preview")
@guard("calendar.write")
def calendar_preview() -> str | tuple[str, int]:
    """What a table would move; nothing of it stays."""
    table = ""
    try:
        table = _table()
        with unit_of_work():
            found = recalculation.preview_table(table, now())
    except Invalid as error:
        return _page(table, error=error), 422
    return _page(table, found)


@blueprint.post("/calendar/import")
@guard("calendar.write")
def calendar_import() -> Response | tuple[str, int]:
    """Take a table in."""
    table = ""
    try:
        table = _table()
        with unit_of_work():
            done = recalculation.load_table(table, now(), current_actor())
    except Invalid as error:
        return _page(table, error=error), 422
    flash(f"已导入 {'、'.join(map(str, sorted(done.years)))} 年的安排，{done.moved} 个时限随之变动。")
    return redirect(url_for("console.calendar_page"), 303)


def _table() -> str:
    """The table as pasted or uploaded. Raises Invalid."""
    pasted = read_body(TableIn())["table"]
    upload = request.files.get("file")
    table = decoded(upload.read(), "file") if upload and upload.filename else pasted
    if len(table) > LONGEST_TABLE:
        raise Invalid({"file": [TOO_LONG]})
    return table


def _page(table: str = "", found: Recalculated | None = None, error: Invalid | None = None) -> str:
    actor = current_actor()
    near = [shift for shift in found.shifts if shift.region_path.startswith(actor.region_path)] if found else []
    return render_template(
        "console/calendar.html",
        coverage=calendars.coverage(today()),
        today=today(),
        warned=calendars.WARNED,
        imports=recalculation.imports(),
        writes=may(actor.role, "calendar.write"),
        links=may(actor.role, "console.case"),
        table=table,
        found=found,
        near=near[:SHOWN],
        more=max(0, len(near) - SHOWN),
        elsewhere=len(found.shifts) - len(near) if found else 0,
        error=error,
    )
