"""Posters: independent decoders read the code under hard conditions; the sheet is A4 and says its facts."""

import re
from io import BytesIO

import pytest
import zxingcpp
from PIL import Image
from pypdf import PdfReader
from pyzbar import pyzbar

from liaison.domain.station_codes import station_scene, station_url
from liaison.services.poster_drawing import (
    LOGO_SHARE,
    QUIET_MODULES,
    poster_page,
    poster_pdf,
    qr_image,
    qr_png,
    qr_svg,
)
from liaison.services.posters import PosterStation

KEYS = {"2026a": b"k" * 32}
URLS = [
    station_url("http://10.0.0.7:8000", "QX001", KEYS),
    station_url("https://lianluo.qingxi.example.gov.cn", "LIUQIAO-DEMO-0123", KEYS),
]


def station(**changes: str | bytes) -> PosterStation:
    facts = {
        "name": "青溪镇柳桥社区人大代表联络站",
        "kind_label": "人大代表联络站",
        "code": "QX001",
        "address": "青溪县青溪镇柳桥路 18 号党群服务中心一楼",
        "opening": "每月 15 日 9:00–11:30",
        "url": URLS[1],
    }
    return PosterStation(**{**facts, **changes})


def zxing(image: Image.Image) -> list[str]:
    found = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode)
    return [code.text for code in found]


def zbar(image: Image.Image) -> list[str]:
    return [code.data.decode() for code in pyzbar.decode(image, symbols=[pyzbar.ZBarSymbol.QRCODE])]


def jpeg_q40(image: Image.Image) -> Image.Image:
    out = BytesIO()
    image.save(out, "JPEG", quality=40)
    return Image.open(out)


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("logo", [True, False])
@pytest.mark.parametrize("read", [zxing, zbar])
def test_an_independent_decoder_reads_the_code(url: str, logo: bool, read) -> None:
    assert read(Image.open(BytesIO(qr_png(url, logo=logo)))) == [url]


@pytest.mark.parametrize("read", [zxing, zbar])
def test_the_emblem_passes_for_no_alignment_pattern_in_any_of_forty_codes(read) -> None:
    urls = [station_url("https://lianluo.qingxi.example.gov.cn", f"ZHAN{n}", KEYS) for n in range(40)]
    assert [read(qr_image(url)) for url in urls] == [[url] for url in urls]


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("read", [zxing, zbar])
@pytest.mark.parametrize("angle", [0, 12, 37, 90, 181, 303])
def test_the_code_survives_shrinking_turning_and_poor_compression(url: str, read, angle: int) -> None:
    small = qr_image(url).resize((220, 220), Image.Resampling.BILINEAR)
    turned = small.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor="white")
    assert read(jpeg_q40(turned)) == [url]


@pytest.mark.parametrize("size", [220, 600, 1001])
def test_the_png_has_exactly_the_asked_size(size: int) -> None:
    image = Image.open(BytesIO(qr_png(URLS[0], size=size)))
    assert (image.format, image.size) == ("PNG", (size, size))
    assert zxing(image) == [URLS[0]]


def test_a_size_without_room_for_the_modules_is_refused() -> None:
    with pytest.raises(ValueError, match="too few"):
        qr_png(URLS[0], size=30)


def drawn(svg: str) -> Image.Image:
    """Draw the SVG's unit modules and the white frame of its emblem, ten pixels each."""
    side = int(re.search(r'viewBox="0 0 (\d+) ', svg)[1])
    image = Image.new("RGB", (side * 10, side * 10), "white")
    for x, y in re.findall(r"M(\d+) (\d+)h1v1h-1z", svg):
        image.paste("black", (int(x) * 10, int(y) * 10, int(x) * 10 + 10, int(y) * 10 + 10))
    frame = re.search(r'<rect x="(.+?)" y="(.+?)" width="(.+?)"', svg)
    x, y, width = (float(value) for value in frame.groups())
    image.paste("white", (int(x * 10), int(y * 10), int((x + width) * 10) + 1, int((y + width) * 10) + 1))
    return image


def test_the_svg_holds_the_same_code_with_margin_and_emblem() -> None:
    svg = qr_svg(URLS[1]).decode()
    side = int(re.search(r'viewBox="0 0 (\d+) ', svg)[1])
    emblem = float(re.search(r'<svg x="[\d.]+" y="[\d.]+" width="([\d.]+)"', svg)[1])
    assert zxing(drawn(svg)) == [URLS[1]]
    assert emblem / (side - 2 * QUIET_MODULES) == pytest.approx(LOGO_SHARE, abs=0.01)
    assert LOGO_SHARE <= 0.26


@pytest.mark.parametrize("read", [zxing, zbar])
def test_the_posters_code_is_read_even_from_a_small_picture_of_the_sheet(read) -> None:
    page = poster_page(station())
    assert read(page) == [URLS[1]]
    assert read(page.resize((827, 1170), Image.Resampling.BILINEAR)) == [URLS[1]]


def test_the_pdf_is_one_a4_page_whose_picture_holds_the_code() -> None:
    pdf = poster_pdf(station())
    pages = PdfReader(BytesIO(pdf)).pages
    assert pdf.startswith(b"%PDF-")
    assert len(pages) == 1
    assert float(pages[0].mediabox.width) == pytest.approx(595.28, abs=0.5)
    assert float(pages[0].mediabox.height) == pytest.approx(841.89, abs=0.5)
    assert zxing(pages[0].images[0].image) == [URLS[1]]


@pytest.mark.parametrize("read", [zxing, zbar])
def test_both_codes_are_read_from_a_sheet_with_the_mini_programs(read) -> None:
    scene = f"pages/station?scene={station_scene('LIUQIAO-DEMO', KEYS)}"
    page = poster_page(station(mini_code=qr_png(scene, logo=False, size=430)))
    assert sorted(read(page)) == sorted([URLS[1], scene])
    assert sorted(read(page.resize((827, 1170), Image.Resampling.BILINEAR))) == sorted([URLS[1], scene])


def test_every_fact_changes_the_sheet() -> None:
    plain = poster_page(station()).tobytes()
    for field in ("name", "kind_label", "code", "address", "opening"):
        assert poster_page(station(**{field: "另一处"})).tobytes() != plain


@pytest.mark.parametrize("text", ["", "站", "人大代表联络站" * 40, "a" * 500, "一\n二\x00", "🏠\u202e联络站"])
def test_no_text_breaks_the_sheet(text: str) -> None:
    page = poster_page(station(name=text, address=text, opening=text, kind_label=text[:30], code=text[:12]))
    assert zxing(page) == [URLS[1]]
