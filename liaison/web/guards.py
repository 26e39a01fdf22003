"""Who is asking, and whether the policy's table lets them in; every route carries one `guard`."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from flask import g, request
from flask import session as cookie

from liaison import wall
from liaison.domain.access import FINISHING, Need
from liaison.domain.actors import ANYONE, Actor, Role
from liaison.domain.errors import DomainError, NotAllowed
from liaison.domain.policy import POLICY, may
from liaison.services import recognition, reveals, sign_in
from liaison.services.recognition import Known
from liaison.web.labels import label
from liaison.web.wiring import now, unit_of_work

View = Callable[..., Any]
TOKEN = "token"
MOVE = "console.move"
READING = ("GET", "HEAD")
UNATTENDED = ("console.watching", "console.board_figures", "console.import_progress")
"""What an open page asks by itself: whoever went away and left it open is signed out all the same."""

REVEALS = {"reveal": "office.reveal", "reveal-decision": "office.reveal_decision", "reveal-end": "office.reveal_end"}
"""By the name of a form of the console, which goes through one door with all others: what it does with a reveal."""


class NotSignedIn(DomainError):
    """The action needs a session and there is none, or one that lacks what `needs` says."""

    detail = "请先登录。"

    def __init__(self, detail: str | None = None, *, needs: Need | None = None) -> None:
        super().__init__(detail or (label("need", needs) if needs else None))
        self.needs = needs


def guard(action: str) -> Callable[[View], View]:
    """Open a view to those the policy's line for `action` names; KeyError at import for an action without a line."""
    line = POLICY[action]

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            try:
                _admit(action)
                return view(*args, **kwargs)
            except DomainError as error:
                note_refused(action, error)
                raise

        guarded.policy_action, guarded.policy_line = action, line
        return guarded

    return decorate


def _admit(action: str) -> None:
    """Refuse whom the table does not let in; let a session that lacks something bring it."""
    actor, need = current_actor(), current_need()
    if need and action in FINISHING[need]:
        actor = g.actor = g.known.actor
        wall.stand(actor)
    if not may(actor.role, action):
        raise NotSignedIn(needs=need) if actor.role is Role.ANYONE else NotAllowed()


def note_refused(action: str, error: DomainError) -> None:
    """Write down that this request was refused, if it was to get around the second person of a reveal.

    Called once whatever the request did is undone.
    """
    named = request.view_args or {}
    wanted = REVEALS.get(named.get("name", "")) if action == MOVE else action
    actor = current_actor()
    if wanted in reveals.ACTIONS and actor.account_id:
        with unit_of_work():
            reveals.note_refusal(actor, named.get("reference") or named.get("number", ""), error, now())


def current_actor() -> Actor:
    """The actor of this request: by bearer token in the API, by cookie in the console, else anyone.

    A session that lacks something makes nobody of its owner, but for the action that brings it.
    """
    if "actor" not in g:
        g.actor = _find_actor()
    return g.actor


def current_need() -> Need | None:
    """What the session of this request still lacks."""
    current_actor()
    return g.need


def token() -> str | None:
    """The session token this request carries.

    The API takes only the header, so that no other site can ride on a cookie; pages take only the cookie;
    files, which are only read, take either.
    """
    if not request.path.startswith(("/api/", "/files/")):
        return cookie.get(TOKEN)
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    carried = value.strip() if scheme.lower() == "bearer" else ""
    return carried or (None if request.path.startswith("/api/") else cookie.get(TOKEN))


def _find_actor() -> Actor:
    carried = token()
    g.known = g.need = None
    if carried:
        at = now()
        g.known = _recognise(carried, at)
        g.need = sign_in.need_of(g.known, at, proven=g.known.proven, by=g.known.by) if g.known else None
    if g.known is None or g.need:
        wall.stand(ANYONE)
        return ANYONE
    return g.known.actor


def _recognise(carried: str, at: datetime) -> Known | None:
    """Whose session this is. The transaction this begins goes on with the request, once all of that is here."""
    is_here = _is_here()
    known = recognition.recognise(carried, at)
    if known and request.endpoint not in UNATTENDED and recognition.is_to_touch(known, at):
        with unit_of_work():  # whatever becomes of the request
            recognition.touch(known.session_id, at)
    elif not is_here:
        with unit_of_work():
            pass
    return known


def _is_here() -> bool:
    """Whether nothing of this request is still on its way, so that no transaction waits for an upload."""
    if request.method in READING:
        return True
    if request.mimetype != "application/json":
        return False
    request.get_data()
    return True
