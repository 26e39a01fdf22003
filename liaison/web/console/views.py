"""Saved views of one's own list: kept under a name, renamed by saving again, removed with a way back."""

from flask import flash, redirect, url_for
from marshmallow import fields
from werkzeug.wrappers import Response

from liaison.domain.errors import Invalid
from liaison.services import saved_views
from liaison.services.saved_views import LONGEST_NAME
from liaison.web.console.frame import blueprint, flash_undo
from liaison.web.console.inbox import inbox_page
from liaison.web.console.narrowing import LONGEST_QUERY, as_query, from_query
from liaison.web.fields import Input, Words
from liaison.web.guards import current_actor, guard
from liaison.web.uploads import read_body
from liaison.web.wiring import now, unit_of_work


class ViewIn(Input):
    """A name, and the list's address as it stands."""

    name = Words(1, LONGEST_NAME, required=True)
    query = fields.String(load_default="", validate=lambda query: len(query) <= LONGEST_QUERY)


class ViewNamed(Input):
    """A view by its name."""

    name = fields.String(required=True)


@blueprint.post("/views")
@guard("desk.write")
def view_save() -> Response | tuple[str, int]:
    """Keep the list as it is narrowed now under a name."""
    try:
        body = read_body(ViewIn())
        kept = from_query(body["query"])
        with unit_of_work():
            saved_views.save_view(current_actor(), body["name"], as_query(kept), kept.get("q", ""), now=now())
    except Invalid as error:
        return inbox_page(current_actor(), now(), error.errors)
    flash(f"已保存视图“{body['name']}”。")
    return redirect(url_for("console.home", **kept), 303)


@blueprint.post("/views/removal")
@guard("desk.write")
def view_remove() -> Response:
    """Forget a view; one that is gone already is gone."""
    with unit_of_work():
        gone = saved_views.remove_view(current_actor(), read_body(ViewNamed())["name"])
    if gone is not None:
        flash_undo(f"已删除视图“{gone.name}”。", url_for("console.view_save"), name=gone.name, query=gone.query)
    return redirect(url_for("console.home"), 303)
