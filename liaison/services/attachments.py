"""Files of a case: rows for what the edge has already checked and written to the store."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, inspect, select

from liaison.db import session
from liaison.domain.actors import Role
from liaison.models.cases import Attachment, Case
from liaison.services.photos import Kept


def attach(case: Case, role: Role, files: Sequence[Kept], now: datetime, *, reply_id: UUID | None = None) -> list[int]:
    """Attach stored files to a case and return their positions."""
    if not files:
        return []
    last = select(func.max(Attachment.position)).where(Attachment.case_id == case.id)  # no count: some may be erased
    first = 1 + (0 if inspect(case).pending else session.scalar(last) or 0)  # what is told only now has none
    session.add_all(
        Attachment(
            case_id=case.id,
            position=first + offset,
            reply_id=reply_id,
            by_role=role,
            key=file.key,
            thumb_key=file.thumb_key,
            name=file.name or "",
            mime=file.mime,
            size=file.size,
            sha256=file.sha256,
            created_at=now,
        )
        for offset, file in enumerate(files)
    )
    return list(range(first, first + len(files)))
