"""Published answers, as pages and as JSON: what the office redacted by hand and the resident agreed to."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

from apiflask import APIBlueprint
from flask import Blueprint, Response, render_template, request, send_file
from marshmallow import Schema, fields

from liaison.domain.errors import Invalid, NotFound
from liaison.domain.numbers import check_number
from liaison.models.cases import Publication
from liaison.services import file_check, publication, published_photos, stations
from liaison.web.answers import PageQuery
from liaison.web.described import describe
from liaison.web.guards import guard
from liaison.web.paging import page
from liaison.web.projections import moment
from liaison.web.wiring import wiring

blueprint = Blueprint("answers", __name__, url_prefix="/public")
api = APIBlueprint("answers_api", __name__, url_prefix="/api/v1/public", tag="Public")
LONGEST_QUERY = 50


class AnswersQuery(PageQuery):
    """What to look for, and which page."""

    q = fields.String(load_default="", metadata={"description": f"words, of which {LONGEST_QUERY} characters count"})
    category = fields.String(load_default="", metadata={"description": "the code of a category"})
    station = fields.String(load_default="", metadata={"description": "the code of a station"})


class AnswerOut(Schema):
    """One published answer."""

    number = fields.String(required=True)
    title = fields.String(required=True)
    text = fields.String(required=True)
    answer = fields.String(required=True)
    published_at = fields.DateTime(required=True)
    url = fields.URL(required=True, require_tld=False)


class AnswerRowOut(AnswerOut):
    """One line of the list."""


class AnswersOut(Schema):
    """A page of published answers, newest first."""

    items = fields.List(fields.Nested(AnswerRowOut), required=True)
    next = fields.String(required=True, allow_none=True)


@blueprint.get("")
@guard("public.read")
def listing() -> str:
    """Published answers, newest first, those that hold the words of the search."""
    errors: Mapping[str, list[str]] = {}
    try:
        rows, following = _page()
    except Invalid as error:
        rows, following, errors = [], None, error.errors
    return render_template(
        "resident/public.html",
        rows=rows,
        next=following,
        asked=_asked(),
        categories=stations.top_categories(),
        stations=publication.answered_stations(),
        error=errors,
    )


@blueprint.get("/<number>")
@guard("public.read")
def one(number: str) -> str:
    """One published answer. 404 for a matter that exists but was not published."""
    found = _get(number)
    return render_template(
        "resident/public_one.html", published=found, photos=published_photos.photos_of(found.case_id)
    )


@blueprint.get("/<number>/photos/<int(max=9999):position>")
@guard("public.read")
def published_photo(number: str, position: int) -> Response:
    """A photo as it was covered for the public."""
    return _photo(number, position, small=False)


@blueprint.get("/<number>/photos/<int(max=9999):position>/thumb")
@guard("public.read")
def published_thumb(number: str, position: int) -> Response:
    """The same, small."""
    return _photo(number, position, small=True)


@api.get("")
@describe(AnswersOut, query=AnswersQuery)
@guard("public.read")
def listing_json() -> Any:
    """Published answers, newest first."""
    rows, following = _page()
    return {"items": [answer_json(row) for row in rows], "next": following}


@api.get("/<number>")
@describe(AnswerOut, refuses=(404,))
@guard("public.read")
def one_json(number: str) -> Any:
    """One published answer."""
    return answer_json(_get(number))


def answer_json(published: Publication) -> dict[str, Any]:
    """What was published; nothing of the matter itself but its number."""
    number = published.number
    return {
        "number": number,
        "title": published.title,
        "text": published.text,
        "answer": published.answer,
        "published_at": moment(published.published_at),
        "url": f"{wiring().config.base_url}/public/{number}",
    }


def _photo(number: str, position: int, *, small: bool) -> Response:
    photo = published_photos.get_published_photo(_get(number).number, position)
    data = file_check.read_sound(wiring().store, photo, small=small)
    return send_file(BytesIO(data), mimetype=photo.mime, download_name=f"{position}.jpg", etag=False)


def _asked() -> dict[str, str]:
    """What the address asks for, by name; empty where it does not."""
    return {name: request.args.get(name, "").strip()[:LONGEST_QUERY] for name in ("q", "category", "station")}


def _page() -> tuple[list[Publication], str | None]:
    asked = _asked()
    query = asked.pop("q")
    return page(
        lambda after, limit: publication.published(query=query, **asked, after=after, limit=limit),
        lambda row: (row.published_at, row.case_id),
    )


def _get(number: str) -> Publication:
    try:
        return publication.get_published(check_number(number))
    except Invalid:
        raise NotFound("没有找到这条公开答复，请核对编号。") from None
