"""Documents: what they are is proven by their content, and their names lose whatever could mislead."""

import io
import struct
import zipfile

import pytest
from PIL import Image

from liaison.clients.files import open_store
from liaison.domain.errors import Invalid
from liaison.services.documents import (
    DOCX,
    MAX_DOCUMENT_BYTES,
    PDF,
    XLSX,
    check_document,
    display_name,
    keep_document,
    prepare_documents,
)

PDF_BYTES = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


def zipped(*names: str, size: int = 10) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, bytes(size))
    return out.getvalue()


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), "navy").save(out, "PNG")
    return out.getvalue()


def refusal(data: bytes, name: str = "方案.docx") -> str:
    with pytest.raises(Invalid) as caught:
        prepare_documents([(name, data)])
    [sentence] = caught.value.errors["files"]
    return sentence


@pytest.mark.parametrize(
    ("data", "mime"),
    [
        (PDF_BYTES, PDF),
        (zipped("[Content_Types].xml", "_rels/.rels", "word/document.xml"), DOCX),
        (zipped("docProps/app.xml", "xl/workbook.xml"), XLSX),
        (picture(), "image/png"),
    ],
)
def test_the_content_decides_the_type(data: bytes, mime: str) -> None:
    assert check_document(data, "随便.txt") == mime


@pytest.mark.parametrize(
    "data",
    [b"MZ\x90\x00 a program", b"<html><script>", zipped("evil.exe"), b"PK\x03\x04 broken", b"x" * 300],
)
def test_other_content_is_refused_whatever_its_name(data: bytes) -> None:
    assert "格式不支持" in refusal(data)


def test_macros_are_refused() -> None:
    assert "宏" in refusal(zipped("word/document.xml", "word/vbaProject.bin"))


def test_a_zip_bomb_is_refused_by_its_directory() -> None:
    assert "展开后过大" in refusal(zipped("word/document.xml", "a.bin", size=110 * 1024 * 1024))


@pytest.mark.parametrize("count", [5_001, 400_000])
def test_a_zip_with_a_directory_without_end_is_refused(count: int) -> None:
    entry = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 20, 20, *[0] * 7, 1, 0, 0, 0, 0, 0, 0) + b"a"
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 0xFFFE, 0xFFFE, len(entry) * count, 4, 0)
    assert "展开后过大" in refusal(b"PK\x03\x04" + entry * count + end)


def test_an_empty_and_a_huge_file_are_named() -> None:
    assert "空文件" in refusal(b"")
    assert "20 MB" in refusal(PDF_BYTES + bytes(MAX_DOCUMENT_BYTES), "扫描件.pdf")


def test_every_faulty_file_is_named_at_once() -> None:
    with pytest.raises(Invalid) as caught:
        prepare_documents([("好.pdf", PDF_BYTES), ("坏.pdf", b"x"), ("图.jpg", picture()[:60])])
    assert [sentence[:5] for sentence in caught.value.errors["files"]] == ["「坏.pd", "「图.jp"]
    with pytest.raises(Invalid):
        prepare_documents([("好.pdf", PDF_BYTES)] * 10)


def test_a_kept_document_is_found_byte_for_byte() -> None:
    store = open_store("memory:///")
    kept = keep_document(store, prepare_documents([("复函.doc", PDF_BYTES)])[0])
    assert store.get(kept.key) == PDF_BYTES
    assert kept.key.endswith(".pdf")
    assert (kept.name, kept.mime, kept.thumb_key) == ("复函.pdf", PDF, None)


def test_a_picture_among_documents_is_cleaned_like_a_photo() -> None:
    store = open_store("memory:///")
    kept = keep_document(store, prepare_documents([("现场.png", picture())])[0])
    assert (kept.name, kept.mime, kept.width, kept.height) == ("现场.jpg", "image/jpeg", 60, 40)
    assert Image.open(io.BytesIO(store.get(kept.thumb_key))).format == "JPEG"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("照片.jpg", "照片.jpg"),
        ("C:\\secret\\a.pdf", "a.pdf"),
        ("../../etc/passwd", "passwd"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie: x.pdf"),
        ("复函\u202efdp.exe", "复函fdp.exe"),
        ("\ud800.pdf", "pdf"),
        ("", "附件"),
        (" . ", "附件"),
    ],
)
def test_a_name_is_shown_without_what_could_mislead(name: str, shown: str) -> None:
    assert display_name(name) == shown


def test_a_long_name_keeps_its_ending() -> None:
    shown = display_name("长" * 300 + ".pdf")
    assert len(shown) == 100
    assert shown.endswith(".pdf")
