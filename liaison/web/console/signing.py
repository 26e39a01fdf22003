"""The approver's queue: one answer after the other, beside what was asked, signed or sent back there and then."""

from collections.abc import Mapping, Sequence

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from liaison.domain.errors import Conflict, DomainError, Invalid, NotFound, WrongState
from liaison.services import inboxes
from liaison.services.cases import check_unmoved
from liaison.services.dossiers import Dossier, Duty
from liaison.services.inboxes import SIGNING_BOX
from liaison.services.wanted import Sort, Wanted
from liaison.web.console.beside import seen
from liaison.web.console.frame import blueprint
from liaison.web.console.panels import get_form, own_duties
from liaison.web.errors import status_of
from liaison.web.guards import current_actor, guard
from liaison.web.paging import MAX_LIMIT
from liaison.web.reading import read_dossier
from liaison.web.uploads import read_body
from liaison.web.wiring import now, unit_of_work


@blueprint.get("/signing")
@guard("assignment.approval")
def signing_page() -> Response | str:
    """The most pressing answer that waits for a signature, or that none does."""
    queue = _queue()
    if queue:
        return redirect(url_for("console.signing_one", reference=queue[0]))
    return render_template("console/signing_done.html")


@blueprint.get("/signing/<reference>")
@guard("assignment.approval")
def signing_one(reference: str) -> str:
    """One answer with what was asked and its evidence."""
    return _page(reference)


@blueprint.post("/signing/<reference>")
@guard("assignment.approval")
def signing_decide(reference: str) -> Response | tuple[str, int]:
    """Sign an answer or send it back; the next one follows."""
    actor, queue = current_actor(), _queue()
    form = get_form(actor.role, "approval")
    try:
        body = read_body(form.schema.kept())
        with unit_of_work():
            check_unmoved(actor, reference.rpartition(".")[0], seen())
            form.run(actor, reference, body, now())
    except (Invalid, WrongState, Conflict) as error:
        return _page(reference, error), status_of(error)
    flash("已签发。" if body["approve"] else "已退回经办人修改。")
    following = _after(queue, reference)
    if following is None:
        return redirect(url_for("console.signing_page"), 303)
    return redirect(url_for("console.signing_one", reference=following), 303)


def _queue() -> list[str]:
    """What waits for a signature, most pressing first; of a very long queue the beginning."""
    wanted = Wanted(sort=Sort.URGENT)
    rows = inboxes.department_box(current_actor(), SIGNING_BOX, now(), wanted=wanted, after=None, limit=MAX_LIMIT)
    return [row.reference for row in rows]


def _after(queue: Sequence[str], reference: str) -> str | None:
    """The next in the queue; after the last the first of those left out before."""
    place = queue.index(reference) if reference in queue else -1
    left = [each for each in (*queue[place + 1 :], *queue[: max(place, 0)]) if each != reference]
    return left[0] if left else None


def _page(reference: str, error: DomainError | None = None) -> str:
    queue, dossier = _queue(), read_dossier(reference.rpartition(".")[0])
    duty = _duty(dossier, reference)
    answers = [each for each in dossier.replies if each.assignment_id == duty.assignment.id]
    place = queue.index(reference) if reference in queue else None
    return render_template(
        "console/signing.html",
        dossier=dossier,
        case=dossier.case,
        duty=duty,
        answer=answers[-1] if answers else None,
        earlier=answers[:-1],
        waits="approve" in duty.moves,
        place=place,
        count=len(queue),
        before=queue[place - 1] if place else None,
        following=_after(queue, reference),
        error=error,
        errors=_errors(error),
        typed=request.form,
        now=now(),
    )


def _errors(error: DomainError | None) -> Mapping[str, Sequence[str]]:
    return error.errors if isinstance(error, Invalid) else {}


def _duty(dossier: Dossier, reference: str) -> Duty:
    """The viewer's own assignment of that reference. Raises NotFound."""
    for duty in own_duties(current_actor(), dossier):
        if duty.reference == reference:
            return duty
    raise NotFound()
