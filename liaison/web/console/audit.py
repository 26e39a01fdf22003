"""The audit log as the auditor reads it: who, what, about what and when; nothing here can be changed."""

from datetime import date

from flask import render_template, request

from liaison.domain.errors import Invalid
from liaison.services import audit
from liaison.services.audit import ACTS, KEPT_YEARS, Wanted
from liaison.web.console.frame import blueprint
from liaison.web.guards import current_actor, guard
from liaison.web.paging import page

LONGEST = 50
NO_DAY = "请按 2026-03-02 的格式填写日期。"


@blueprint.get("/audit")
@guard("audit.read")
def audit_page() -> str | tuple[str, int]:
    """The entries within reach that fit the filter, newest first."""
    actor, errors = current_actor(), {}
    wanted = Wanted(_asked("who"), _asked("act"), _asked("about"), _day("since", errors), _day("until", errors))
    entries, following = [], None
    if not errors:
        try:
            entries, following = page(
                lambda after, limit: audit.entries(actor, wanted, after=after, limit=limit),
                lambda entry: (entry.at, entry.id),
            )
        except Invalid as error:
            errors = error.errors
    shown = render_template(
        "console/audit.html",
        entries=entries,
        following=following,
        here={name: value for name, value in request.args.items() if value and name != "after"},
        asked=request.args,
        errors=errors,
        acts=ACTS,
        head=audit.head(),
        kept=KEPT_YEARS,
    )
    return (shown, 422) if errors else shown


def _asked(name: str) -> str:
    return request.args.get(name, "").strip()[:LONGEST]


def _day(name: str, errors: dict[str, list[str]]) -> date | None:
    """The day asked for; what cannot be one is an error."""
    given = _asked(name)
    try:
        return date.fromisoformat(given) if given else None
    except ValueError:
        errors[name] = [NO_DAY]
        return None
