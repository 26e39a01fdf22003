"""Files nobody should send, made up: each family draws its own variants from the random numbers it is given.

No specimen is stored anywhere: the same seed makes the same files.
"""

import io
import itertools
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from random import Random

import pillow_heif
from PIL import Image, ImageCms, PngImagePlugin

CANARY = b"CANARY-13800138000"
TAKEN, REFUSED, EITHER = "taken", "refused", "either"
PNG = b"\x89PNG\r\n\x1a\n"
SCRIPT = b"<script>alert('" + CANARY + b"')</script><?php system($_GET['c']); ?>"


@dataclass(frozen=True)
class Specimen:
    """A file, the name it is sent under, and what must become of it."""

    family: str
    name: str
    data: bytes
    must: str


def specimens(count: int, seed: int) -> Iterator[Specimen]:
    """So many files, every family in turn."""
    random = Random(seed)
    for family in itertools.islice(itertools.cycle(FAMILIES), count):
        name, data, must = family(random)
        yield Specimen(family.__name__.strip("_"), name, data, must)


Made = tuple[str, bytes, str]


def located_jpeg(random: Random) -> Made:
    """A phone's photo with its place, its camera and a comment."""
    options = {"exif": exif(random), "comment": CANARY, "progressive": random.random() < 0.5}
    return "IMG.jpg", saved(scene(random), "JPEG", **options), TAKEN


def located_heic(random: Random) -> Made:
    """The same in HEIC, which keeps the place in a part of its own."""
    return "IMG.HEIC", heic(scene(random), exif=exif(random), xmp=b"<x>" + CANARY + b"</x>"), TAKEN


def located_webp(random: Random) -> Made:
    """The same in WebP, with and without loss."""
    data = saved(scene(random), "WEBP", exif=exif(random), xmp=CANARY, lossless=random.random() < 0.5)
    return "a.webp", data, TAKEN


def talkative_png(random: Random) -> Made:
    """A PNG with texts of every kind, EXIF and a profile."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", CANARY.decode())
    info.add_text("Comment", CANARY.decode(), zip=True)
    info.add_itxt("XML:com.adobe.xmp", CANARY.decode(), zip=True)
    mode = random.choice(["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
    image = Image.new(mode, (90, 60)) if mode == "I;16" else scene(random).convert(mode)
    return "a.png", saved(image, "PNG", pnginfo=info, exif=exif(random)), TAKEN


def cmyk_jpeg(random: Random) -> Made:
    """Four colours, as printers use."""
    return "print.jpg", saved(scene(random).convert("CMYK"), "JPEG", exif=exif(random)), TAKEN


def profiled_jpeg(random: Random) -> Made:
    """A profile in which somebody wrote."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() + CANARY)
    profile[24:36] = bytes(12)  # the time at which it was made
    return "a.jpg", saved(scene(random), "JPEG", icc_profile=bytes(profile)), TAKEN


def picture_in_picture(random: Random) -> Made:
    """A JPEG with a second one behind, as stereo cameras and some phones make."""
    pages = {"save_all": True, "append_images": [scene(random)], "exif": exif(random)}
    return "a.jpg", saved(scene(random), "MPO", **pages), TAKEN


def broken_exif(random: Random) -> Made:
    """EXIF that nobody can read."""
    junk = b"Exif\x00\x00" + random.choice([b"II*\x00", b"MM\x00*", b""]) + random.randbytes(random.randint(0, 3000))
    return "a.jpg", saved(scene(random), "JPEG", exif=junk + CANARY), TAKEN


def polyglot(random: Random) -> Made:
    """A picture that is also something else to somebody who looks at its end, or at its comments."""
    tail = random.choice([b"PK\x03\x04", b"%PDF-1.7 ", b"MZ", b"#!/bin/sh\n", b""]) + SCRIPT
    kind, name = random.choice([("JPEG", "a.jpg"), ("PNG", "a.png"), ("JPEG", "a.php.jpg"), ("JPEG", "a.html")])
    more = {"comment": SCRIPT} if kind == "JPEG" else {}
    return name, saved(scene(random), kind, **more) + tail, TAKEN


def wrong_name(random: Random) -> Made:
    """A good picture under a bad name."""
    kind = random.choice(["JPEG", "PNG", "WEBP"])
    name = random.choice(["a.exe", "../../etc/passwd", "a.svg", "a\r\nX: y.jpg", "照片", "a.gif", ".", "\u202egpj.exe"])
    return name, saved(scene(random), kind, exif=exif(random)), TAKEN


def odd_shape(random: Random) -> Made:
    """A line, a dot, a tower."""
    size = random.choice([(1, 1), (1, 4000), (9000, 2), (65_500, 1), (1, 65_500), (3, 20_000)])
    return "a.png", saved(Image.new("RGB", size), "PNG"), TAKEN


def largest_permitted(random: Random) -> Made:
    """Fifty million pixels, the most there may be, in the ways that take most memory."""
    mode = random.choice(["L", "RGB", "RGBA", "LA", "P", "I;16"])
    return "big.png", saved(Image.new(mode, (10_000, 5_000)), "PNG", compress_level=1), TAKEN


def pixel_bomb(random: Random) -> Made:
    """A small file that would fill the memory."""
    return "bomb.png", zeros(random.choice([10_001, 13_000, 20_000, 30_000]), random.choice([1, 8])), REFUSED


def claimed_size(random: Random) -> Made:
    """A header that promises more than there is."""
    side = random.choice([9_000, 40_000, 2**31 - 1])
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return "a.png", PNG + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"x" * 99)) + chunk(b"IEND", b""), REFUSED


def jpeg_of_any_size(random: Random) -> Made:
    """A JPEG whose frame says 65,535 by 65,535."""
    data = bytearray(saved(scene(random), "JPEG", progressive=random.random() < 0.5))
    frame = max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2"))
    data[frame + 5 : frame + 9] = b"\xff\xff\xff\xff"
    return "a.jpg", bytes(data), REFUSED


def webp_of_any_size(random: Random) -> Made:
    """A WebP whose canvas says 16,000 by 16,000."""
    data = bytearray(saved(scene(random).convert("RGBA"), "WEBP", exif=exif(random)))
    data[24:30] = (16_000 - 1).to_bytes(3, "little") * 2
    return "a.webp", bytes(data), REFUSED


def heic_of_any_size(random: Random) -> Made:
    """A HEIC whose header says 60,000 by 60,000."""
    data = bytearray(heic(scene(random)))
    place = data.find(b"ispe") + 8
    data[place : place + 8] = struct.pack(">II", 60_000, 60_000)
    return "a.heic", bytes(data), REFUSED


def profile_bomb(random: Random) -> Made:
    """A profile, a text or EXIF of a few kilobytes that unpacks to 200 MB."""
    packed = _megabytes_of_zeros(200)
    kind, head = random.choice([(b"iCCP", b"i\x00\x00"), (b"zTXt", b"C\x00\x00"), (b"iTXt", b"C\x00\x01\x00\x00\x00")])
    png = saved(scene(random), "PNG")
    return "a.png", png[:33] + chunk(kind, head + packed) + png[33:], EITHER


def longer_than_told(random: Random) -> Made:
    """Pixels for a hundred pictures in one."""
    head = struct.pack(">IIBBBBB", 100, 100, 8, 2, 0, 0, 0)
    return "a.png", PNG + chunk(b"IHDR", head) + chunk(b"IDAT", _megabytes_of_zeros(300)) + chunk(b"IEND", b""), EITHER


def endless_scans(random: Random) -> Made:
    """A progressive JPEG whose last scan comes again and again."""
    data = saved(Image.new("RGB", (4000, 3000), tuple(random.randbytes(3))), "JPEG", progressive=True)
    last = data.rfind(b"\xff\xda")
    return "a.jpg", data[:last] + data[last:-2] * random.choice([10, 40, 2000]) + data[-2:], EITHER


def many_segments(random: Random) -> Made:
    """A hundred thousand empty comments before the first pixel."""
    data = saved(scene(random), "JPEG")
    return "a.jpg", data[:2] + b"\xff\xfe\x00\x02" * 100_000 + data[2:], EITHER


def truncated(random: Random) -> Made:
    """Half a photo, as a broken connection leaves it."""
    kind = random.choice(["JPEG", "PNG", "WEBP", "HEIC"])
    data = heic(scene(random)) if kind == "HEIC" else saved(scene(random), kind)
    return f"a.{kind.lower()}", data[: random.randint(40, len(data) * 3 // 4)], REFUSED


def junk_behind_a_header(random: Random) -> Made:
    """The beginning of a photo, and noise."""
    kind = random.choice(["JPEG", "PNG", "WEBP", "HEIC"])
    data = heic(scene(random)) if kind == "HEIC" else saved(scene(random), kind)
    return "a.jpg", data[:40] + random.randbytes(random.randint(1, 9999)), REFUSED


def changed_bytes(random: Random) -> Made:
    """A photo with some bytes changed at random."""
    kind = random.choice(["JPEG", "PNG", "WEBP", "HEIC"])
    data = bytearray(heic(scene(random)) if kind == "HEIC" else saved(scene(random), kind))
    for _ in range(random.randint(1, 30)):
        data[random.randrange(len(data))] = random.randrange(256)
    return "a.jpg", bytes(data), EITHER


def animated(random: Random) -> Made:
    """Moving pictures."""
    kind = random.choice(["GIF", "PNG", "WEBP"])
    frames = [scene(random, (64, 64)) for _ in range(random.randint(2, 30))]
    return f"a.{kind.lower()}", saved(frames[0], kind, save_all=True, append_images=frames[1:]), REFUSED


def drawing(random: Random) -> Made:
    """An SVG, which is a program."""
    head = random.choice([b"", b'<?xml version="1.0"?>', b"\xef\xbb\xbf", b"\n" * 50])
    return "a.jpg", head + b'<svg xmlns="http://www.w3.org/2000/svg">' + SCRIPT + b"</svg>", REFUSED


def other_kind(random: Random) -> Made:
    """A picture of a kind that is not permitted."""
    kind = random.choice(["BMP", "TIFF", "ICO", "TGA", "PPM", "JPEG2000", "AVIF", "PCX"])
    return "a.jpg", saved(scene(random, (64, 64)), kind), REFUSED


def no_picture(random: Random) -> Made:
    """Something else altogether."""
    start = random.choice([b"%PDF-1.7\n", b"PK\x03\x04", b"MZ\x90\x00", b"\x7fELF", b"<html>", b"8BPS", b"\xff\xd8"])
    return "a.jpg", start + random.randbytes(random.randint(0, 400)), REFUSED


def empty(random: Random) -> Made:
    """Nothing, or as good as nothing."""
    return "a.jpg", random.choice([b"", b"\x00", b"\xff", b"\xff\xd8\xff"]), REFUSED


def too_large(random: Random) -> Made:
    """A good photo with 10 MB behind it."""
    return "a.jpg", saved(scene(random), "JPEG") + bytes(10 * 1024 * 1024), REFUSED


FAMILIES: tuple[Callable[[Random], Made], ...] = (
    located_jpeg, located_heic, located_webp, talkative_png, cmyk_jpeg, profiled_jpeg, picture_in_picture, broken_exif,
    polyglot, wrong_name, odd_shape, largest_permitted, pixel_bomb, claimed_size, jpeg_of_any_size, webp_of_any_size,
    heic_of_any_size, profile_bomb, longer_than_told, endless_scans, many_segments, truncated, junk_behind_a_header,
    changed_bytes, animated, drawing, other_kind, no_picture, empty, too_large,
)


def scene(random: Random, size: tuple[int, int] = (640, 480)) -> Image.Image:
    """A picture with something on it."""
    return Image.frombytes("RGB", (8, 6), random.randbytes(144)).resize(size, Image.Resampling.BICUBIC)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    """The picture as a file of that kind."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def heic(image: Image.Image, **info: bytes) -> bytes:
    """The picture as HEIC."""
    out = io.BytesIO()
    pillow_heif.from_pillow(image).save(out, quality=60, **info)
    return out.getvalue()


def exif(random: Random) -> bytes:
    """What a phone writes into a photo: how it was held, by what, where."""
    tags = Image.Exif()
    tags[0x0112] = random.randint(1, 8)
    tags[0x010E] = tags[0x9286] = CANARY.decode()
    tags.get_ifd(0x8825).update({1: "N", 2: (30.0, 15.0, 12.5), 3: "E", 4: (120.0, 9.0, 7.25)})
    return tags.tobytes()


def chunk(name: bytes, body: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


@cache
def zeros(side: int, depth: int) -> bytes:
    """A square PNG of zeros, made without ever holding its pixels."""
    row, packer = bytes(1 + (side * depth + 7) // 8), zlib.compressobj(9)
    body = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, depth, 0, 0, 0, 0)
    return PNG + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@cache
def _megabytes_of_zeros(count: int) -> bytes:
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(2**20)) for _ in range(count)) + packer.flush()
