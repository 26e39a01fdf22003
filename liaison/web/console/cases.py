"""The page of one case, and the one door through which every move of deputy, department and office comes."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from liaison.domain.actors import DEPARTMENT_ROLES, OFFICE_ROLES
from liaison.domain.errors import Conflict, Invalid, NotFound, WrongState
from liaison.domain.policy import may
from liaison.services import content_checks, drafts, notes, presence
from liaison.services.cases import check_unmoved
from liaison.services.dossiers import Dossier
from liaison.services.reach import side_of
from liaison.services.voices import STANDS_FOR_WORDS, is_voice
from liaison.web.console import facts
from liaison.web.console.beside import others_in, seen
from liaison.web.console.choices import Choices
from liaison.web.console.clock_words import how_due
from liaison.web.console.fields import FACES
from liaison.web.console.frame import blueprint
from liaison.web.console.inputs import NoteIn
from liaison.web.console.onward import onward
from liaison.web.console.panels import Attempt, get_form, own_duties, panels, with_drafts
from liaison.web.console.prefill import passed_over, suggestion_words
from liaison.web.console.quick_replies import fill, templates_for
from liaison.web.errors import status_of
from liaison.web.forms import Form
from liaison.web.guards import MOVE, current_actor, guard, note_refused
from liaison.web.reading import read_dossier
from liaison.web.uploads import read_body
from liaison.web.wiring import now, unit_of_work

SHOWN_ERRORS = (Invalid, WrongState, Conflict)


@blueprint.get("/cases/<number>")
@guard("console.case")
def case_page(number: str) -> str:
    """One case within the viewer's reach, with every move open to the viewer."""
    return _page(read_dossier(number))


@blueprint.get("/assignments/<reference>")
@guard("console.case")
def assignment_page(reference: str) -> str:
    """The case of one of the department's own assignments."""
    return _page(_dossier_of(reference))


@blueprint.post("/cases/<number>/<name>")
@guard(MOVE)
def move_case(number: str, name: str) -> Response | tuple[str, int]:
    """Make a move on a case."""
    return _move(name, number, number)


@blueprint.post("/assignments/<reference>/<name>")
@guard(MOVE)
def move_assignment(reference: str, name: str) -> Response | tuple[str, int]:
    """Make a move on an assignment of the department."""
    return _move(name, reference, reference.rpartition(".")[0])


@blueprint.post("/cases/<number>/notes")
@guard("notes.write")
def note_add(number: str) -> Response | tuple[str, int]:
    """Write a note for one's own side."""
    try:
        body = read_body(NoteIn())
    except Invalid as error:
        return _page(read_dossier(number), note=(request.form.get("text", ""), error)), 422
    with unit_of_work():
        notes.add_note(current_actor(), number, body["text"], now=now())
    flash("备注已记下，只有自己这一方看得到。")
    return redirect(url_for("console.case_page", number=number, _anchor="notes"), 303)


@blueprint.get("/cases/<number>/<name>")
@guard("console.case")
def back_to_case(number: str, name: str) -> Response:
    """Where signing in again leads after a form was sent without a session; the form opens again."""
    return redirect(url_for("console.case_page", number=number, _anchor=name))


@blueprint.get("/assignments/<reference>/<name>")
@guard("console.case")
def back_to_assignment(reference: str, name: str) -> Response:
    """The same for an assignment."""
    return redirect(url_for("console.assignment_page", reference=reference, _anchor=name))


def _move(name: str, reference: str, number: str) -> Response | tuple[str, int]:
    actor = current_actor()
    form = get_form(actor.role, name)
    if "fill" in request.form:
        return _filled(form, reference, number)
    try:
        body = read_body(form.schema.kept(), takes_files=form.takes_files)
        with unit_of_work():
            check_unmoved(actor, number, seen())
            form.run(actor, reference, body, now())
            drafts.drop_drafts(actor, number, name)
    except SHOWN_ERRORS as error:
        note_refused(MOVE, error)
        attempt = Attempt(name, reference if reference != number else "", request.form, error)
        return _page(read_dossier(number), attempt), status_of(error)
    flash(f"已完成：{FACES[form.action].title}。")
    if following := onward(number):
        return redirect(following, 303)
    if form.leaves:
        return redirect(url_for("console.home"), 303)
    endpoint, key = ("assignment_page", "reference") if reference != number else ("case_page", "number")
    return redirect(url_for(f"console.{endpoint}", **{key: reference}), 303)


def _filled(form: Form, reference: str, number: str) -> tuple[str, int]:
    """The page again with a kept text put into the form, and nothing done."""
    dossier, about = read_dossier(number), reference if reference != number else ""
    try:
        typed = fill(current_actor(), form.action, request.form, dossier)
    except Invalid as error:
        return _page(dossier, Attempt(form.name, about, request.form, error)), 422
    return _page(dossier, Attempt(form.name, about, typed)), 200


def _dossier_of(reference: str) -> Dossier:
    """The case of one of the viewer's own assignments. Raises NotFound for another department's."""
    dossier = read_dossier(reference.rpartition(".")[0])
    if reference not in [duty.reference for duty in own_duties(current_actor(), dossier)]:
        raise NotFound()
    return dossier


def _page(dossier: Dossier, attempt: Attempt | None = None, note: tuple[str, Invalid | None] = ("", None)) -> str:
    actor, matter, case = current_actor(), dossier.matter, dossier.case
    found = with_drafts(panels(actor, dossier, attempt), drafts.drafts_of(actor, case.id))
    refused = attempt if attempt and attempt.error else None
    return render_template(
        "console/case.html",
        dossier=dossier,
        case=case,
        hints=content_checks.hints_of(actor, case.id),
        panels=found,
        attempt=refused,
        lost=refused and not any(panel.is_open for panel in found),
        meanwhile=_meanwhile(dossier) if refused else [],
        choices=Choices(actor, case),
        templates={panel.key: templates_for(actor, panel.form.action, dossier) for panel in found},
        notes=notes.notes_of(actor, case.id),
        note=note,
        side=(side_of(actor) or "").partition(":")[0],
        others=others_in(presence.room_of(actor, case.id)),
        how_due=how_due,
        routing=matter.routing if matter else {},
        passed=passed_over(matter.routing if matter and actor.role in OFFICE_ROLES else {}),
        owns=actor.role in DEPARTMENT_ROLES,
        prints=may(actor.role, "case.print"),
        unheard=STANDS_FOR_WORDS in dossier.text and not any(is_voice(file.mime) for file in dossier.files),
        now=now(),
        facts=facts,
        suggestion_words=suggestion_words,
    )


def _meanwhile(dossier: Dossier) -> list[Any]:
    """What happened since the refused form was opened."""
    shown = seen()
    return [event for event in dossier.events if shown and event.seq > shown]
