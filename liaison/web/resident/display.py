"""How pages are shown in this browser: the switches in their head, kept in cookies that say nothing of anybody."""

from datetime import timedelta

from flask import Blueprint, Flask, Response, current_app, redirect, request, url_for

from liaison.web.guards import guard
from liaison.web.languages import COOKIE, LANGUAGES
from liaison.web.local_paths import own_path

blueprint = Blueprint("display", __name__)
KEPT = timedelta(days=365)
SIZES = ("usual", "large", "largest")  # letters of 18, 24 and 30 px, each led to by the one before
CHOICES = {COOKIE: tuple(LANGUAGES), "size": SIZES}
"""What can be chosen, by the name of its cookie."""


@blueprint.get("/display")
@guard("public.read")
def choose() -> Response:
    """Keep what was chosen, and go back to where it was.

    A link rather than a form, because public pages hold no token of anybody and may be kept by caches; what another
    site could do with it is to change the size of somebody's letters.
    """
    answer = redirect(own_path(request.args.get("next", "")) or url_for("resident.start"), 303)
    is_secure = current_app.config["SESSION_COOKIE_SECURE"]
    for name, choices in CHOICES.items():
        if (chosen := request.args.get(name)) in choices:
            answer.set_cookie(name, chosen, max_age=KEPT, httponly=True, samesite="Lax", secure=is_secure)
    return answer


def register(app: Flask) -> None:
    """Let every page know how it is to be shown; errors are pages, too, and are made without what blueprints add."""
    app.jinja_env.globals |= {"size": _size, "next_size": _next_size, "place": _place}


def _size() -> str:
    told = request.cookies.get("size")
    return told if told in SIZES else SIZES[0]


def _next_size() -> str:
    return SIZES[(SIZES.index(_size()) + 1) % len(SIZES)]


def _place() -> str:
    """Where to come back to after a choice; empty for an answer to a form, which would be lost by leaving it."""
    return request.full_path.rstrip("?") if request.method == "GET" else ""
