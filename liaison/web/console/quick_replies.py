"""Texts kept for reuse: their page, and how one of them gets into a form."""

from collections.abc import Mapping
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from marshmallow import fields
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from liaison.domain.actors import DEPARTMENT_ROLES, Actor, Role
from liaison.domain.errors import Invalid, NotFound
from liaison.services import quick_replies
from liaison.services.dossiers import Dossier
from liaison.services.quick_replies import LONGEST_NAME, LONGEST_TEXT, PLACES, STATES, USES, Wording
from liaison.web.console.choices import Choices
from liaison.web.console.frame import blueprint, flash_undo
from liaison.web.console.panels import own_duties
from liaison.web.fields import Input, Words
from liaison.web.guards import current_actor, guard
from liaison.web.labels import day, label
from liaison.web.schemas import one_of
from liaison.web.uploads import load, read_body
from liaison.web.wiring import now, today, unit_of_work

FILLED: Mapping[str, tuple[str, str]] = {
    "assignment.reply": ("answer", "text"),
    "assignment.fulfil": ("answer", "text"),
    "deputy.answer": ("answer", "text"),
    "deputy.ask": ("question", "question"),
    "office.ask": ("question", "question"),
    "deputy.refuse": ("refusal", "reason"),
    "office.refuse": ("refusal", "reason"),
}
"""The forms a text can be put into: by action, the use and the field."""


class WordingIn(Input):
    """A text with its name, and what it is for."""

    id = fields.UUID(load_default=None, allow_none=True)
    name = Words(1, LONGEST_NAME, required=True)
    text = Words(2, LONGEST_TEXT, required=True)
    use = fields.String(load_default=USES[0], validate=one_of(USES))
    category = fields.String(load_default=None, allow_none=True)
    state = fields.String(load_default=None, allow_none=True, validate=one_of(STATES))
    shared = fields.Boolean(load_default=False)


class WordingNamed(Input):
    """One text."""

    id = fields.UUID(load_default=None, allow_none=True)


class Filling(Input):
    """The text chosen in a form."""

    template = fields.UUID(required=True, error_messages={"required": "请先选择一个模板。"})


@blueprint.get("/quick-replies")
@guard("templates.write")
def quick_reply_page() -> str:
    """All texts the viewer may use, and a form for one more, or for the one named by `edit`."""
    return _page(_edited())


@blueprint.post("/quick-replies")
@guard("templates.write")
def quick_reply_save() -> Response | tuple[str, int]:
    """Add a text or change one."""
    try:
        body = read_body(WordingIn())
        id_ = body.pop("id")
        with unit_of_work():
            kept = quick_replies.save_quick_reply(current_actor(), Wording(**body), id_, now=now())
    except Invalid as error:
        return _page(request.form, error.errors), 422
    flash(f"模板“{kept.name}”已保存。")
    return redirect(url_for("console.quick_reply_page"), 303)


@blueprint.post("/quick-replies/discard")
@guard("templates.write")
def quick_reply_remove() -> Response:
    """Take a text away, with a way back."""
    id_ = read_body(WordingNamed())["id"]
    if id_ is not None:
        with unit_of_work():
            gone = quick_replies.remove_quick_reply(current_actor(), id_, now=now())
        flash_undo(f"已删除模板“{gone.name}”。", url_for("console.quick_reply_restore"), id=str(gone.id))
    return redirect(url_for("console.quick_reply_page"), 303)


@blueprint.post("/quick-replies/bring-back")
@guard("templates.write")
def quick_reply_restore() -> Response:
    """Bring a text back."""
    id_ = read_body(WordingNamed())["id"]
    if id_ is not None:
        with unit_of_work():
            quick_replies.restore_quick_reply(current_actor(), id_)
        flash("模板已恢复。")
    return redirect(url_for("console.quick_reply_page"), 303)


def templates_for(actor: Actor, action: str, dossier: Dossier) -> list[tuple[UUID, str]]:
    """The texts to choose from in the form of that action, by id with their names."""
    if action not in FILLED:
        return []
    found = quick_replies.quick_replies_for(actor, FILLED[action][0], dossier.case)
    return [(each.id, f"{each.name}（共用）" if each.shared else each.name) for each in found]


def fill(actor: Actor, action: str, typed: MultiDict, dossier: Dossier) -> MultiDict:
    """What was typed, with the chosen text below it in its field. Raises Invalid when none was chosen."""
    chosen = load(Filling(), {name: value for name, value in typed.items() if name == "template" and value})
    if action not in FILLED:
        raise NotFound()
    field, values = FILLED[action][1], MultiDict(typed)
    text = quick_replies.filled(quick_replies.get_quick_reply(actor, chosen["template"]).text, _known(actor, dossier))
    before = values.get(field, "").strip()
    values.setlist(field, [f"{before}\n{text}" if before else text])
    return values


def _known(actor: Actor, dossier: Dossier) -> dict[str, str]:
    case, duties = dossier.case, own_duties(actor, dossier) if actor.role in DEPARTMENT_ROLES else []
    place = dossier.place.name if dossier.place else ""
    department = duties[0].assignment.department.name if duties else ""
    ours = department or (actor.name if actor.role is Role.DEPUTY else label("role", Role.OFFICE))
    return dict(zip(PLACES, (case.number, ours, place, day(today()).partition("（")[0]), strict=True))


def _edited() -> Mapping[str, object]:
    given = request.args.get("edit")
    if not given:
        return {}
    kept = quick_replies.get_quick_reply(current_actor(), load(WordingNamed(), {"id": given})["id"])
    told = {name: getattr(kept, name) for name in ("id", "name", "text", "use", "state", "shared")}
    return told | {"category": kept.category.code if kept.category else ""}


def _page(typed: Mapping[str, object], errors: Mapping[str, list[str]] | None = None) -> str:
    actor = current_actor()
    found = quick_replies.quick_replies_for(actor)
    return render_template(
        "console/quick_replies.html",
        kept=[(each, quick_replies.may_change(actor, each)) for each in found],
        typed=typed,
        errors=errors or {},
        uses=USES,
        states=STATES,
        places=PLACES,
        choices=Choices(actor),
    )
