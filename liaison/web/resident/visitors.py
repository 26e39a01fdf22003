"""Which visitor this is, where WeChat said so: a cookie of its own with a random token, nothing of WeChat's in it."""

from datetime import datetime
from uuid import UUID

from flask import Flask, Response, current_app, g, redirect, request, url_for

from liaison.models.cases import Case
from liaison.services import own_matters, visitors
from liaison.web.headers import let_script_in
from liaison.web.wiring import now, unit_of_work, wiring

ROUND = "wechat_round"
"""The cookie of one round by WeChat; while it is there, pages make no further round by themselves."""
ROUND_SECONDS = 600  # time to read what WeChat asks; its own code ends after five minutes
DONE, MISSED = "done", "missed"
"""What is left of that cookie when the round is over."""


def current() -> UUID | None:
    """Our id of this visitor, if a visit of theirs stands."""
    if "visitor_id" not in g:
        g.visitor_id = _find()
    return g.visitor_id


def find_own(number: str) -> Case | None:
    """The matter of that number, if it stands in this visitor's list."""
    visitor_id = current()
    return own_matters.find(visitor_id, number) if visitor_id else None


def may_enter() -> bool:
    """Whether this page was opened in WeChat's own browser and there is a service account."""
    agent = request.user_agent.string.lower()
    return wiring().oauth is not None and "micromessenger" in agent and "wxwork" not in agent


def missed() -> bool:
    """Whether the last round by WeChat told nobody's name, which the page says kindly."""
    return may_enter() and request.cookies.get(ROUND) == MISSED and current() is None


def silent_round() -> Response | None:
    """The way round by WeChat, which asks for no tap; None where it was made already or makes no sense.

    Only for a page that somebody opens, not for one the service worker keeps for bad times.
    """
    opens = request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
    if not may_enter() or ROUND in request.cookies or not opens or current():
        return None
    return redirect(url_for("wechat.enter", to=request.full_path.rstrip("?")))


def wechat_script() -> str:
    """The address of WeChat's script for this page, which may load it from now on; empty outside of WeChat."""
    if not may_enter():
        return ""
    address = wiring().config.service_account.script_url
    let_script_in(address)
    return address


def carry(answer: Response, token: str, until: datetime) -> None:
    """Let the browser keep the token of a visit."""
    seconds = int((until - now()).total_seconds())
    answer.set_cookie(_cookie(), token, max_age=seconds, **_closed())


def drop(answer: Response) -> None:
    """Let the browser forget it."""
    answer.delete_cookie(_cookie(), **_closed())


def mark_round(answer: Response, value: str) -> None:
    """Keep in the browser what the round by WeChat must know of itself."""
    answer.set_cookie(ROUND, value, max_age=ROUND_SECONDS, **_closed())


def token() -> str:
    """The token this browser keeps; empty when it keeps none."""
    return request.cookies.get(_cookie(), "")


def register(app: Flask) -> None:
    """Let every page know whether residents may have a list of their own matters here."""
    app.jinja_env.globals["lists_matters"] = app.extensions["liaison"].oauth is not None


def _find() -> UUID | None:
    kept = token()
    if not kept or wiring().oauth is None:
        return None
    visit, at = visitors.find_visit(kept, now()), now()
    if visit is None:
        return None
    if at - visit.seen_at >= visitors.SEEN_EVERY:
        with unit_of_work():
            visitors.touch(visit, at)
    return visit.visitor_id


def _cookie() -> str:
    """Its name; with https one that no other host of the domain can set, so that nobody plants a visit."""
    return "__Host-wechat" if _is_secure() else "wechat"


def _closed() -> dict[str, object]:
    return {"httponly": True, "samesite": "Lax", "secure": _is_secure(), "path": "/"}


def _is_secure() -> bool:
    return current_app.config["SESSION_COOKIE_SECURE"]
