"""Where the platform fetches a file that it was asked to check: by a signed address, for an hour, nobody else's."""

from io import BytesIO
from uuid import UUID

from flask import Blueprint, Response, send_file

from liaison.services import file_check, media_links
from liaison.web.guards import guard
from liaison.web.wiring import now, wiring

blueprint = Blueprint("checked", __name__)


@blueprint.get("/checked/<uuid:file_id>/<int(max=9999999999):until>/<signature>")
@guard("file.check")
def fetch(file_id: UUID, until: int, signature: str) -> Response:
    """The file as it is kept; 404 for a wrong signature as for a late one."""
    file = media_links.get_file(file_id, until, signature, wiring().keys, now())
    return send_file(BytesIO(file_check.read_sound(wiring().store, file)), mimetype=file.mime, etag=False)
