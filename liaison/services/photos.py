"""A resident's photos: checked by header, turned upright, stripped, shrunk, and kept under a random key.

Work of the darkroom and file writing: call it before the transaction opens, never inside. What a photo may
betray (place, phone, time) is gone before anything is stored, and so is whatever hid behind the pixels.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import filetype

from liaison.clients.files import FileStore, new_key
from liaison.domain.errors import Invalid
from liaison.services.darkroom import darkroom
from liaison.services.darkroom_line import FORMATS, File, OnDisk, Refused, Why

MAX_PHOTOS = 9
MAX_PHOTO_BYTES = 10 * 1024 * 1024
FULL_SIDE = 1600
THUMB_SIDE = 400

QUALITY = 82
THUMB_QUALITY = 76
_HEADER = 8192  # bytes that tell the type; `filetype` looks at no more
_MORE_HEIC = (b"ftypheix", b"ftypheim")
_REASONS = {
    Why.ANIMATED: "是动图，请换成普通照片。",
    Why.DAMAGED: "已损坏或不完整，打不开，请重新拍摄或换一张。",
    Why.CRASHED: "的内容异常，打不开，请重新拍摄或换一张。",
    Why.HEAVY: "过大或过于复杂，处理不了，请缩小后再上传。",
}


@dataclass(frozen=True)
class Photo:
    """A photo ready to be kept: clean JPEGs in two sizes; `width` and `height` are the full one's."""

    original_sha256: str
    full: bytes
    thumb: bytes
    mime: str
    width: int
    height: int
    full_sha256: str


@dataclass(frozen=True)
class Kept:
    """Where a file lies and what it is: the columns of an attachment's row; `sha256` is of the kept bytes."""

    key: str
    thumb_key: str | None
    mime: str
    size: int
    sha256: str
    original_sha256: str
    width: int | None = None
    height: int | None = None
    name: str | None = None


def prepare_all(files: Sequence[File]) -> list[Photo]:
    """Prepare at most nine photos in their order; raises Invalid naming every faulty one."""
    if len(files) > MAX_PHOTOS:
        extra = len(files) - MAX_PHOTOS
        raise Invalid({"photos": [f"最多上传 {MAX_PHOTOS} 张照片，请去掉 {extra} 张。"]})
    photos, faults = [], []
    for position, data in enumerate(files, start=1):
        try:
            photos.append(prepare(data, position=position))
        except Invalid as refusal:
            faults += refusal.errors["photos"]
    if faults:
        raise Invalid({"photos": faults})
    return photos


def prepare(data: File, *, position: int = 1, name: str = "", field: str = "photos") -> Photo:
    """Return one photo as clean JPEGs (longer side 1600 and 400 pixels at most).

    Raises Invalid under `field` with a sentence that tells the kind of fault, and which photo by its name or else by
    its position: photos taken by the camera are all called the same.
    """

    def refuse(reason: str) -> Invalid:
        return Invalid({field: [(f"「{name}」" if name else f"第 {position} 张") + reason]})

    mime = _checked_type(data, refuse)
    try:
        return _developed(data, mime)
    except Refused as refused:
        raise refuse(_reason(refused)) from None


def cover(data: bytes, boxes: Sequence[Sequence[float]]) -> Photo:
    """Return a kept photo anew, black where the boxes lie: x, y, width and height in shares of it.

    Raises Invalid for `boxes` when the photo cannot be read.
    """
    try:
        return _developed(data, "image/jpeg", boxes)
    except Refused as refused:
        raise Invalid({"boxes": ["照片" + _reason(refused)]}) from None


def _developed(data: File, mime: str, boxes: Sequence[Sequence[float]] = ()) -> Photo:
    made = darkroom.develop(data, mime, (FULL_SIDE, THUMB_SIDE), (QUALITY, THUMB_QUALITY), boxes)
    full, thumb = made.frames
    return Photo(
        original_sha256=made.original_sha256,
        full=full,
        thumb=thumb,
        mime="image/jpeg",
        width=made.width,
        height=made.height,
        full_sha256=sha256(full),
    )


def keep(store: FileStore, photo: Photo) -> Kept:
    """Write both sizes under fresh random keys; the caller's row makes them findable."""
    key = new_key("photos", "jpg")
    thumb_key = _thumb_key(key, photo.thumb)
    store.put_all(((key, photo.full, photo.mime), (thumb_key, photo.thumb, photo.mime)))
    return Kept(
        key=key,
        thumb_key=thumb_key,
        mime=photo.mime,
        size=len(photo.full),
        sha256=photo.full_sha256,
        original_sha256=photo.original_sha256,
        width=photo.width,
        height=photo.height,
    )


def is_thumb(thumb_key: str, key: str, data: bytes) -> bool:
    """Whether these bytes are the small picture that was kept with the photo of that key."""
    return thumb_key == _thumb_key(key, data)


def sniff(data: bytes) -> str | None:
    """Find the type a file's first bytes claim, whatever its name says."""
    if data[4:12] in _MORE_HEIC:
        return "image/heic"
    return filetype.guess_mime(data) if data else None


def sha256(data: bytes) -> str:
    """Return the hex digest that tells two files apart."""
    return hashlib.sha256(data).hexdigest()


def _thumb_key(key: str, thumb: bytes) -> str:
    """A key that cannot be guessed, since the photo's cannot, and that vouches for the bytes behind it."""
    name = sha256(key.encode() + thumb)[:32]
    return f"thumbs/{name[:2]}/{name}.jpg"


def _checked_type(data: File, refuse: Callable[[str], Invalid]) -> str:
    if not data:
        raise refuse("是空文件，请重新选择。")
    if len(data) > MAX_PHOTO_BYTES:
        raise refuse(f"超过 {MAX_PHOTO_BYTES >> 20} MB，请换一张小一些的照片。")
    mime = sniff(data.start(_HEADER) if isinstance(data, OnDisk) else data)
    if mime not in FORMATS:
        raise refuse("不是可用的照片，请换成 JPG、PNG、WebP 或 HEIC 格式。")
    return mime


def _reason(refused: Refused) -> str:
    if refused.why is Why.PIXELS:
        return f"像素过多（超过 {refused.limit // 10_000} 万），请缩小后再上传。"
    return _REASONS.get(refused.why, _REASONS[Why.CRASHED])
