"""The same harmless move on many at once: each in a transaction of its own, so that one refused holds up no other."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import flash, redirect, render_template, url_for
from marshmallow import fields, validate
from werkzeug.wrappers import Response

from liaison.domain.errors import DomainError, Unavailable
from liaison.services import assignments
from liaison.web.console.frame import blueprint
from liaison.web.console.narrowing import from_query
from liaison.web.fields import Input
from liaison.web.guards import current_actor, guard
from liaison.web.paging import MAX_LIMIT
from liaison.web.uploads import read_body
from liaison.web.wiring import now, unit_of_work

NONE_CHOSEN = "还没有选择要签收的交办单，请先在前面打勾。"


class Chosen(Input):
    """The assignments ticked on one page, and that page's address."""

    reference = fields.List(
        fields.String(), load_default=list, validate=validate.Length(max=MAX_LIMIT, error="一次最多签收 100 件。")
    )
    back = fields.String(load_default="")


@dataclass(frozen=True)
class Refused:
    """One that was not done, and why."""

    reference: str
    why: str


@blueprint.post("/acknowledge")
@guard("assignment.acknowledge")
def acknowledge_many() -> Response | str:
    """Sign for every assignment ticked; which were, and which not and why."""
    body = read_body(Chosen())
    back = url_for("console.home", **from_query(body["back"]))
    if not body["reference"]:
        flash(NONE_CHOSEN, "warning")
        return redirect(back, 303)
    done, refused = _acknowledge(list(dict.fromkeys(body["reference"])))
    if not refused:
        flash(f"已签收 {len(done)} 件，办理时限从交办时起算。")
        return redirect(back, 303)
    return render_template("console/acknowledged.html", done=done, refused=refused, back=back)


def _acknowledge(references: Sequence[str]) -> tuple[list[str], list[Refused]]:
    done, refused = [], []
    for reference in references:
        try:
            with unit_of_work():
                assignments.acknowledge(current_actor(), reference, now=now())
        except Unavailable:
            raise
        except DomainError as error:
            refused.append(Refused(reference, error.detail))
        else:
            done.append(reference)
    return done, refused
