"""How large, deep and manifold a request may be: refused in words before any view reads it, never an error of ours.

| what                        | how much              | beyond it | why so much                                        |
|-----------------------------|-----------------------|-----------|----------------------------------------------------|
| a body without files        | 1 MB                  | 413       | a year's calendar, percent-encoded, is the longest |
| a body with files           | `web.max_body_bytes`  | 413       | nine photos of 10 MB, only where files are taken   |
| parts and fields of a form  | 200                   | 413, 400  | the longest ladder has some sixty                  |
| depth of JSON               | 8                     | 400       | ours have two                                      |
| values within JSON          | 1,000                 | 400       | ours have some twenty                              |
| headers together            | 16 KB                 | 431       | a cookie of 4 KB, and as much as proxies add       |
| the address                 | 4 KB                  | 414       | a search of fifty characters, percent-encoded      |

Each field has its own length besides (`fields`, `schemas`).
"""

from typing import Any

from flask import Flask, current_app, request
from werkzeug.exceptions import BadRequest, RequestHeaderFieldsTooLarge, RequestURITooLarge

from liaison.domain.errors import DomainError

PLAIN = 1_000_000  # bytes
MOST_FIELDS = 200
DEEPEST, MOST_VALUES = 8, 1_000
LONGEST_HEADERS, LONGEST_ADDRESS = 16_384, 4_096  # characters
TOO_DEEP = "提交的内容层次太深或项目太多，请按接口文档的格式提交。"
TOO_MANY = "提交的项目太多，请减少后再试。"
TAKES_FILES = (
    "matter.submit",
    "matter.add",
    "station.enter",
    "console.move",
    "assignment.reply",
    "assignment.fulfil",
    "calendar.write",
    "imports.write",
)
"""The actions that come with photos, evidence or tables; all others are words alone."""


def register(app: Flask) -> None:
    """Bound every request before anything reads its body."""
    app.config["MAX_FORM_MEMORY_SIZE"] = PLAIN  # text fields; photos go to a temporary file
    app.config["MAX_FORM_PARTS"] = MOST_FIELDS

    @app.before_request
    def bound() -> None:
        if len(request.environ.get("RAW_URI", "")) > LONGEST_ADDRESS or len(request.full_path) > LONGEST_ADDRESS:
            raise RequestURITooLarge
        if sum(len(name) + len(value) for name, value in request.headers) > LONGEST_HEADERS:
            raise RequestHeaderFieldsTooLarge
        if not (request.mimetype == "multipart/form-data" and _action() in TAKES_FILES):
            request.max_content_length = PLAIN


def read_json() -> Any:
    """The body's JSON, neither deep nor endless. Raises BadRequest for what is none, DomainError for too much."""
    try:
        body = request.get_json(silent=True)
    except RecursionError:
        raise DomainError(TOO_DEEP) from None
    if body is None:
        raise BadRequest
    level, depth, values = [body], 0, 0
    while level:
        depth, values = depth + 1, values + len(level)
        if depth > DEEPEST + 1 or values > MOST_VALUES:
            raise DomainError(TOO_DEEP)
        level = [inner for each in level for inner in _within(each)]
    return body


def check_form() -> None:
    """Raise DomainError when the form has more fields than any of ours."""
    if sum(1 for _ in request.form.items(multi=True)) > MOST_FIELDS:
        raise DomainError(TOO_MANY)


def _within(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _action() -> str:
    view = current_app.view_functions.get(request.endpoint or "")
    return getattr(view, "policy_action", "")
