"""The photos of a publication: covered copies that the public may see; the originals are never published."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select

from liaison.db import session
from liaison.domain.boxes import Box
from liaison.domain.errors import NotFound
from liaison.models.cases import Publication, PublishedPhoto
from liaison.models.rights import DoomedFile
from liaison.services.photos import Kept

_APART = {"synchronize_session": False}


@dataclass(frozen=True)
class Covered:
    """A photo of the case by its position, where it is covered, and the covered copy as it is kept."""

    position: int
    boxes: Sequence[Box]
    kept: Kept


def replace(case_id: UUID, photos: Sequence[Covered], now: datetime) -> None:
    """Publish these photos of a case and no others; the copies published before are removed from the store."""
    drop(case_id, now)
    session.add_all(
        PublishedPhoto(
            case_id=case_id,
            position=each.position,
            boxes=[[box.x, box.y, box.w, box.h] for box in each.boxes],
            key=each.kept.key,
            thumb_key=each.kept.thumb_key,
            mime=each.kept.mime,
            sha256=each.kept.sha256,
            created_at=now,
        )
        for each in photos
    )


def drop(case_id: UUID, now: datetime) -> None:
    """Publish none of a case's photos any more; their copies are removed from the store once this is committed."""
    for photo in photos_of(case_id):
        session.add_all(DoomedFile(key=key, doomed_at=now) for key in (photo.key, photo.thumb_key))
    session.flush()
    session.execute(delete(PublishedPhoto).where(PublishedPhoto.case_id == case_id), execution_options=_APART)


def photos_of(case_id: UUID) -> list[PublishedPhoto]:
    """The published photos of a case in their order."""
    rows = select(PublishedPhoto).where(PublishedPhoto.case_id == case_id).order_by(PublishedPhoto.position)
    return list(session.scalars(rows))


def get_published_photo(number: str, position: int) -> PublishedPhoto:
    """One published photo by its case's number. Raises NotFound."""
    found = session.scalar(
        select(PublishedPhoto)
        .join(Publication, Publication.case_id == PublishedPhoto.case_id)
        .where(Publication.number == number, PublishedPhoto.position == position)
    )
    if found is None:
        raise NotFound("没有找到这张照片，可能已经撤下。")
    return found
