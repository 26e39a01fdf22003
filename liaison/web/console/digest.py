"""The office's morning page: a figure for each list that wants looking at, each opening its list."""

from flask import render_template, url_for

from liaison.services import calendars, inboxes, outbox
from liaison.services.inboxes import DIGEST_BOXES
from liaison.services.outbox import DEAD, NOBODY, Filter
from liaison.web.console.frame import blueprint
from liaison.web.guards import current_actor, guard
from liaison.web.wiring import now, today


@blueprint.get("/digest")
@guard("digest.read")
def digest_page() -> str:
    """Today's figures."""
    actor = current_actor()
    figures = inboxes.office_counts(actor, now(), DIGEST_BOXES)
    figures |= {
        "dead": outbox.count(actor, Filter(DEAD)),
        "unowned": outbox.count(actor, Filter(DEAD, owner=NOBODY)),
    }
    addresses = {box: url_for("console.home", box=box) for box in DIGEST_BOXES}
    addresses["dead"] = url_for("console.outbox_page", state=DEAD)
    addresses["unowned"] = url_for("console.outbox_page", state=DEAD, owner=NOBODY)
    return render_template(
        "console/digest.html", figures=figures, addresses=addresses, today=today(), coverage=calendars.coverage(today())
    )
