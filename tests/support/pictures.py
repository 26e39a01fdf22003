"""Pictures as phones make them, and pictures nobody should send."""

import io
import struct
import zlib

from PIL import Image, ImageDraw

CAMERA = "CANARY-CAMERA"


def photo(colour: tuple[int, int, int] = (40, 90, 160), size: tuple[int, int] = (1200, 900)) -> bytes:
    """A JPEG with the EXIF of a phone: turned, with the camera's name and the place where it was taken."""
    image = Image.new("RGB", size, colour)
    ImageDraw.Draw(image).ellipse((size[0] // 4, size[1] // 4, size[0] // 2, size[1] // 2), fill=(250, 220, 90))
    tags = Image.Exif()
    tags[0x0112], tags[0x010F] = 6, CAMERA
    tags.get_ifd(0x8825).update({1: "N", 2: (32.0, 16.0, 12.5), 3: "E", 4: (119.0, 10.0, 7.25)})
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85, exif=tags.tobytes())
    return out.getvalue()


def huge_png(side: int = 13_000) -> bytes:
    """A PNG of a few kilobytes that would fill the memory if it were decoded."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    packer = zlib.compressobj(9)
    row = bytes(1 + side)
    body = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
