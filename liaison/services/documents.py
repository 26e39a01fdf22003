"""Files a department or the office attaches to an answer: checked by their content, kept under a random key.

Pure work outside transactions, like photos, which pictures among the files become. A document is kept byte
for byte, since people sign and stamp it; whoever serves it must send it as a download, never as a page.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from liaison.clients.files import FileStore, new_key
from liaison.domain.errors import Invalid
from liaison.services.darkroom import darkroom
from liaison.services.darkroom_line import DOCX, FORMATS, MAX_FILE_BYTES, PDF, XLSX, Refused, Why
from liaison.services.photos import Kept, Photo, keep, prepare, sha256, sniff

MAX_DOCUMENTS = 9
MAX_DOCUMENT_BYTES = MAX_FILE_BYTES

_SUFFIXES = {PDF: "pdf", DOCX: "docx", XLSX: "xlsx"}
_MAX_NAME = 100
_NEITHER = "格式不支持，请换成 PDF、Word（docx）、Excel（xlsx）或照片。"
_REASONS = {
    Why.UNPACKED: "展开后过大，请精简内容后再上传。",
    Why.HEAVY: "过大或过于复杂，处理不了，请精简内容后再上传。",
    Why.MACROS: "带有宏，请另存为不带宏的 docx 或 xlsx。",
}


@dataclass(frozen=True)
class Document:
    """A file ready to be kept; `photo` holds the clean picture when it is one, else `data` the bytes."""

    name: str
    mime: str
    data: bytes
    photo: Photo | None = None


def prepare_documents(uploads: Sequence[tuple[str, bytes]]) -> list[Document]:
    """Prepare (name, bytes) pairs in their order; raises Invalid under `files` naming every faulty one."""
    if len(uploads) > MAX_DOCUMENTS:
        raise Invalid({"files": [f"最多上传 {MAX_DOCUMENTS} 个文件，现有 {len(uploads)} 个，请减少。"]})
    documents, faults = [], []
    for name, data in uploads:
        try:
            documents.append(_prepare(data, name))
        except Invalid as refusal:
            faults += refusal.errors["files"]
    if faults:
        raise Invalid({"files": faults})
    return documents


def check_document(data: bytes, name: str) -> str:
    """Return the type the content proves: PDF, docx, xlsx or a picture; raises Invalid under `files`."""
    shown = display_name(name)
    if not data:
        raise _refusal(shown, "是空文件，请重新选择。")
    if len(data) > MAX_DOCUMENT_BYTES:
        raise _refusal(shown, f"超过 {MAX_DOCUMENT_BYTES >> 20} MB，请压缩或拆分后再上传。")
    mime = sniff(data)
    if mime in FORMATS or mime == PDF:
        return mime
    return _office_type(data, shown)


def keep_document(store: FileStore, document: Document) -> Kept:
    """Write the file under a fresh random key, a picture in its two sizes."""
    if document.photo:
        kept = keep(store, document.photo)
        return Kept(**{**vars(kept), "name": document.name})
    key = new_key("documents", _SUFFIXES[document.mime])
    store.put(key, document.data, document.mime)
    digest = sha256(document.data)
    return Kept(key, None, document.mime, len(document.data), digest, digest, name=document.name)


def display_name(name: str) -> str:
    """Return a name fit to be shown and saved under: no path, no control or direction marks, ≤100 long."""
    last = re.split(r"[/\\]", name)[-1]
    visible = "".join(c for c in last if unicodedata.category(c)[0] != "C").strip(" .")
    stem, dot, suffix = visible.rpartition(".")
    if not dot or len(suffix) > 10:
        return visible[:_MAX_NAME] or "附件"
    return f"{stem[: _MAX_NAME - len(suffix) - 1]}.{suffix}"


def _prepare(data: bytes, name: str) -> Document:
    mime = check_document(data, name)
    if mime not in FORMATS:
        return Document(_named(name, _SUFFIXES[mime]), mime, data)
    photo = prepare(data, name=display_name(name), field="files")
    return Document(_named(name, "jpg"), photo.mime, photo.full, photo)


def _named(name: str, suffix: str) -> str:
    """Give the shown name the ending of what the file really is."""
    shown = display_name(name)
    stem, dot, _ = shown.rpartition(".")
    return f"{stem if dot else shown}.{suffix}"


def _office_type(data: bytes, shown: str) -> str:
    try:
        mime = darkroom.recognise(data)
    except Refused as refused:
        raise _refusal(shown, _REASONS.get(refused.why, _NEITHER)) from None
    if mime not in (DOCX, XLSX):
        raise _refusal(shown, _NEITHER)
    return mime


def _refusal(shown: str, reason: str) -> Invalid:
    return Invalid({"files": [f"「{shown}」{reason}"]})
