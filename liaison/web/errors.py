"""One shape for every refusal: a problem document (RFC 9457) under /api, a page in Chinese elsewhere."""

from http import HTTPStatus

from flask import Flask, Response, g, jsonify, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException

from liaison.domain.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound, WrongState
from liaison.web.guards import NotSignedIn

STATUS = {NotSignedIn: 401, NotAllowed: 403, NotFound: 404, WrongState: 409, Conflict: 409, Invalid: 422}
DETAIL = {
    400: "请求的格式不正确，请检查后重试。",
    401: "请先登录。",
    403: "您没有权限这样操作。",
    404: "没有找到，请核对地址或编号。",
    405: "这个地址不支持这样的操作。",
    413: "上传的内容太大，请减少照片或压缩后再试。",
    415: "不支持这种内容类型，请使用 JSON 或表单提交。",
    422: "填写的内容有误，请按提示修改后再提交。",
    429: "操作太频繁，请稍后再试。",
    500: "系统出了点问题，您填写的内容没有丢失，请稍后再试。",
    503: "系统正在恢复，请稍后再试。",
}


def register(app: Flask) -> None:
    """Answer every error in the one shape."""
    app.register_error_handler(DomainError, _domain_error)
    app.register_error_handler(HTTPException, answer_http)
    app.register_error_handler(Exception, _unexpected)


def problem(status: int, detail: str, **more: object) -> Response:
    """A problem document; `more` holds `errors`, `state` or `waiting_for` where they apply."""
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


def _domain_error(error: DomainError) -> Response | tuple[str, int]:
    status = status_of(error)
    if wants_json():
        more: dict[str, object] = {}
        if isinstance(error, Invalid):
            more["errors"] = error.errors
        if isinstance(error, WrongState):
            more |= {"state": error.state, "waiting_for": error.waiting_for}
        return problem(status, error.detail, **more)
    if isinstance(error, NotSignedIn):
        return redirect(url_for("console.sign_in", next=request.full_path.rstrip("?")))
    errors = error.errors if isinstance(error, Invalid) else {}
    return _page(status, error.detail, errors)


def answer_http(error: HTTPException) -> Response | tuple:
    """A refusal by the web framework or by a limit, in the one shape."""
    if error.code is None or error.code < 400:
        return error.get_response()
    detail = DETAIL.get(error.code, DETAIL[400])
    answer = problem(error.code, detail) if wants_json() else _page(error.code, detail, {})
    headers = [(name, value) for name, value in error.get_headers() if name in ("Retry-After", "Allow")]
    if isinstance(answer, Response):
        answer.headers.extend(headers)
        return answer
    return (*answer, headers)


def _unexpected(error: Exception) -> Response | tuple[str, int]:
    g.logger.error("unexpected", exc_info=error)
    return problem(500, DETAIL[500]) if wants_json() else _page(500, DETAIL[500], {})


def _page(status: int, detail: str, errors: dict) -> tuple[str, int]:
    return render_template("error.html", status=status, detail=detail, errors=errors), status
