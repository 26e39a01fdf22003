"""Files nobody knows: what a submission kept whose transaction then failed."""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import or_, select

from liaison.db import session
from liaison.models.cases import Attachment

OLD_ENOUGH = timedelta(days=2)  # a form left open with its photos kept may still be sent
BATCH = 500


def unknown_files(keys: Iterable[str]) -> list[str]:
    """Those keys of the file store that no attachment names."""
    wanted = list(keys)
    rows = session.execute(
        select(Attachment.key, Attachment.thumb_key).where(
            or_(Attachment.key.in_(wanted), Attachment.thumb_key.in_(wanted))
        )
    )
    known = {key for row in rows for key in row}
    return [key for key in wanted if key not in known]
