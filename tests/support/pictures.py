"""Pictures as phones make them, and pictures nobody should send."""

import io
import struct
import zlib

from PIL import Image, ImageDraw

CAMERA = "CANARY-CAMERA"


def photo(colour: tuple[int, int, int] = (34, 44, 84), size: tuple[int, int] = (1200, 900)) -> bytes:
    """A JPEG with the EXIF of a phone: lying on its side, with the camera's name and the place."""
    high, wide = size
    image = Image.new("RGB", (wide, high), colour)
    draw = ImageDraw.Draw(image)
    for lamp in (0.2, 0.5, 0.8):  # a street with three dead lamps
        x = int(wide * lamp)
        draw.rectangle((x - 8, high * 0.3, x + 8, high * 0.8), fill=(60, 60, 66))
        draw.ellipse((x - 50, high * 0.26, x + 50, high * 0.32), fill=(90, 90, 80))
    draw.rectangle((0, high * 0.8, wide, high), fill=(72, 68, 64))
    image = image.rotate(90, expand=True)
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
