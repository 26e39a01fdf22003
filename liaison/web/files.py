"""A file of a matter, for those who may see the matter: by query code, or by being signed in.

Sent as what its row says it is and nothing else, and only if it still is: pictures to look at, voices to hear,
documents only to download.
"""

from io import BytesIO

from flask import Blueprint, Response, request, send_file

from liaison.domain.actors import Actor
from liaison.models.cases import Attachment
from liaison.services import dossiers, file_check
from liaison.web.guards import current_actor, guard
from liaison.web.limits import code_limit
from liaison.web.resident import access
from liaison.web.wiring import wiring

blueprint = Blueprint("files", __name__, url_prefix="/files")
OWN = "/<number>/<int(max=9999):position>"
LEAD = "/<number>/lead/<int(max=9999):position>"  # of the answer to the matter this one was merged into


@blueprint.get(OWN)
@blueprint.get(LEAD, defaults={"of_lead": True}, endpoint="lead")
@guard("matter.photo")
@code_limit
def whole(number: str, position: int, of_lead: bool = False) -> Response:
    """The file as it is kept."""
    file = dossiers.find_file(_viewer(number), number, position, of_lead=of_lead)
    return _send(file, file_check.read_sound(wiring().store, file))


@blueprint.get(f"{OWN}/thumb")
@blueprint.get(f"{LEAD}/thumb", defaults={"of_lead": True}, endpoint="lead_thumb")
@guard("matter.photo")
@code_limit
def thumb(number: str, position: int, of_lead: bool = False) -> Response:
    """The small picture; the file itself when it has none."""
    file = dossiers.find_file(_viewer(number), number, position, of_lead=of_lead)
    return _send(file, file_check.read_sound(wiring().store, file, small=True))


def _viewer(number: str) -> Actor:
    """The resident whose code the request carries, else whoever is signed in."""
    case = access.case_by_header(number) if access.HEADER in request.headers else access.find_case(number)
    return access.actor_for(case) if case else current_actor()


def _send(file: Attachment, data: bytes) -> Response:
    return send_file(
        BytesIO(data),
        mimetype=file.mime,
        as_attachment=not file.mime.startswith(("image/", "audio/")),
        download_name=file.name or f"{file.position}.{file.key.rpartition('.')[2]}",
        etag=False,
    )
