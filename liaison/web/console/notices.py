"""The in-app inbox: what the clock and others' moves have told this account."""

from flask import render_template

from liaison.services import inboxes
from liaison.web.console.frame import blueprint
from liaison.web.guards import current_actor, guard
from liaison.web.wiring import now, unit_of_work


@blueprint.get("/notices")
@guard("inbox.read")
def notice_list() -> str:
    """The newest notices; opening the page marks them as read, those new to the viewer stay marked on this page."""
    actor, at = current_actor(), now()
    notices = [(notice, number, notice.read_at is None) for notice, number in inboxes.notices_for(actor)]
    with unit_of_work():
        inboxes.mark_read(actor, at)
    return render_template("console/notices.html", notices=notices)
