"""What a case's open page asks by itself: to keep what is typed, and who else has it open."""

from typing import ClassVar

from flask import flash, redirect, render_template, request, url_for
from marshmallow import INCLUDE, fields
from werkzeug.wrappers import Response

from liaison.domain.errors import Invalid
from liaison.services import drafts, presence
from liaison.web.console.frame import blueprint
from liaison.web.fields import Input
from liaison.web.guards import current_actor, guard
from liaison.web.uploads import read_body
from liaison.web.wiring import now, unit_of_work, wiring

MOST_FIELDS, LONGEST_FIELD = 30, 40
MOST_DIGITS = 9
NOT_TYPED = ("files", "template", "fill", "assignment", "position", "party")
"""What a form sends besides what somebody typed."""


class DraftIn(Input):
    """The fields of a form as far as they are filled in, and which form it is; whatever they are called."""

    class Meta:
        """Any field."""

        unknown: ClassVar = INCLUDE

    draft_form = fields.String(required=True)
    draft_about = fields.String(load_default="")


class DraftNamed(Input):
    """One form's draft."""

    draft_form = fields.String(required=True)


@blueprint.post("/cases/<number>/draft")
@guard("notes.write")
def draft_save(number: str) -> str:
    """Keep what is typed into one form; says when it was kept."""
    body, at = read_body(DraftIn()), now()
    form, about = body.pop("draft_form"), body.pop("draft_about")
    typed = {name: value for name, value in body.items() if name not in NOT_TYPED and isinstance(value, str)}
    if len(typed) > MOST_FIELDS or any(len(name) > LONGEST_FIELD for name in typed):
        raise Invalid({"text": ["内容太多，没有自动保存。"]})
    with unit_of_work():
        kept = drafts.save_draft(current_actor(), number, form, about, typed, seen=seen(), now=at)
    return render_template("console/_saved.html", at=at if kept else None)


@blueprint.post("/cases/<number>/forgotten")
@guard("notes.write")
def draft_drop(number: str) -> Response:
    """Throw a draft away and begin anew."""
    body = read_body(DraftNamed())
    with unit_of_work():
        presence.get_room(current_actor(), number, 0)
        drafts.drop_drafts(current_actor(), number, body["draft_form"])
    flash("草稿已丢弃。")
    return redirect(url_for("console.case_page", number=number, _anchor=body["draft_form"]), 303)


@blueprint.get("/cases/<number>/watching")
@guard("console.case")
def watching(number: str) -> str:
    """A piece of the page, asked for again and again: who else has it open, and whether something happened."""
    room = presence.get_room(current_actor(), number, seen())
    return render_template("console/_watching.html", others=others_in(room.name), has_moved=room.has_moved)


def others_in(room: str | None) -> list[str]:
    """The names of the others of one's side who have the same case open; being asked is being there."""
    return presence.names_of(wiring().look(room, current_actor().account_id)) if room else []


def seen() -> int:
    """The number of the last event the page showed; 0 when it does not say."""
    given = request.args.get("seen", "")
    return int(given) if given.isdecimal() and len(given) < MOST_DIGITS else 0
