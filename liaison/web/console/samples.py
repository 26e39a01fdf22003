"""Look-back sampling: draw closed cases by lot, then work through them with the result written down in place."""

from datetime import timedelta
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from marshmallow import fields, validate
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from liaison.domain.errors import Invalid
from liaison.services import preferences, sampling
from liaison.services.sampling import MOST, Wish
from liaison.web.console.choices import Choices
from liaison.web.console.fields import Field
from liaison.web.console.frame import blueprint
from liaison.web.console.queues import counts
from liaison.web.fields import Input
from liaison.web.guards import current_actor, guard
from liaison.web.uploads import read_body
from liaison.web.wiring import now, today, unit_of_work

QUARTER = timedelta(days=90)
FIELDS = (
    Field("since", "销号日期从", "date", required=True),
    Field("until", "到", "date", required=True),
    Field("amount", "抽多少", "number", required=True),
    Field("unit", "单位", "radio", "unit", required=True),
    Field("department", "承办单位", "select", "departments", "不选为全部单位。"),
    Field("station", "联络站", "select", "stations", "不选为全部联络站。"),
)


class SampleIn(Input):
    """From which closed cases how many are drawn."""

    since = fields.Date(required=True)
    until = fields.Date(required=True)
    amount = fields.Integer(required=True, validate=validate.Range(1, MOST, error=f"请填写 1 到 {MOST} 之间的整数。"))
    unit = fields.String(required=True, validate=validate.OneOf(("percent", "number"), error="请选择百分比或件数。"))
    department = fields.String(load_default="")
    station = fields.String(load_default="")


@blueprint.get("/samples")
@guard("sample.read")
def sample_list() -> str:
    """The samples drawn so far, and the form for another."""
    share = preferences.in_force("sample_percent", current_actor().region_path)
    start = {"since": (today() - QUARTER).isoformat(), "until": today().isoformat(), "amount": str(share)}
    return _list(MultiDict(start | {"unit": "percent"}))


@blueprint.post("/samples")
@guard("sample.draw")
def sample_draw() -> Response | tuple[str, int]:
    """Draw a sample."""
    try:
        body = read_body(SampleIn())
        percent = body.pop("unit") == "percent"
        with unit_of_work():
            sample = sampling.draw_sample(current_actor(), Wish(**body, percent=percent), now=now())
    except Invalid as error:
        return _list(request.form, error), 422
    flash("已抽好，请逐件回头看并记录结果。")
    return redirect(url_for("console.sample_page", sample_id=sample.id), 303)


@blueprint.get("/samples/<uuid:sample_id>")
@guard("sample.read")
def sample_page(sample_id: UUID) -> str:
    """One sample: how it was drawn, how far it has come, and a form for each case that nobody has looked at."""
    sample, rows = sampling.get_sample(current_actor(), sample_id)
    return render_template("console/sample.html", sample=sample, rows=rows)


def _list(values: MultiDict, error: Invalid | None = None) -> str:
    actor = current_actor()
    return render_template(
        "console/samples.html",
        samples=sampling.samples(actor),
        fields=FIELDS,
        values=values,
        error=error,
        choices=Choices(actor),
        counts=counts(actor),
    )
