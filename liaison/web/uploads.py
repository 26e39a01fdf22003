"""Bodies as they arrive: JSON or multipart; photos, voices, documents checked and kept before any transaction."""

import json
import os
from collections.abc import Callable, Sequence
from typing import Any

from flask import request
from marshmallow import ValidationError
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import UnsupportedMediaType

from liaison.clients.files import FileStore
from liaison.domain.errors import Invalid, Unavailable
from liaison.services import documents, photos, voices
from liaison.services.darkroom_line import File, OnDisk
from liaison.services.photos import Kept
from liaison.web.bodies import check_form, read_json
from liaison.web.fields import Input, fields
from liaison.web.proofs import FIELD
from liaison.web.wiring import unit_of_work, wiring

LARGE = 500 * 1024  # bytes; from here on werkzeug has put a file on disk
NOT_FIELDS = ("csrf_token", "hears", "key", "kept", "template", "fill", FIELD)
"""What a form sends for the page's own use; `template` and `fill` put a kept text into a form of the console."""


def read_body(schema: Input, *, takes_files: bool = False) -> dict[str, Any]:
    """The checked body of this request; with `takes_files`, its `files` are kept and added.

    Raises Invalid with the fields that cannot be taken, 400 for broken JSON, 415 for another type.
    """
    body = load(schema, _raw(schema))
    if takes_files:
        body["files"] = keep_documents(request.files.getlist("files"))
    return body


def load(schema: Input, raw: Any) -> dict[str, Any]:
    """What the schema makes of `raw`. Raises Invalid."""
    if faults := _unstorable(raw):
        raise Invalid(faults)
    try:
        return schema.load(raw)
    except ValidationError as error:
        raise Invalid(_flat(error.normalized_messages())) from None


def from_form(schema: Input, form: MultiDict) -> dict[str, Any]:
    """A form as nested as the schema: `place.name` becomes `{"place": {"name": ...}}`, lists stay lists.

    A part `place` may hold all of it as JSON.
    """
    raw: dict[str, Any] = {}
    for key in form:
        outer, _, inner = key.partition(".")
        if key in NOT_FIELDS:
            continue
        if isinstance(schema.fields.get(outer), fields.Nested):
            raw[outer] = _nested(raw.get(outer), inner, form[key])
        elif isinstance(schema.fields.get(key), fields.List):
            raw[key] = [value for value in form.getlist(key) if value]
        elif form[key] or isinstance(schema.fields.get(key), fields.String):
            raw[key] = form[key]
    return raw


def keep_photos(uploads: Sequence[FileStorage]) -> list[Kept]:
    """Check, re-encode and keep photos; raises Invalid for `photos` naming the one that cannot be taken."""
    if any(upload.filename for upload in uploads):
        with unit_of_work():
            pass  # ends what has only read: no connection is held while pictures are worked on
    return _keep_all(photos.keep, photos.prepare_all(_Bodies(uploads)))


def keep_voice(uploads: Sequence[FileStorage]) -> list[Kept]:
    """Check, strip and keep the voice message, the first that is one; raises Invalid for `voice`."""
    spoken = [upload for upload in uploads if upload.filename][:1]
    prepared = [voices.prepare_voice(upload.stream.read(voices.MAX_VOICE_BYTES + 1)) for upload in spoken]
    return _keep_all(voices.keep_voice, prepared)


def keep_documents(uploads: Sequence[FileStorage]) -> list[Kept]:
    """Check and keep evidence; raises Invalid for `files`."""
    longest = documents.MAX_DOCUMENT_BYTES + 1
    named = [(upload.filename, upload.stream.read(longest)) for upload in uploads if upload.filename]
    return _keep_all(documents.keep_document, documents.prepare_documents(named))


class _Bodies(Sequence[File]):
    """The photos among uploads, each looked at when its turn comes.

    Nine of them at once in every thread would fill the memory: the large ones lie on disk since they arrived, and are
    handed on as they lie there.
    """

    def __init__(self, uploads: Sequence[FileStorage]) -> None:
        self._uploads = [upload for upload in uploads if upload.filename]

    def __len__(self) -> int:
        return len(self._uploads)

    def __getitem__(self, place: int) -> File:
        stream = self._uploads[place].stream
        size = stream.seek(0, os.SEEK_END)
        stream.seek(0)
        if size < LARGE:
            return stream.read()
        stream.flush()
        return OnDisk(stream.fileno(), size)


def _keep_all(keep: Callable[[FileStore, Any], Kept], prepared: Sequence[Any]) -> list[Kept]:
    """Keep every file or none: on a disk that is almost full, each new try would eat up what is left."""
    store, kept = wiring().store, list[Kept]()
    try:
        for each in prepared:
            kept.append(keep(store, each))
    except Unavailable:
        for key in (key for file in kept for key in (file.key, file.thumb_key) if key):
            store.delete(key)
        raise
    return kept


def _nested(before: Any, inner: str, value: str) -> Any:
    if inner:
        return (before if isinstance(before, dict) else {}) | ({inner: value} if value else {})
    try:
        return json.loads(value) if value else None
    except (ValueError, RecursionError):
        return value  # which the schema then refuses by name


def _unstorable(raw: Any, name: str = "") -> dict[str, list[str]]:
    """Where a value holds what no database keeps: NUL, or half of a surrogate pair."""
    if isinstance(raw, str):
        bad = "\x00" in raw or any("\ud800" <= char <= "\udfff" for char in raw)
        return {name: ["内容里含有无法保存的字符，请删除后重新输入。"]} if bad else {}
    inner = raw.items() if isinstance(raw, dict) else enumerate(raw) if isinstance(raw, list) else ()
    found: dict[str, list[str]] = {}
    for key, value in inner:
        found |= _unstorable(value, f"{name}.{key}".strip("."))
    return found


def _raw(schema: Input) -> Any:
    if request.mimetype in ("multipart/form-data", "application/x-www-form-urlencoded"):
        check_form()
        return from_form(schema, request.form)
    if request.mimetype == "application/json" or not request.data:
        return read_json() if request.data else {}
    raise UnsupportedMediaType


def _flat(messages: Any, prefix: str = "") -> dict[str, list[str]]:
    """Nested messages under dotted names."""
    flat: dict[str, list[str]] = {}
    for key, value in messages.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            flat |= _flat(value, f"{name}.")
        else:
            name = name.removesuffix("._schema")  # marshmallow's word for the nested thing as a whole
            flat[name] = [str(sentence) for sentence in (value if isinstance(value, list) else [value])]
    return flat
