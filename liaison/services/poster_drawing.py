"""Drawing what hangs on a station's wall: its QR code and the A4 sheet around it. Runs in the press.

Pure drawing from a station's public facts. The code is made at level H, so that it still reads with the
emblem in its middle, scratched, shrunk to 220 pixels or photographed at an angle. The address stands below
the code in plain letters: a sticker pasted over it then shows.
"""

from functools import lru_cache
from importlib.resources import files
from io import BytesIO
from typing import NamedTuple
from urllib.parse import urlsplit

import noto_cjk_sans_otc
import qrcode
from PIL import Image, ImageDraw, ImageFont

from liaison.services.posters import PosterStation

LOGO_SHARE = 0.24
"""The part of the code's width that the emblem with its white ground covers; 0.26 still reads, 0.30 does not.

The emblem has no detail of a module's size: a finer one passed for the alignment pattern that codes of 45
modules and more have in their middle, and zbar missed up to two thirds of 24 addresses, now none of 60.
"""

QUIET_MODULES = 4
A4_PIXELS = (1654, 2339)
A4_POINTS = (595.28, 841.89)
CARD = 840
CARD_INSET = 20
MARGIN = 100
INNER = A4_PIXELS[0] - 2 * MARGIN
MIDDLE = A4_PIXELS[0] // 2
SMALLEST = 26

RED, INK, GREY, PALE, PAPER = "#C8102E", "#1F2328", "#5C6370", "#FBEDEE", "#FFFFFF"
STEPS = (("扫码", "微信扫一扫上面的码"), ("说事", "写几句话，可拍照片"), ("看进度", "谁在办、何时答复"))

_SIMPLIFIED = 2
_FIXED_MASK = 3
_CLOSING = "，。、：；！？）》」"
_STATIC = files("liaison") / "static"


def qr_png(url: str, *, logo: bool = True, size: int = 600) -> bytes:
    """Return the code as a square PNG of exactly `size` pixels, white margin included."""
    out = BytesIO()
    qr_image(url, logo=logo, size=size).save(out, "PNG", optimize=True)
    return out.getvalue()


def qr_image(url: str, *, logo: bool = True, size: int = 600) -> Image.Image:
    """Draw the code on white, every module the same whole number of pixels; raises ValueError below one."""
    matrix = _matrix(url)
    count = len(matrix)
    scale = size // (count + 2 * QUIET_MODULES)
    if scale < 1:
        raise ValueError(f"{size} pixels are too few for {count} modules")
    code = Image.new("L", (count, count))
    code.putdata([0 if dark else 255 for row in matrix for dark in row])
    image = Image.new("RGB", (size, size), PAPER)
    corner = (size - count * scale) // 2
    image.paste(code.resize((count * scale, count * scale), Image.Resampling.NEAREST), (corner, corner))
    if logo:
        _put_logo(image, round(count * scale * LOGO_SHARE))
    return image


def qr_svg(url: str) -> bytes:
    """Return the code with the emblem as an SVG of unit modules, for printers that want no pixels."""
    matrix = _matrix(url)
    count, side = len(matrix), len(matrix) + 2 * QUIET_MODULES
    path = "".join(
        f"M{x + QUIET_MODULES} {y + QUIET_MODULES}h1v1h-1z"
        for y, row in enumerate(matrix)
        for x, dark in enumerate(row)
        if dark
    )
    logo = count * LOGO_SHARE
    corner = (side - logo) / 2
    place = f'x="{corner:.2f}" y="{corner:.2f}" width="{logo:.2f}" height="{logo:.2f}"'
    emblem = (_STATIC / "logo.svg").read_text("utf-8").replace("<svg ", f"<svg {place} ", 1)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}">'
        f'<rect width="{side}" height="{side}" fill="#fff"/><path shape-rendering="crispEdges" d="{path}"/>'
        f'<rect {place} rx="{logo * 0.15:.2f}" fill="#fff"/>{emblem}</svg>'
    ).encode()


def poster_pdf(station: PosterStation) -> bytes:
    """Return the sheet as a one-page A4 PDF."""
    out = BytesIO()
    dpi = A4_PIXELS[0] / A4_POINTS[0] * 72
    poster_page(station).save(
        out, "PDF", resolution=dpi, quality=92, subsampling=0, title=f"{station.name} {station.code}"
    )
    return out.getvalue()


def redrawn(sent: bytes, side: int) -> bytes:
    """A picture somebody sent drawn anew as a PNG; raises ValueError for what is none, or longer than `side`."""
    try:
        with Image.open(BytesIO(sent), formats=("PNG", "JPEG")) as picture:
            if max(picture.size) > side:
                raise ValueError("too large")
            out = BytesIO()
            picture.convert("RGB").save(out, "PNG", optimize=True)
    except (OSError, Image.DecompressionBombError) as error:
        raise ValueError("no picture") from error
    return out.getvalue()


def poster_page(station: PosterStation) -> Image.Image:
    """Draw the sheet at about 200 dots per inch."""
    page = Image.new("RGB", A4_PIXELS, PAPER)
    draw = ImageDraw.Draw(page)
    _draw_head(page, draw, station)
    _draw_code(page, draw, station)
    _draw_steps(draw)
    _draw_facts(draw, station)
    _draw_foot(draw, station)
    return page


def _draw_head(page: Image.Image, draw: ImageDraw.ImageDraw, station: PosterStation) -> None:
    draw.rectangle((0, 0, A4_PIXELS[0], 372), fill=RED)
    logo = _logo(110)
    page.paste(logo, (MARGIN - 12, 44), logo)
    _line(draw, (MARGIN + 112, 98), f"码上联 · {station.kind_label}", 50, PAPER)
    _fit(draw, _Box(MARGIN, 158, INNER, 190), station.name, 116, PAPER, bold=2)


def _draw_code(page: Image.Image, draw: ImageDraw.ImageDraw, station: PosterStation) -> None:
    _line(draw, (MIDDLE, 478), "扫一扫，有事找代表", 118, RED, anchor="mm", bold=3)
    left, top = MARGIN if station.mini_code else MIDDLE - CARD // 2, 572
    draw.rounded_rectangle((left, top, left + CARD, top + CARD), 36, PAPER, RED, 8)
    page.paste(qr_image(station.url, size=CARD - 2 * CARD_INSET), (left + CARD_INSET, top + CARD_INSET))
    if station.mini_code:
        _draw_mini_code(page, draw, station.mini_code, left + CARD + CARD_INSET * 2, top)
    host = urlsplit(station.url).netloc
    _fit(draw, _Box(MARGIN, 1422, INNER, 64), f"认准网址：{host}", 46, INK, centred=True)


def _draw_mini_code(page: Image.Image, draw: ImageDraw.ImageDraw, picture: bytes, left: int, top: int) -> None:
    """Set the mini-program's code smaller beside the other, which is the one that opens everywhere."""
    side = A4_PIXELS[0] - MARGIN - left
    near = top + (CARD - side) // 2
    draw.rounded_rectangle((left, near, left + side, near + side), 28, PAPER, GREY, 4)
    with Image.open(BytesIO(picture)) as code:
        inner = code.convert("RGB").resize((side - 2 * CARD_INSET,) * 2, Image.Resampling.LANCZOS)
    page.paste(inner, (left + CARD_INSET, near + CARD_INSET))
    _line(draw, (left + side // 2, near - 52), "微信小程序", 46, INK, anchor="mm", bold=1)
    _fit(draw, _Box(left, near + side + 16, side, 120), "常用微信的，扫这个也可以", 38, GREY, centred=True)


def _draw_steps(draw: ImageDraw.ImageDraw) -> None:
    column = INNER // len(STEPS)
    for index, (title, words) in enumerate(STEPS):
        left = MARGIN + column * index
        _disc(draw, (left + 46, 1556), str(index + 1))
        _line(draw, (left + 104, 1556), title, 66, INK, bold=1)
        _line(draw, (left + 104, 1626), words, 33, GREY)


def _draw_facts(draw: ImageDraw.ImageDraw, station: PosterStation) -> None:
    draw.rounded_rectangle((MARGIN, 1690, MARGIN + INNER, 2016), 28, fill=PALE)
    facts = (("地址", station.address), ("接待", station.opening), ("编号", station.code))
    for index, (label, words) in enumerate(facts):
        top = 1710 + 98 * index
        _line(draw, (MARGIN + 40, top + 45), label, 44, RED, bold=1)
        _fit(draw, _Box(MARGIN + 170, top, INNER - 210, 90), words, 44, INK)


def _draw_foot(draw: ImageDraw.ImageDraw, station: PosterStation) -> None:
    _line(draw, (MIDDLE, 2096), "没有手机、不会用？进站说一声，我们帮您写", 68, INK, anchor="mm", bold=2)
    draw.line((MARGIN, 2170, MARGIN + INNER, 2170), fill=RED, width=4)
    host = urlsplit(station.url).netloc
    warning = f"打开的网址不是 {host}，或二维码被贴盖、涂改：请不要填写，并告诉站里的工作人员。"
    _fit(draw, _Box(MARGIN, 2188, INNER, 100), warning, 36, GREY, centred=True)


class _Box(NamedTuple):
    """Where a text may stand, in pixels."""

    left: int
    top: int
    width: int
    height: int


def _fit(
    draw: ImageDraw.ImageDraw, box: _Box, text: str, size: int, fill: str, *, centred: bool = False, bold: int = 0
) -> None:
    """Write a text into a box, wrapped, as large as fits; what is too long even small ends in an ellipsis."""
    text = " ".join(text.split())
    while len(lines := _wrapped(text, size, box.width)) * _leading(size) > box.height and size > SMALLEST:
        size -= 2
    room = max(1, box.height // _leading(size))
    if len(lines) > room:
        lines = [*lines[: room - 1], lines[room - 1][:-1] + "…"]
    top = box.top + (box.height - len(lines) * _leading(size)) // 2 + _leading(size) // 2
    for index, words in enumerate(lines):
        at = (box.left + box.width // 2 if centred else box.left, top + index * _leading(size))
        _line(draw, at, words, size, fill, anchor="mm" if centred else "lm", bold=bold)


def _wrapped(text: str, size: int, width: int) -> list[str]:
    """Break a text between any two characters, as Chinese permits, but never before a closing mark."""
    font, lines, used = _font(size), [""], 0.0
    for character in text:
        advance = font.getlength(character)
        if used + advance > width and lines[-1] and character not in _CLOSING:
            lines.append("")
            used = 0.0
        lines[-1] += character
        used += advance
    return lines


def _line(
    draw: ImageDraw.ImageDraw,
    at: tuple[int, int],
    text: str,
    size: int,
    fill: str,
    *,
    anchor: str = "lm",
    bold: int = 0,
) -> None:
    """Write one line; the font has one weight, so bold is a stroke of that many pixels."""
    draw.text(at, text, fill, _font(size), anchor=anchor, stroke_width=bold, stroke_fill=fill)


def _disc(draw: ImageDraw.ImageDraw, at: tuple[int, int], digit: str) -> None:
    x, y = at
    draw.ellipse((x - 42, y - 42, x + 42, y + 42), fill=RED)
    _line(draw, at, digit, 50, PAPER, anchor="mm", bold=1)


def _leading(size: int) -> int:
    return round(size * 1.25)


@lru_cache(maxsize=64)
def _font(size: int) -> ImageFont.FreeTypeFont:
    path = str(noto_cjk_sans_otc.FONT_PATH)
    return ImageFont.truetype(path, size, index=_SIMPLIFIED, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=8)
def _logo(side: int) -> Image.Image:
    with (_STATIC / "logo.png").open("rb") as file, Image.open(file) as emblem:
        return emblem.resize((side, side), Image.Resampling.LANCZOS)


def _put_logo(code: Image.Image, side: int) -> None:
    """Set the emblem into the middle on a white ground."""
    near = (code.width - side) // 2
    ImageDraw.Draw(code).rounded_rectangle((near, near, near + side, near + side), side * 0.15, fill=PAPER)
    logo = _logo(side)
    code.paste(logo, (near, near), logo)


def _matrix(url: str) -> list[list[bool]]:
    """Return the modules without margin; a fixed mask is as readable and 2.7 times faster to make."""
    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_H, border=0, mask_pattern=_FIXED_MASK)
    code.add_data(url)
    code.make(fit=True)
    return code.get_matrix()
