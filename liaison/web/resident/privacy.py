"""The text about personal information: the version in force, and every older one by its number."""

from flask import Blueprint, render_template

from liaison.services import privacy
from liaison.web.guards import guard
from liaison.web.wiring import wiring

blueprint = Blueprint("privacy", __name__, url_prefix="/privacy")


@blueprint.get("")
@guard("public.read")
def text() -> str:
    """The version in force."""
    return _page(privacy.current())


@blueprint.get("/<int(max=9999):version>")
@guard("public.read")
def version(version: int) -> str:
    """One version, as those who agreed to it read it."""
    return _page(version)


def _page(version: int) -> str:
    site = wiring().config.site
    shown = privacy.get_text(version, site=site.name, region=site.region)
    return render_template("resident/privacy.html", text=shown, current=privacy.current())
