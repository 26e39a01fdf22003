"""One page for all that departments ask and the office must decide: returns and extensions, decided in place."""

from flask import render_template

from liaison.services import decisions
from liaison.web.console.frame import blueprint
from liaison.web.console.queues import counts
from liaison.web.guards import current_actor, guard
from liaison.web.wiring import now


@blueprint.get("/decisions")
@guard("queue.read")
def decision_page() -> str:
    """Every wish that waits, the longest waiting first."""
    actor, at = current_actor(), now()
    asked = decisions.undecided(actor, at)
    return render_template("console/decisions.html", asked=asked, counts=counts(actor), now=at)
