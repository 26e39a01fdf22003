"""One shape for every refusal: a problem document (RFC 9457) under /api, a page in Chinese elsewhere.

What the machine cannot do just now (database, disk) is 503: the page that says so carries what was typed, so that
one tap sends it again.
"""

import errno
from collections.abc import Sequence
from http import HTTPStatus

import structlog
from flask import Flask, Response, current_app, jsonify, redirect, request, url_for
from flask_wtf.csrf import CSRFError, generate_csrf
from werkzeug.exceptions import HTTPException, TooManyRequests

from liaison.db import is_outage
from liaison.domain.access import Need
from liaison.domain.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound, Unavailable, WrongState
from liaison.web.bursts import Burst
from liaison.web.guards import NotSignedIn

STATUS = {
    NotSignedIn: 401,
    NotAllowed: 403,
    NotFound: 404,
    WrongState: 409,
    Conflict: 409,
    Invalid: 422,
    Burst: 429,
    Unavailable: 503,
}
RETRY_AFTER = 10  # seconds; what has died is started again within five
EXHAUSTED = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.ENOMEM)
"""What the system says when an upload cannot be put aside."""

SIGNING_IN = {
    None: "console.sign_in",
    Need.CODE: "console.code_form",
    Need.PASSWORD: "console.password_form",
    Need.FACTOR: "console.factor_page",
}
"""Where a session comes by what it lacks."""

SECRET = "password"  # a form that holds one is not given back
TOKEN = "csrf_token"
STALE = "这个页面打开得太久了，或者浏览器没有保存 Cookie。您填写的内容都在，请再提交一次。"

log = structlog.get_logger("liaison.web")
DETAIL = {
    400: "请求的格式不正确，请检查后重试。",
    401: "请先登录。",
    403: "您没有权限这样操作。",
    404: "没有找到，请核对地址或编号。",
    405: "这个地址不支持这样的操作。",
    413: "上传的内容太大，请减少照片或压缩后再试。",
    414: "网址太长，请从首页重新打开，或缩短查询的文字。",
    415: "不支持这种内容类型，请使用 JSON 或表单提交。",
    422: "填写的内容有误，请按提示修改后再提交。",
    429: "操作太频繁，请稍后再试。",
    431: "浏览器附带的信息太多，请清除本站的 Cookie 后再试。",
    500: "系统出了点问题，您填写的内容没有丢失，请稍后再试。",
    503: "系统正在恢复，请稍后再试。",
}


def register(app: Flask) -> None:
    """Answer every error in the one shape."""
    app.register_error_handler(DomainError, _domain_error)
    app.register_error_handler(HTTPException, answer_http)
    app.register_error_handler(Exception, _unexpected)


def problem(status: int, detail: str, **more: object) -> Response:
    """A problem document; `more` holds `errors`, `state`, `waiting_for` or `needs` where they apply."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": request.path,
        **more,
    }
    answer = jsonify(body)
    answer.status_code = status
    answer.mimetype = "application/problem+json"
    return answer


def wants_json() -> bool:
    """Whether this request came through the API."""
    return request.path.startswith("/api/")


def status_of(error: DomainError) -> int:
    """The HTTP status of a refusal."""
    return next((status for kind, status in STATUS.items() if isinstance(error, kind)), 400)


def unavailable(error: Exception, fields: Sequence[tuple[str, str]] | None = None) -> Response:
    """503 with Retry-After; the page carries `fields`, or else what was typed into the form, to be sent again."""
    log.error("unavailable", exc_info=error.__cause__ or error)
    answer = problem(503, DETAIL[503]) if wants_json() else given_back(503, DETAIL[503], fields)
    answer.headers["Retry-After"] = str(RETRY_AFTER)
    return answer


def given_back(status: int, detail: str, fields: Sequence[tuple[str, str]] | None = None) -> Response:
    """A page that carries `fields`, or else what was typed into the form, so that one tap sends it again."""
    typed = _typed() if fields is None else fields
    page, _ = _page(status, detail, typed=typed, photos_lost=_has_files() and "kept" not in dict(typed))
    return Response(page, status)


def _typed() -> list[tuple[str, str]]:
    """The fields of the form this request sent, unless they hold a password or cannot be read."""
    try:
        fields = list(request.form.items(multi=True))
    except (OSError, HTTPException):
        return []
    return fields if SECRET not in request.form else []


def _has_files() -> bool:
    try:
        return any(file.filename for file in request.files.values())
    except (OSError, HTTPException):
        return False


def _domain_error(error: DomainError) -> Response | tuple[str, int]:
    status = status_of(error)
    if status == 503:
        return unavailable(error)
    if wants_json():
        answer = problem(status, error.detail, **_more(error))
        if isinstance(error, Burst):
            answer.headers["Retry-After"] = str(error.wait)
        return answer
    if isinstance(error, NotSignedIn) and request.headers.get("HX-Request"):
        return Response(error.detail, 401, mimetype="text/plain")  # a piece of a page: signing in is no piece of it
    if isinstance(error, NotSignedIn):
        return redirect(url_for(SIGNING_IN[error.needs], next=request.full_path.rstrip("?")))
    errors = error.errors if isinstance(error, Invalid) else {}
    return _page(status, error.detail, errors=errors)


def _more(error: DomainError) -> dict[str, object]:
    """What a problem document says beyond its sentence."""
    if isinstance(error, Invalid):
        return {"errors": error.errors}
    if isinstance(error, WrongState):
        return {"state": error.state, "waiting_for": error.waiting_for}
    if isinstance(error, NotSignedIn) and error.needs:
        return {"needs": error.needs}
    return {"challenge": error.challenge} if isinstance(error, Burst) else {}


def answer_http(error: HTTPException) -> Response | tuple:
    """A refusal by the web framework or by a limit, in the one shape."""
    if error.code is None or error.code < 400:
        return error.get_response()
    if isinstance(error, CSRFError):
        return given_back(400, STALE, [*(pair for pair in _typed() if pair[0] != TOKEN), (TOKEN, generate_csrf())])
    detail = DETAIL.get(error.code, DETAIL[400])
    if isinstance(error, TooManyRequests):
        detail = f"操作太频繁，请过 {error.retry_after} 秒再试。" if error.retry_after else detail
        answer = problem(429, detail) if wants_json() else given_back(429, detail)
    else:
        answer = problem(error.code, detail) if wants_json() else _page(error.code, detail)
    headers = [(name, value) for name, value in error.get_headers() if name in ("Retry-After", "Allow")]
    if isinstance(answer, Response):
        answer.headers.extend(headers)
        return answer
    return (*answer, headers)


def _unexpected(error: Exception) -> Response | tuple[str, int]:
    if is_outage(error) or (isinstance(error, OSError) and error.errno in EXHAUSTED):
        return unavailable(error)
    log.error("unexpected", exc_info=error)
    return problem(500, DETAIL[500]) if wants_json() else _page(500, DETAIL[500])


def _page(status: int, detail: str, **more: object) -> tuple[str, int]:
    """The page, without what blueprints add to theirs: they ask the database, which may be what is missing."""
    template = current_app.jinja_env.get_template("error.html")
    return template.render(status=status, detail=detail, **more), status
