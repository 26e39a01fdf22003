"""What every answer says to browsers, caches and search engines: pages, files, JSON and refusals alike.

Closed unless opened here: an answer may be kept only if the policy's table shows it to everybody and it went well.
Pages load from this very origin alone and hold nothing inline; whatever is no page of ours may load nothing at all.
"""

from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, request, session

OWN_SCRIPTS = "script-src 'self'"
SCRIPTS_FROM = "scripts_from"  # under this name `g` knows whose scripts this one page loads beside ours: WeChat's
PAGE_POLICY = "; ".join(
    (
        "default-src 'self'",
        OWN_SCRIPTS,
        "style-src 'self'",
        "worker-src 'self'",
        "img-src 'self' data: blob:",  # pictures may be made on the page before they are sent
        "media-src 'self' blob:",  # and so may a voice
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
FILE_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"
"""For JSON, pictures and documents, should somebody open them as if they were a page."""

WORKER_POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'"
"""For the service worker, which loads one more script and fetches our pages, and nothing else."""

FEATURES = "geolocation=(self), " + ", ".join(
    f"{name}=()" for name in ("browsing-topics", "camera", "display-capture", "payment", "usb")
)
"""The form may ask where the phone is; nothing else of the device is anybody's. Photos come by the file picker."""

SILENT, SPOKEN = f"{FEATURES}, microphone=()", f"{FEATURES}, microphone=(self)"
SPOKEN_TO = "matter.submit"  # whose form records a voice; no other page ever gets the microphone

STATIC, WORKER = "static", "fixed.worker"
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",  # for browsers older than frame-ancestors
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
A_YEAR = 31_536_000
HSTS = f"max-age={A_YEAR}"  # not for subdomains: they may be other people's
PRIVATE = "private, no-store"
FRESH = "public, max-age=60"  # seconds: what is published or withdrawn is seen by everybody within a minute
SHOWN_TO_ALL = ("public.read", "station.read", "asset.read")
NOT_INDEXED = "noindex, nofollow"


def register(app: Flask, *, https: bool) -> None:
    """Put these headers on every answer; browsers that came by https are told to come that way for a year."""

    always = ALWAYS | ({"Strict-Transport-Security": HSTS} if https else {})

    @app.after_request
    def finish(answer: Response) -> Response:
        action = action_of_request()
        said = always | {
            "Content-Security-Policy": _policy(answer),
            "Permissions-Policy": SPOKEN if action == SPOKEN_TO else SILENT,
        }
        if action not in SHOWN_TO_ALL:
            said["X-Robots-Tag"] = NOT_INDEXED
        answer.headers["Cache-Control"] = _keeping(answer)
        answer.headers.extend(said)  # no view says any of these
        return answer


def _policy(answer: Response) -> str:
    if request.endpoint == WORKER and answer.status_code in (200, 304):
        return WORKER_POLICY
    if answer.mimetype != "text/html" and request.endpoint != STATIC:
        return FILE_POLICY
    origin = g.get(SCRIPTS_FROM)
    return PAGE_POLICY.replace(OWN_SCRIPTS, f"{OWN_SCRIPTS} {origin}") if origin else PAGE_POLICY


def let_script_in(address: str) -> None:
    """Let the page of this request load scripts of that address's host as well."""
    parts = urlsplit(address)
    setattr(g, SCRIPTS_FROM, f"{parts.scheme}://{parts.netloc}")


def _keeping(answer: Response) -> str:
    """Who may keep this answer and how long; a view may say so itself for what is shown to all."""
    is_good = request.method in ("GET", "HEAD") and answer.status_code in (200, 304)
    if not is_good or session.modified:  # an answer that hands out a session must not be handed to the next
        return PRIVATE
    if request.endpoint == STATIC:
        return answer.headers.get("Cache-Control", FRESH)
    if action_of_request() not in SHOWN_TO_ALL:
        return PRIVATE
    told = answer.headers.get("Cache-Control", FRESH)
    return told if "public" in told else FRESH


def action_of_request() -> str:
    """The action of the policy's table that is asked for; empty where there is none."""
    view = current_app.view_functions.get(request.endpoint or "")
    return getattr(view, "policy_action", "")
