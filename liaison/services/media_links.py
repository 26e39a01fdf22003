"""Addresses under which the platform fetches one file to check it: signed, for an hour, and only while it is asked.

What lies behind is the file as it is kept, which was made anew without what its maker did not mean to tell; there is no
original to fetch.
"""

import hmac
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from liaison import wall
from liaison.db import session
from liaison.domain.errors import NotFound
from liaison.models.cases import Attachment
from liaison.models.checks import ContentCheck
from liaison.services.content_checks import DONE, FILE
from liaison.services.sealing import Keys

GOOD_FOR = timedelta(hours=1)
"""WeChat fetches at once and tells its result within half an hour."""


def link_to(base_url: str, file_id: UUID, keys: Keys, now: datetime) -> str:
    """The address of a file for the platform."""
    until = int((now + GOOD_FOR).timestamp())
    return f"{base_url}/checked/{file_id}/{until}/{_sign(keys, keys.newest_code, file_id, until)}"


def get_file(file_id: UUID, until: int, signature: str, keys: Keys, now: datetime) -> Attachment:
    """The file such an address names. Raises NotFound, also once its time or its check is over."""
    ends = datetime.fromtimestamp(until, UTC)
    is_signed = any(
        hmac.compare_digest(signature.encode(), _sign(keys, key_id, file_id, until).encode()) for key_id in keys.codes
    )
    if not is_signed or not now <= ends <= now + GOOD_FOR:
        raise NotFound
    with wall.behind():
        found = session.get(Attachment, file_id)
        about = found and (ContentCheck.case_id == found.case_id, ContentCheck.about == f"{FILE}:{found.position}")
        asked = found and session.scalar(select(ContentCheck.id).where(*about, ContentCheck.state != DONE))
    if not asked:
        raise NotFound
    return found


def _sign(keys: Keys, key_id: str, file_id: UUID, until: int) -> str:
    return keys.mac(key_id)(f"checked file:{file_id}:{until}".encode()).hex()
