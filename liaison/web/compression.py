"""Answers leave as gzip where that spares a slow phone something and can give nothing away.

That is static files, and what the policy's table shows to everybody alike. A page that holds somebody's secret (the
token of a form, a query code, words of a matter) is never compressed: its length would tell the secret, letter by
letter, to whoever can have words of their own put on the same page (BREACH).
"""

import gzip
from functools import lru_cache

from flask import Flask, Response, request, session

from liaison.web.headers import SHOWN_TO_ALL, STATIC, action_of_request

WORTH_IT = 1_000  # bytes: below, the answer fits one packet either way
LEVEL, LEVEL_OF_FILES = 5, 9  # a page is packed for every visitor, a file once
FILES_KEPT = 64  # more than the static files there are
WORDS = ("text/", "application/javascript", "application/json", "image/svg+xml")
"""What shrinks; pictures and fonts are packed already."""


def register(app: Flask) -> None:
    """Pack answers on their way out."""

    @app.after_request
    def pack(answer: Response) -> Response:
        if not _is_open(answer):
            return answer
        answer.vary.add("Accept-Encoding")
        if request.method == "GET" and answer.status_code == 200 and request.accept_encodings["gzip"] > 0:
            _pack(answer)
        return answer


def _is_open(answer: Response) -> bool:
    """Whether these are words that everybody gets alike."""
    shown = request.endpoint == STATIC or (action_of_request() in SHOWN_TO_ALL and not session.modified)
    return shown and answer.mimetype.startswith(WORDS)


def _pack(answer: Response) -> None:
    answer.direct_passthrough, file = False, answer.response
    data = answer.get_data()
    if hasattr(file, "close"):
        file.close()  # at once: whoever asked may be gone before the answer is
    if len(data) < WORTH_IT:
        return
    answer.set_data(_packed(data) if request.endpoint == STATIC else gzip.compress(data, LEVEL, mtime=0))
    answer.headers["Content-Encoding"] = "gzip"
    answer.headers.pop("Accept-Ranges", None)
    etag, _ = answer.get_etag()
    if etag:
        answer.set_etag(etag, weak=True)  # the same file as the unpacked one, but not byte for byte


@lru_cache(FILES_KEPT)
def _packed(data: bytes) -> bytes:
    return gzip.compress(data, LEVEL_OF_FILES, mtime=0)
