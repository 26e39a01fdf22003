"""The office's queues: one matter at a time with everything it takes to decide, then the next one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from liaison.domain.actors import Actor
from liaison.services import content_checks, inboxes, loads, queues, similar
from liaison.services.dossiers import Dossier
from liaison.services.queues import QUEUES
from liaison.web.console import facts
from liaison.web.console.choices import Choices
from liaison.web.console.frame import blueprint
from liaison.web.console.onward import THEN, narrowed
from liaison.web.console.panels import Panel, panels
from liaison.web.console.prefill import passed_over, suggested, suggestion_words
from liaison.web.console.quick_replies import templates_for
from liaison.web.guards import current_actor, guard
from liaison.web.reading import read_dossier
from liaison.web.wiring import now


@dataclass(frozen=True)
class Offer:
    """A department that a matter may be dispatched to."""

    code: str
    name: str
    load: loads.Load
    why: str
    barred: bool


MOVES = {
    "screening": ("accept", "ask", "refusal", "redirect", "merge", "bar"),
    "dispatch": ("dispatch", "send-back", "bar"),
}
"""The forms each queue offers, in the order in which they are reached for; the number is the key that opens one."""


@blueprint.get("/queue")
@guard("queue.read")
def queue_home() -> Response:
    """The first queue that holds something."""
    waiting = counts(current_actor())
    act = "dispatch" if waiting["dispatch"] and not waiting["screening"] else "screening"
    return redirect(url_for("console.queue_start", act=act))


@blueprint.get("/queue/<any(screening, dispatch):act>")
@guard("queue.read")
def queue_start(act: str) -> Response | str:
    """The first matter of a queue, or with `after` in the address the one that comes after that."""
    only = narrowed()
    following = queues.find_next(current_actor(), act, request.args.get("after", ""), hinted=bool(only))
    if following:
        return redirect(url_for("console.queue_page", act=act, number=following, **only))
    return _page(act, None)


@blueprint.get("/queue/<any(screening, dispatch):act>/<number>")
@guard("queue.read")
def queue_page(act: str, number: str) -> str:
    """One matter of a queue; one that has left it meanwhile says so."""
    return _page(act, read_dossier(number))


def counts(actor: Actor) -> dict[str, int]:
    """How much waits in each queue, by the name of its box."""
    return inboxes.office_counts(actor, now(), ("screening", "dispatch", "decisions"))


def _page(act: str, dossier: Dossier | None) -> str:
    actor = current_actor()
    about = _about(act, actor, dossier) if dossier else {}
    return render_template(
        "console/queue.html",
        queue=act,
        counts=counts(actor),
        waiting=queues.waiting(actor, act, hinted=bool(narrowed())),
        hinted=queues.count_hinted(actor, act),
        only=narrowed(),
        dossier=dossier,
        now=now(),
        facts=facts,
        suggestion_words=suggestion_words,
        **about,
    )


def _about(act: str, actor: Actor, dossier: Dossier) -> dict:
    case, routing = dossier.case, dossier.matter.routing if dossier.matter else {}
    in_queue = case.state in QUEUES[act]
    forms = _panels(act, actor, dossier) if in_queue else []
    return {
        "case": case,
        "choices": Choices(actor, case),
        "panels": forms,
        "templates": {form.key: templates_for(actor, form.form.action, dossier) for form in forms},
        "merge": next((form for form in forms if form.form.name == "merge"), None),
        "in_queue": in_queue,
        "hints": content_checks.hints_of(actor, case.id),
        "similar": similar.find_similar(actor, case, now()) if act == "screening" else [],
        "offered": _offered(actor, dossier, forms) if act == "dispatch" and in_queue else [],
        "routing": routing,
        "passed": passed_over(routing),
    }


def _offered(actor: Actor, dossier: Dossier, forms: Sequence[Panel]) -> list[Offer]:
    """The departments to choose from with their load: what was advised or suggested first, barred ones last."""
    found, told = loads.loads(actor, now()), suggested(dossier)
    barred = {each.party.code for each in dossier.barred if not each.row.lifted_at}
    first = forms[0].values.get("lead", "") if forms else ""
    offers = [
        Offer(code, name, found.get(code, loads.Load()), told.get(code, ""), code in barred)
        for code, name in Choices(actor).departments
    ]
    return sorted(offers, key=lambda each: (each.barred, each.code != first, not each.why))


def _panels(act: str, actor: Actor, dossier: Dossier) -> Sequence[Panel]:
    """The queue's forms, each leading on to the next matter, but for the one that keeps it in the queue."""
    found = {panel.form.name: panel for panel in panels(actor, dossier)}
    forms = [found[name] for name in MOVES[act] if name in found]
    then = urlencode({THEN: act} | narrowed())
    return [replace(form, url=f"{form.url}&{then}") if form.form.name != "bar" else form for form in forms]
