"""Makes a JSON route of every form: one transaction around its use case and the fresh matter, which is the answer.

A move after which its maker no longer sees the matter is answered with 204 and nothing.
"""

from collections.abc import Callable, Iterable
from typing import Any

from apiflask import APIBlueprint
from flask import request
from marshmallow import Schema

from liaison.services.documents import MAX_DOCUMENTS
from liaison.web.described import describe
from liaison.web.forms import Form
from liaison.web.guards import current_actor, guard
from liaison.web.uploads import read_body
from liaison.web.wiring import now, unit_of_work

Fetch = Callable[[str], Any]
MOVE_REFUSES = (404, 409)


def add_moves(blueprint: APIBlueprint, rule: str, forms: Iterable[Form], gives: type[Schema], fetch: Fetch) -> None:
    """Add `POST {rule}/{form}` for each form; `fetch(reference)` makes the answer, a `gives`, before the commit."""
    for form in forms:
        view = guard(form.action)(_view(form, fetch))
        view.__name__ = form.name.replace("-", "_")
        view.__doc__ = f"{form.name.replace('-', ' ').capitalize()}. {form.schema.__doc__}"
        described = describe(
            None if form.leaves else gives,
            status=204 if form.leaves else 200,
            takes=form.schema,
            files={"files": MAX_DOCUMENTS} if form.takes_files else None,
            refuses=MOVE_REFUSES,
        )
        blueprint.post(f"{rule}/{form.name}")(described(view))


def _view(form: Form, fetch: Fetch) -> Callable[[str], Any]:
    def view(reference: str) -> Any:
        body = read_body(form.schema.kept(), takes_files=form.takes_files)
        with unit_of_work():
            form.run(current_actor(), reference, body, now())
            return ("", 204) if form.leaves else fetch(reference)

    return view


def box() -> str:
    """The box a list asks for."""
    return request.args.get("box", "todo")
