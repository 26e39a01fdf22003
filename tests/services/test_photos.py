"""Photos: every kind a phone sends comes out clean and upright; everything else is refused by name."""

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import filetype
import pillow_heif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from liaison.clients.files import open_store
from liaison.domain.errors import Invalid
from liaison.services.darkroom_line import File, OnDisk
from liaison.services.photos import MAX_PHOTO_BYTES, MAX_PHOTOS, keep, prepare, prepare_all, sha256

RED, GREEN, BLUE, WHITE = (220, 30, 30), (30, 180, 60), (30, 60, 220), (255, 255, 255)
MARKER = b"CANARY-13800138000"


def scene(size: tuple[int, int] = (640, 480)) -> Image.Image:
    """A picture that tells its corners apart: red top left, green top right, blue below."""
    image = Image.new("RGB", size, BLUE)
    image.paste(RED, (0, 0, size[0] // 2, size[1] // 2))
    image.paste(GREEN, (size[0] // 2, 0, size[0], size[1] // 2))
    return image


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def exif(orientation: int = 1) -> bytes:
    tags = Image.Exif()
    tags[0x0112] = orientation
    tags[0x010E] = MARKER.decode()
    tags[0x9286] = MARKER.decode()
    tags.get_ifd(0x8825).update({1: "N", 2: (30.0, 15.0, 12.5), 3: "E", 4: (120.0, 9.0, 7.25)})
    return tags.tobytes()


def heic(image: Image.Image, **info: bytes) -> bytes:
    out = io.BytesIO()
    pillow_heif.from_pillow(image).save(out, quality=80, **info)
    return out.getvalue()


def png_header(width: int, height: int, depth: int = 8, colour: int = 0) -> bytes:
    """A PNG of zeros of any size, made without ever holding its pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    row = bytes(1 + (width * depth + 7) // 8)
    packer = zlib.compressobj(9)
    body = b"".join(packer.compress(row * 100) for _ in range(height // 100)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def near(pixel: tuple[int, ...], colour: tuple[int, ...]) -> bool:
    return all(abs(a - b) < 24 for a, b in zip(pixel, colour, strict=True))


def corners(image: Image.Image) -> list[tuple[int, ...]]:
    right, bottom = image.width - 20, image.height - 20
    return [image.getpixel(at) for at in ((20, 20), (right, 20), (20, bottom), (right, bottom))]


def shows_the_scene(image: Image.Image) -> bool:
    return all(near(*pair) for pair in zip(corners(image), (RED, GREEN, BLUE, BLUE), strict=True))


def refusal(data: File) -> str:
    with pytest.raises(Invalid) as caught:
        prepare(data, position=2)
    assert list(caught.value.errors) == ["photos"]
    [sentence] = caught.value.errors["photos"]
    assert sentence.startswith("第 2 张")
    return sentence


KINDS = {
    "jpeg": saved(scene(), "JPEG", exif=exif(), comment=MARKER),
    "progressive jpeg": saved(scene(), "JPEG", progressive=True),
    "png": saved(scene(), "PNG", exif=exif()),
    "palette png": saved(scene().quantize(16), "PNG"),
    "webp": saved(scene(), "WEBP", exif=exif(), xmp=b"<x>" + MARKER + b"</x>"),
    "lossless webp": saved(scene(), "WEBP", lossless=True),
    "heic": heic(scene(), exif=exif(), xmp=b"<x>" + MARKER + b"</x>"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_permitted_kind_becomes_two_clean_jpegs(kind: str) -> None:
    photo = prepare(KINDS[kind])
    full, thumb = opened(photo.full), opened(photo.thumb)
    assert (full.format, thumb.format, photo.mime) == ("JPEG", "JPEG", "image/jpeg")
    assert (photo.width, photo.height) == full.size == (640, 480)
    assert thumb.size == (400, 300)
    assert shows_the_scene(full)
    assert photo.original_sha256 == sha256(KINDS[kind])
    assert photo.full_sha256 == sha256(photo.full)


@pytest.fixture
def on_disk(tmp_path: Path) -> Iterator[Callable[[bytes], OnDisk]]:
    """Puts bytes on disk, as the web server does with what is large."""
    with ExitStack() as opened_files:

        def put(data: bytes) -> OnDisk:
            file = opened_files.enter_context((tmp_path / "upload").open("w+b", buffering=0))
            file.write(data)
            return OnDisk(file.fileno(), len(data))

        yield put


@pytest.mark.parametrize("kind", KINDS)
def test_a_photo_that_lies_on_disk_is_handed_on_and_comes_out_the_same(
    kind: str, on_disk: Callable[[bytes], OnDisk]
) -> None:
    assert prepare(on_disk(KINDS[kind])) == prepare(KINDS[kind])


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "空文件"), (b"GIF89a" * 100, "不是可用"), (KINDS["jpeg"] + bytes(MAX_PHOTO_BYTES), "超过 10 MB")],
)
def test_what_lies_on_disk_is_refused_alike(data: bytes, reason: str, on_disk: Callable[[bytes], OnDisk]) -> None:
    assert reason in refusal(on_disk(data))


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_but_pixels_is_left(kind: str) -> None:
    photo = prepare(KINDS[kind])
    for data in (photo.full, photo.thumb):
        image = opened(data)
        assert MARKER not in data
        assert not image.getexif()
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_photo_stands_upright(orientation: int) -> None:
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    laid = scene().transpose(undo[orientation]) if orientation in undo else scene()
    photo = prepare(saved(laid, "JPEG", exif=exif(orientation), quality=95))
    assert (photo.width, photo.height) == (640, 480)
    assert shows_the_scene(opened(photo.full))


def test_a_turned_heic_is_turned_once() -> None:
    laid = scene().transpose(Image.Transpose.ROTATE_90)
    photo = prepare(heic(laid, exif=exif(6)))
    assert (photo.width, photo.height) == (640, 480)
    assert near(corners(opened(photo.full))[0], RED)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_unreadable_exif_does_not_cost_the_photo() -> None:
    photo = prepare(saved(scene(), "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff broken"))
    assert (photo.width, photo.height) == (640, 480)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_transparency_becomes_white(kind: str) -> None:
    image = scene().convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 240, 640, 480))
    options = {"lossless": True} if kind == "WEBP" else {}
    full = opened(prepare(saved(image, kind, **options)).full)
    assert [near(*pair) for pair in zip(corners(full), (RED, GREEN, WHITE, WHITE), strict=True)] == [True] * 4


def test_a_transparent_palette_becomes_white() -> None:
    image = Image.new("P", (64, 64), 0)
    image.putpalette([0, 0, 0, 220, 30, 30])
    full = opened(prepare(saved(image, "PNG", transparency=0)).full)
    assert near(full.getpixel((30, 30)), WHITE)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "I;16", "P", "RGBA"])
def test_every_png_mode_is_taken(mode: str) -> None:
    assert prepare(saved(Image.new(mode, (50, 40)), "PNG")).width == 50


def test_a_cmyk_jpeg_keeps_its_colours() -> None:
    full = opened(prepare(saved(scene().convert("CMYK"), "JPEG", quality=95)).full)
    assert full.mode == "RGB"
    assert shows_the_scene(full)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_large_photo_is_shrunk_and_keeps_its_shape(kind: str) -> None:
    photo = prepare(saved(scene((4800, 2900)), kind))
    assert (photo.width, photo.height) == (1600, 967)
    assert opened(photo.thumb).size == (400, 242)
    assert shows_the_scene(opened(photo.full))


def test_a_large_heic_with_odd_sides_is_shrunk_and_keeps_its_colours() -> None:
    photo = prepare(heic(scene((3023, 2017))))
    assert (photo.width, photo.height) == (1600, 1068)
    assert shows_the_scene(opened(photo.full))


def test_a_multi_picture_jpeg_of_a_phone_gives_its_first_picture() -> None:
    second = Image.new("RGB", (320, 240))
    photo = prepare(saved(scene(), "MPO", save_all=True, append_images=[second]))
    assert (photo.width, photo.height) == (640, 480)


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (9000, 2), (1601, 1)])
def test_odd_shapes_keep_at_least_one_pixel(size: tuple[int, int]) -> None:
    photo = prepare(saved(Image.new("RGB", size), "PNG"))
    assert min(photo.width, photo.height) >= 1
    assert max(photo.width, photo.height) <= 1600


def test_what_hides_behind_the_pixels_is_gone() -> None:
    polyglot = KINDS["jpeg"] + b"PK\x03\x04" + MARKER + b"<script>alert(1)</script>"
    photo = prepare(polyglot)
    assert b"PK\x03\x04" not in photo.full
    assert MARKER not in photo.full


@pytest.mark.parametrize(
    "data",
    [
        b"just some text, renamed to photo.jpg",
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        saved(scene(), "GIF"),
        saved(scene(), "BMP"),
        saved(scene(), "TIFF"),
        b"%PDF-1.7\n",
        b"\xff\xd8",
        "照片".encode(),
    ],
)
def test_other_kinds_are_refused_by_type(data: bytes) -> None:
    assert "JPG、PNG、WebP 或 HEIC" in refusal(data)


def test_avif_is_refused_by_type() -> None:
    assert "JPG" in refusal(saved(scene((64, 64)), "AVIF"))


def test_an_empty_file_is_called_empty() -> None:
    assert "空文件" in refusal(b"")


def test_ten_megabytes_are_the_most() -> None:
    padded = KINDS["jpeg"] + bytes(MAX_PHOTO_BYTES - len(KINDS["jpeg"]))
    assert prepare(padded).width == 640
    assert "10 MB" in refusal(padded + b"\x00")


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "heic"])
@pytest.mark.parametrize("share", [0.3, 0.7])
def test_a_truncated_photo_is_called_damaged(kind: str, share: float) -> None:
    data = KINDS[kind]
    assert "已损坏" in refusal(data[: int(len(data) * share)])


@pytest.mark.parametrize("start", [KINDS[kind][:40] for kind in KINDS])
def test_a_good_header_with_junk_behind_is_called_damaged(start: bytes) -> None:
    assert "已损坏" in refusal(start + bytes(range(256)) * 20)


@pytest.mark.parametrize("kind", ["jpeg", "progressive jpeg", "png", "webp", "heic"])
@settings(max_examples=25, deadline=None)
@given(st.data())
def test_changed_bytes_are_prepared_or_refused_never_a_crash(kind: str, data: st.DataObject) -> None:
    mutable = bytearray(KINDS[kind])
    for _ in range(data.draw(st.integers(1, 12))):
        mutable[data.draw(st.integers(0, len(mutable) - 1))] = data.draw(st.integers(0, 255))
    try:
        assert prepare(bytes(mutable)).mime == "image/jpeg"
    except Invalid as refused:
        assert refused.errors["photos"]


@pytest.mark.parametrize(("width", "height"), [(13_000, 13_000), (10_000, 5_100), (30_000, 30_000)])
def test_a_pixel_bomb_is_refused_by_its_header(width: int, height: int) -> None:
    assert "像素过多（超过 5000 万）" in refusal(png_header(width, height, depth=1))


def test_fifty_million_pixels_are_still_taken() -> None:
    assert prepare(png_header(10_000, 5_000, depth=1)).width == 1600


def test_a_webp_canvas_bomb_is_refused_by_its_header() -> None:
    data = bytearray(saved(scene().convert("RGBA"), "WEBP", exif=exif()))
    assert data[12:16] == b"VP8X"
    data[24:30] = (16_000 - 1).to_bytes(3, "little") * 2
    assert "像素过多" in refusal(bytes(data))


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_an_animation_is_refused_by_name(kind: str) -> None:
    frames = [Image.new("RGB", (32, 32), colour) for colour in (GREEN, BLUE)]
    data = saved(scene((32, 32)), kind, save_all=True, append_images=frames)
    assert "动图" in refusal(data)


def test_all_faults_are_named_at_once() -> None:
    with pytest.raises(Invalid) as caught:
        prepare_all([KINDS["jpeg"], b"", KINDS["png"], b"text"])
    assert [sentence[:7] for sentence in caught.value.errors["photos"]] == ["第 2 张是空", "第 4 张不是"]


def test_nine_photos_are_the_most() -> None:
    small = saved(scene((20, 20)), "JPEG")
    assert len(prepare_all([small] * MAX_PHOTOS)) == 9
    with pytest.raises(Invalid) as caught:
        prepare_all([small] * 11)
    assert "最多上传 9 张照片，请去掉 2 张" in caught.value.errors["photos"][0]


def test_a_kept_photo_is_found_in_both_sizes_under_random_keys() -> None:
    store, photo = open_store("memory:///"), prepare(KINDS["jpeg"])
    kept, again = keep(store, photo), keep(store, photo)
    assert store.get(kept.key) == photo.full
    assert store.get(kept.thumb_key) == photo.thumb
    assert filetype.guess_mime(store.get(kept.key)) == kept.mime
    assert (kept.size, kept.sha256) == (len(photo.full), photo.full_sha256)
    assert len({kept.key, kept.thumb_key, again.key, again.thumb_key}) == 4
