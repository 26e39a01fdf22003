"""What machines look for at fixed addresses: for search engines, for finders of holes (RFC 9116), for phones."""

from datetime import timedelta
from pathlib import Path

from flask import Blueprint, Response, current_app

from liaison.domain.errors import NotFound
from liaison.web.guards import guard
from liaison.web.wiring import now, wiring

blueprint = Blueprint("fixed", __name__)
CLOSED = ("/api/", "/callbacks/", "/console/", "/display", "/files/", "/m", "/metrics", "/readyz", "/s/*/new")
CLOSED += ("/wechat/",)
"""What is nobody's to index; each such page says so itself as well (X-Robots-Tag)."""

VALID = timedelta(days=180)  # RFC 9116 advises less than a year; it is said anew whenever it is asked for


@blueprint.get("/robots.txt")
@guard("public.read")
def robots() -> Response:
    """Search engines may read what is public, and nothing that is somebody's."""
    return _plain("User-agent: *", *(f"Disallow: {path}" for path in CLOSED))


@blueprint.get("/.well-known/security.txt")
@guard("public.read")
def security() -> Response:
    """Whom to tell of a hole; our own pages while the settings name nobody."""
    config = wiring().config
    until = (now() + VALID).isoformat(timespec="seconds")
    canonical = f"{config.base_url}/.well-known/security.txt"
    return _plain(
        f"Contact: {config.site.security_contact or config.base_url}",
        f"Expires: {until}",
        "Preferred-Languages: zh, en",
        f"Canonical: {canonical}",
    )


@blueprint.get("/<proof>.txt")
@blueprint.get("/s/<proof>.txt")
@guard("public.read")
def domain_file(proof: str) -> Response:
    """What we show WeChat as proof that this domain is ours; only what the settings name."""
    told = wiring().config.wechat.domain_files.get(f"{proof}.txt")
    if told is None:
        raise NotFound
    return Response(told, mimetype="text/plain")


@blueprint.get("/sw.js")
@guard("asset.read")
def worker() -> Response:
    """The stations' service worker: its address is what decides which pages it may serve, its age who is stuck."""
    script = (Path(current_app.static_folder) / "sw.js").read_bytes()
    return Response(script, headers={"Cache-Control": "public, max-age=0"}, mimetype="text/javascript")


def _plain(*lines: str) -> Response:
    return Response("\n".join(lines) + "\n", mimetype="text/plain")
