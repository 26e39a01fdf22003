"""The registers' pages: departments, deputies and categories in lists, one row of each with what hangs on it, and the
same form for stations, whose list is the tree of `console.stations`."""

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from liaison.domain.errors import Conflict, DomainError, Invalid
from liaison.services import (
    register_categories,
    register_departments,
    register_deputies,
    register_lists,
    register_stations,
    registers,
)
from liaison.services.departments import regions_within
from liaison.services.deputies import stations_of
from liaison.services.register_lists import Wanted
from liaison.services.register_sheets import Entry
from liaison.web.console.choices import Choices
from liaison.web.console.frame import blueprint, flash_undo
from liaison.web.console.register_faces import FACES, changed_parts, form_values
from liaison.web.errors import status_of
from liaison.web.guards import current_actor, guard
from liaison.web.paging import page
from liaison.web.uploads import read_body
from liaison.web.wiring import now, unit_of_work

LONGEST = 50
BASES = MappingProxyType(
    {"department": "/departments", "deputy": "/deputies", "category": "/categories", "station": "/stations"}
)
HANGING: MappingProxyType[str, Callable[[Any], dict]] = MappingProxyType(
    {
        "department": register_departments.hanging_on,
        "deputy": register_deputies.hanging_on,
        "category": register_categories.hanging_on,
        "station": register_stations.hanging_on,
    }
)
ACTS = MappingProxyType({"retire": (registers.retire, "已停用。"), "restore": (registers.restore, "已恢复使用。")})


def _on(method: str, below: str = "", own: str = "", *, kinds: tuple[str, ...] = tuple(BASES)) -> Callable:
    """Put a view on the addresses of these kinds; a station's own page is its roster, so its row stands at `own`."""

    def put(view: Callable) -> Callable:
        for kind in kinds:
            address = f"{BASES[kind]}{own if own and kind == 'station' else below}"
            blueprint.route(address, methods=[method], defaults={"kind": kind})(view)
        return view

    return put


@_on("GET", kinds=("department", "deputy", "category"))
@guard("registers.read")
def register_list(kind: str) -> str:
    """The rows within reach that fit the search and the filters."""
    actor, asked = current_actor(), {name: value.strip()[:LONGEST] for name, value in request.args.items()}
    told = {"words": "q", "region": "region", "kind": "level", "state": "state"}
    wanted = Wanted(**{part: asked.get(name, "") for part, name in told.items()})
    rows, following = _rows(kind, wanted)
    return render_template(
        "console/registers.html",
        face=FACES[kind],
        faces=FACES,
        rows=rows,
        following=following,
        people=register_lists.people_of(kind, rows),
        stations=stations_of(rows) if kind == "deputy" else {},
        asked=asked,
        here={name: asked[name] for name in ("q", "region", "level", "state") if asked.get(name)},
        choices=Choices(actor),
        may_add=kind != "category" or register_categories.may_change(actor),
    )


@_on("GET", "/new")
@guard("registers.write")
def register_form(kind: str) -> str:
    """The form for a new row."""
    values = form_values(registers.KINDS[kind].blank)
    if kind == "department":  # most are the county's own
        values["region"] = regions_within(current_actor())[0].code
    return _form(kind, values)


@_on("POST", "/new")
@guard("registers.write")
def register_add(kind: str) -> Response | tuple[str, int]:
    """Add a row."""
    try:
        told = read_body(FACES[kind].schema())
        told.pop("seen")
        with unit_of_work():
            row, _ = registers.put(current_actor(), kind, told, now(), add=True)
    except Invalid as error:
        return _form(kind, request.form, error), status_of(error)
    flash(f"已添加{FACES[kind].word}“{row.name}”（代号 {row.code}）。")
    return redirect(_address(kind, row.code, added=True), 303)


@_on("GET", "/<code>", "/<code>/register")
@guard("registers.read")
def register_page(kind: str, code: str) -> str:
    """One row: its form, what hangs on it, and the way to retire or restore it."""
    return _page(kind, registers.get_row(current_actor(), kind, code))


@_on("POST", "/<code>", "/<code>/register")
@guard("registers.write")
def register_change(kind: str, code: str) -> Response | tuple[str, int]:
    """Change a row; whoever saves after somebody else is shown what changed, and keeps what was typed."""
    actor = current_actor()
    registers.get_row(actor, kind, code)
    try:
        told = read_body(FACES[kind].schema(exclude=("code",) if FACES[kind].has_code else ()))
        seen = told.pop("seen")
        with unit_of_work():
            _, changed = registers.put(actor, kind, told | {"code": code}, now(), seen=seen)
    except (Invalid, Conflict) as error:
        return _page(kind, registers.get_row(actor, kind, code), error), status_of(error)
    flash("已保存。" if changed else "没有需要保存的修改。")
    return redirect(_address(kind, code), 303)


@_on("POST", "/<code>/<any(retire,restore):act>", "/<code>/<any(retire,restore):act>")
@guard("registers.write")
def register_act(kind: str, code: str, act: str) -> Response | tuple[str, int]:
    """Retire a row, or take it into use again."""
    actor, (work, words) = current_actor(), ACTS[act]
    registers.get_row(actor, kind, code)
    try:
        with unit_of_work():
            row, _ = work(actor, kind, code, now())
    except Conflict as error:
        return _page(kind, registers.get_row(actor, kind, code), error, refused="act"), status_of(error)
    if act == "retire" and kind != "deputy":  # who is off the rosters does not come back on them by a click
        back = url_for("console.register_act", kind=kind, code=code, act="restore")
        flash_undo(f"“{row.name}”{words}", back)
    else:
        flash(f"“{row.name}”{words}")
    return redirect(_address(kind, code), 303)


def _rows(kind: str, wanted: Wanted) -> tuple[list[Entry], str | None]:
    """A page of a list and where it goes on; categories, a hundred at most, are one page."""
    actor = current_actor()
    if kind == "category":
        return register_lists.list_rows(actor, kind, wanted), None
    return page(
        lambda after, limit: register_lists.list_rows(actor, kind, wanted, after=after, limit=limit),
        lambda row: register_lists.cursor_of(kind, row),
        (str, str),
    )


def _address(kind: str, code: str, *, added: bool = False) -> str:
    """Where a row is looked at; a new station's QR code and poster are on its own page."""
    if kind == "station" and added:
        return url_for("console.station_page", code=code)
    return url_for("console.register_page", kind=kind, code=code)


def _form(kind: str, values: MultiDict, error: DomainError | None = None) -> str:
    return render_template(
        "console/register_new.html",
        face=FACES[kind],
        values=values,
        error=error,
        errors=error.errors if isinstance(error, Invalid) else {},
        choices=Choices(current_actor()),
    )


def _page(kind: str, row: Entry, error: DomainError | None = None, *, refused: str = "form") -> str:
    """The page; after a refusal with what was typed, and after somebody else's change with what that changed."""
    face, choices = FACES[kind], Choices(current_actor())
    now_at = form_values(registers.told_of(kind, row))
    values = request.form if error and refused == "form" else now_at
    return render_template(
        "console/register.html",
        face=face,
        row=row,
        values=values,
        seen=registers.stamp(kind, row),
        hanging=HANGING[kind](row),
        error=error,
        refused=refused if error else "",
        errors=error.errors if isinstance(error, Invalid) else {},
        others=changed_parts(face, now_at, values, choices) if isinstance(error, Conflict) else (),
        choices=choices,
        may_change=kind != "category" or register_categories.may_change(current_actor()),
    )
