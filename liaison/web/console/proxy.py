"""Proxy entry (代录): a station's liaison writes down what somebody without a phone tells, and hands over a receipt."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from flask import render_template, request
from werkzeug.datastructures import MultiDict

from liaison.domain.errors import Conflict, DomainError, Invalid
from liaison.models.stations import Station
from liaison.services import sign_in
from liaison.services.intake import MAX_TEXT, MIN_TEXT, Submitted
from liaison.services.photos import MAX_PHOTOS, Kept
from liaison.web import schemas
from liaison.web.console.choices import Choices
from liaison.web.console.fields import Field
from liaison.web.console.frame import blueprint
from liaison.web.errors import status_of
from liaison.web.guards import current_actor, guard
from liaison.web.resident.submitting import Teller, open_files, seal_files, submit
from liaison.web.uploads import from_form, keep_photos, load
from liaison.web.wiring import wiring

_LENGTH = f"照群众的原话写，{MIN_TEXT} 到 {MAX_TEXT} 字；写好后念给群众听一遍。"
_ABOUT = "填了，它就回避：看不到这件事，也不会知道是谁反映的。"
PROXY_FIELDS = (
    Field("text", "群众说的事", help=_LENGTH, required=True),
    Field("category", "类别", "select", "categories"),
    Field("place.name", "地点", "line", help="例如“老街菜场东门”。"),
    Field("about.department", "要反映的是某个部门吗", "select", "departments", _ABOUT),
    Field("about.person", "要反映的是某个人吗", "line", help="照群众的说法写；只给人大办看，由人大办安排回避。"),
    Field("contact.name", "群众姓名", "line", help="可以不留；加密保存。"),
    Field("contact.phone", "联系电话", "line", help="可以不留；加密保存。"),
    Field("share_identity", "群众同意让承办人员看到姓名和电话", "tick"),
    Field("photos", "照片", "photos", help=f"最多 {MAX_PHOTOS} 张，每张不超过 10 MB。"),
)


@dataclass
class Draft:
    """An entry on its way: the key that makes it count once, its photos, and what is wrong with it."""

    key: str
    photos: list[Kept] = field(default_factory=list)
    errors: dict[str, list[str]] = field(default_factory=dict)


@blueprint.get("/station/new")
@guard("station.enter")
def proxy_entry() -> str:
    """The form for a matter told at the station's counter."""
    return _form(Draft(uuid.uuid4().hex))


@blueprint.post("/station/new")
@guard("station.enter")
def proxy_submit() -> tuple[str, int]:
    """Take the matter in; the answer is the receipt, the same again when the form is sent twice."""
    draft, station = Draft(_key()), _station()
    try:
        body = _read(station, draft)
        submitted = submit(station.code, draft.key, body, draft.photos, Teller("proxy", current_actor()))
    except Invalid as error:
        draft.errors |= error.errors
        return _form(draft, error), 422
    except Conflict as error:
        draft.key = uuid.uuid4().hex
        return _form(draft, error), status_of(error)
    return _receipt(submitted), 201 if submitted.created else 200


def _station() -> Station:
    return sign_in.get_account(current_actor().account_id).station


def _key() -> str:
    """The form's key; one that no form of ours has is replaced."""
    given = request.form.get("key", "")
    return given if len(given) == 32 and given.isalnum() else uuid.uuid4().hex


def _read(station: Station, draft: Draft) -> dict[str, Any]:
    """The checked body; the draft gets the photos first, so that they outlive other mistakes. Raises Invalid."""
    draft.photos = open_files(station.code, draft.key, request.form.getlist("kept"))
    try:
        draft.photos += keep_photos(request.files.getlist("photos"))
    except Invalid as error:
        draft.errors |= error.errors
    if len(draft.photos) > MAX_PHOTOS:
        draft.errors["photos"] = [f"最多上传 {MAX_PHOTOS} 张照片，请去掉一些。"]
    schema = schemas.SubmissionIn.kept()
    body = load(schema, from_form(schema, request.form))
    if draft.errors:
        raise Invalid(draft.errors)
    return body


def _receipt(submitted: Submitted) -> str:
    return render_template(
        "console/receipt.html",
        case=submitted.case,
        receipt=submitted.receipt,
        secret=submitted.secret,
        address=f"{wiring().config.base_url}/m/{submitted.case.number}",
    )


def _form(draft: Draft, error: DomainError | None = None) -> str:
    station = _station()
    return render_template(
        "console/proxy.html",
        fields=PROXY_FIELDS,
        values=request.form if request.form else MultiDict(),
        draft=draft,
        kept=seal_files(station.code, draft.key, draft.photos),
        error=error,
        station=station,
        choices=Choices(current_actor()),
    )
