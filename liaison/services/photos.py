"""A resident's photos: checked by header, turned upright, stripped, shrunk, and kept under a random key.

Pure processor work and file writing: call it before the transaction opens, never inside. What a photo may
betray (place, phone, time) is gone before anything is stored, and so is whatever hid behind the pixels.
"""

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import filetype
from PIL import Image

from liaison.clients.files import FileStore, new_key
from liaison.domain.errors import Invalid
from liaison.services.pixels import FORMATS, Animated, Damaged, TooManyPixels, jpeg, read_picture, shrink

MAX_PHOTOS = 9
MAX_PHOTO_BYTES = 10 * 1024 * 1024
FULL_SIDE = 1600
THUMB_SIDE = 400

_QUALITY = 82
_THUMB_QUALITY = 76
_MORE_HEIC = (b"ftypheix", b"ftypheim")
_ONE_AT_A_TIME = threading.Lock()
"""Two 48-megapixel photos decoded side by side would need twice the memory, on two cores for little time."""


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


def prepare_all(files: Sequence[bytes]) -> list[Photo]:
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


def prepare(data: bytes, *, position: int = 1, field: str = "photos") -> Photo:
    """Return one photo as clean JPEGs (longer side 1600 and 400 pixels at most).

    Raises Invalid under `field` with a sentence that names the photo by its position and the kind of fault.
    """

    def refuse(reason: str) -> Invalid:
        return Invalid({field: [f"第 {position} 张{reason}"]})

    mime = _checked_type(data, refuse)
    picture = _decoded(data, mime, refuse)
    full = jpeg(picture, _QUALITY)
    return Photo(
        original_sha256=sha256(data),
        full=full,
        thumb=jpeg(shrink(picture, THUMB_SIDE), _THUMB_QUALITY),
        mime="image/jpeg",
        width=picture.width,
        height=picture.height,
        full_sha256=sha256(full),
    )


def keep(store: FileStore, photo: Photo) -> Kept:
    """Write both sizes under fresh random keys; the caller's row makes them findable."""
    key, thumb_key = new_key("photos", "jpg"), new_key("thumbs", "jpg")
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


def sniff(data: bytes) -> str | None:
    """Find the type a file's first bytes claim, whatever its name says."""
    if data[4:12] in _MORE_HEIC:
        return "image/heic"
    return filetype.guess_mime(data) if data else None


def sha256(data: bytes) -> str:
    """Return the hex digest that tells two files apart."""
    return hashlib.sha256(data).hexdigest()


def _checked_type(data: bytes, refuse: Callable[[str], Invalid]) -> str:
    if not data:
        raise refuse("是空文件，请重新选择。")
    if len(data) > MAX_PHOTO_BYTES:
        raise refuse(f"超过 {MAX_PHOTO_BYTES >> 20} MB，请换一张小一些的照片。")
    mime = sniff(data)
    if mime not in FORMATS:
        raise refuse("不是可用的照片，请换成 JPG、PNG、WebP 或 HEIC 格式。")
    return mime


def _decoded(data: bytes, mime: str, refuse: Callable[[str], Invalid]) -> Image.Image:
    try:
        with _ONE_AT_A_TIME:
            return read_picture(data, mime, FULL_SIDE)
    except TooManyPixels as fault:
        raise refuse(f"像素过多（超过 {fault.limit // 10_000} 万），请缩小后再上传。") from None
    except Animated:
        raise refuse("是动图，请换成普通照片。") from None
    except Damaged:
        raise refuse("已损坏或不完整，打不开，请重新拍摄或换一张。") from None
