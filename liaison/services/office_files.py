"""What a Word or Excel file is by its parts, found in the zip's directory without unpacking anything.

Runs in the darkroom only: a directory of 20 MB may name 400,000 parts.
"""

import zipfile
from io import BytesIO

from liaison.services.darkroom_line import DOCX, MAX_PARTS, MAX_UNPACKED_BYTES, XLSX, Refused, Why

_MAIN_PARTS = {"word/document.xml": DOCX, "xl/workbook.xml": XLSX}
_ENTRY = b"PK\x01\x02"
_MACROS = "vbaproject.bin"


def office_type(data: bytes) -> str:
    """Return the type the main part proves; raises Refused for what is neither, too large unpacked, or has macros."""
    if data.count(_ENTRY) > MAX_PARTS:  # before the directory is read, each of whose entries becomes an object
        raise Refused(Why.UNPACKED)
    try:
        parts = zipfile.ZipFile(BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        raise Refused(Why.UNKNOWN) from None
    if sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
        raise Refused(Why.UNPACKED)
    names = {part.filename for part in parts}
    if any(name.lower().endswith(_MACROS) for name in names):
        raise Refused(Why.MACROS)
    for part, mime in _MAIN_PARTS.items():
        if part in names:
            return mime
    raise Refused(Why.UNKNOWN)
