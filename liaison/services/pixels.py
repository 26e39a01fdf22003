"""Decoding a picture somebody sent without trusting a byte of it, in at most 300 MB.

Runs in the darkroom only. Knows pixels only: no names, no storage, no Chinese. A picture is read in strips that are
flattened and shrunk at once, because a second full-size copy of a 50-megapixel photo would take another 200 MB.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO

import pillow_heif
from PIL import Image, ImageDraw

from liaison.services.darkroom_line import FORMATS, MAX_PIXELS, MAX_PROGRESSIVE_SAMPLES, MAX_WEBP_PIXELS, Refused, Why

_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_STRIP_ROWS = 32
_GAP = 1.5
"""From this many times the size on, whole pixels are averaged first: a third of the time, and nobody sees it."""


def read_picture(data: bytes, mime: str, side: int) -> Image.Image:
    """Return the picture upright, on white, as bare RGB, its longer side at most `side` pixels.

    Raises Refused. Decoders raise whatever they like at hostile bytes; all of it means that this file is no usable
    picture.
    """
    try:
        return _read_heic(data, side) if mime == "image/heic" else _read_plain(data, FORMATS[mime], side)
    except Refused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Refused(Why.PIXELS, MAX_PIXELS) from None
    except MemoryError:
        raise Refused(Why.HEAVY) from None
    except Exception as fault:
        tells_of_memory = "llocat" in str(fault)  # as decoders written in C++ do
        raise Refused(Why.HEAVY if tells_of_memory else Why.DAMAGED) from fault


def jpeg(picture: Image.Image, quality: int) -> bytes:
    """Return the picture as a baseline JPEG that holds pixels and nothing else."""
    out = BytesIO()
    picture.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()


def cover(picture: Image.Image, boxes: Sequence[Sequence[float]]) -> None:
    """Blacken these boxes, each from the left and the top, wide and high, in shares of the picture."""
    width, height = picture.size
    pen = ImageDraw.Draw(picture)
    for x, y, w, h in boxes:
        corners = (
            math.floor(x * width),
            math.floor(y * height),
            math.ceil((x + w) * width),
            math.ceil((y + h) * height),
        )
        pen.rectangle(corners, fill="black")


def shrink(picture: Image.Image, side: int) -> Image.Image:
    """Return a copy whose longer side is at most `side` pixels."""
    return picture.resize(_fitted(picture.size, side), Image.Resampling.LANCZOS, reducing_gap=_GAP)


@dataclass(frozen=True)
class _Rows:
    """A raw buffer of pixels that is cut like an image, without becoming one."""

    mode: str
    size: tuple[int, int]
    stride: int
    data: memoryview

    def crop(self, box: tuple[int, int, int, int]) -> Image.Image:
        """Return the full-width rows of a box as an image."""
        _, top, width, bottom = box
        part = self.data[top * self.stride : bottom * self.stride]
        return Image.frombuffer(self.mode, (width, bottom - top), part, "raw", self.mode, self.stride, 1)


def _read_plain(data: bytes, kind: str, side: int) -> Image.Image:
    with Image.open(BytesIO(data), formats=[kind]) as image:
        _check_size(image.size, _limit(image))
        if kind != "JPEG" and getattr(image, "n_frames", 1) > 1:
            raise Refused(Why.ANIMATED)
        turn = _turn(image)
        image.draft(None, _fitted(image.size, side))
        image.load()
        small = _shrunk(image, side)
    return small if turn is None else small.transpose(turn)


def _read_heic(data: bytes, side: int) -> Image.Image:
    """Read the primary picture; libheif itself turns it upright, several pictures in one file are usual."""
    heif = pillow_heif.open_heif(BytesIO(data), convert_hdr_to_8bit=True)
    image = heif[heif.primary_index]
    _check_size(image.size, MAX_PIXELS)
    rows = memoryview(image.data)
    return _shrunk(_Rows(image.mode, image.size, image.stride, rows), side)


def _turn(image: Image.Image) -> Image.Transpose | None:
    """Find how to turn the picture upright; unreadable EXIF is no reason to refuse good pixels."""
    try:
        return _TURNS.get(image.getexif().get(_ORIENTATION, 1))
    except Exception:
        return None


def _limit(image: Image.Image) -> int:
    if image.format == "WEBP":
        return MAX_WEBP_PIXELS
    if image.info.get("progressive"):
        return min(MAX_PIXELS, MAX_PROGRESSIVE_SAMPLES // len(image.getbands()))
    return MAX_PIXELS


def _check_size(size: tuple[int, int], limit: int) -> None:
    if size[0] * size[1] > limit:
        raise Refused(Why.PIXELS, limit)


def _shrunk(image: Image.Image | _Rows, side: int) -> Image.Image:
    factor = max(1, max(image.size) * 2 // (side * 3))
    small = Image.new("RGB", tuple(math.ceil(length / factor) for length in image.size))
    for top, strip in _strips(image, factor * _STRIP_ROWS):
        flat = _flat(strip)
        small.paste(flat.reduce(factor) if factor > 1 else flat, (0, top // factor))
    return shrink(small, side)


def _strips(image: Image.Image | _Rows, rows: int) -> Iterator[tuple[int, Image.Image]]:
    width, height = image.size
    for top in range(0, height, rows):
        yield top, image.crop((0, top, width, min(top + rows, height)))


def _flat(strip: Image.Image) -> Image.Image:
    if strip.mode == "RGB" and not strip.has_transparency_data:
        return strip
    if not strip.has_transparency_data:
        return strip.convert("RGB")
    strip = strip.convert("RGBA")
    white = Image.new("RGBA", strip.size, "white")
    return Image.alpha_composite(white, strip).convert("RGB")


def _fitted(size: tuple[int, int], side: int) -> tuple[int, int]:
    """Shrink a size to the given longer side; never enlarge, never below one pixel."""
    ratio = min(1.0, side / max(size))
    return max(1, round(size[0] * ratio)), max(1, round(size[1] * ratio))
