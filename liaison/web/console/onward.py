"""Where a move leads whoever made it out of a queue: to what comes next, instead of back to the case."""

from uuid import UUID

from flask import request, url_for

from liaison.services.queues import QUEUES

THEN = "then"
"""The part of a form's address that names the queue it was sent from."""

ONLY, HINTED = "only", "hinted"
"""The part of an address that narrows a queue, and to what: matters with a hint of a content check."""

DECISIONS, PUBLISHING = "decisions", "publishing"


def onward(number: str) -> str | None:
    """The address of what comes after this case where the form was sent from; None outside of any queue."""
    then = request.args.get(THEN, "")
    if then in QUEUES:
        return url_for("console.queue_start", act=then, after=number, **narrowed())
    if then == DECISIONS:
        return url_for("console.decision_page")
    if then == PUBLISHING:
        return url_for("console.publishing_page", number=number)
    try:
        return url_for("console.sample_page", sample_id=UUID(then))
    except ValueError:
        return None


def narrowed() -> dict[str, str]:
    """What of this address narrows a queue."""
    return {ONLY: HINTED} if request.args.get(ONLY) == HINTED else {}
