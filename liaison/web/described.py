"""What a JSON route takes and gives, for the OpenAPI document; APIFlask's annotations without its own parsing.

Every refusal is described as the problem document it is, and multipart bodies with the files they may carry.
Whether an operation needs a session is read from the policy's line of the view's guard.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from http import HTTPStatus
from typing import Any

from apiflask import APIFlask
from marshmallow import Schema, fields, validate

from liaison.domain.access import Need
from liaison.domain.actors import Role

View = Callable[..., Any]
Json = dict[str, Any]
PROBLEM = "application/problem+json"
FILES, REPEATS = "x-files", "x-repeats"  # set on an operation while the document is made, never shown
SESSION = "session"
SCHEMES = {SESSION: {"type": "http", "scheme": "bearer", "description": "the token of POST /api/v1/sessions"}}
ALWAYS = (400, 503)  # an address or a body that cannot be read; a database or a disk that has given way
BINDING = ("binding", "confirmation")
CLOSED = (401, 403)
WITH_BODY = (413, 415, 422)


class Parameters(Schema):
    """Altcha's: PBKDF2 of nonce and a counter of four bytes, with that salt and cost, must begin with `keyPrefix`."""

    algorithm = fields.String(required=True)
    nonce = fields.String(required=True)
    salt = fields.String(required=True)
    cost = fields.Integer(required=True)
    keyLength = fields.Integer(required=True)
    keyPrefix = fields.String(required=True)
    expiresAt = fields.Integer(required=True)
    data = fields.Dict(required=True)


class Challenge(Schema):
    """What to work off while too many submit at once: altcha's challenge, its second version."""

    parameters = fields.Nested(Parameters, required=True)
    signature = fields.String(required=True)


class Problem(Schema):
    """RFC 9457, with what this API adds."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    instance = fields.String(required=True)
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))
    state = fields.String()
    waiting_for = fields.String(allow_none=True)
    challenge = fields.Nested(Challenge)
    needs = fields.String(
        validate=validate.OneOf([*map(str, Need), *BINDING]),
        metadata={
            "description": "what a session lacks: `otp` (send the six digits or a recovery code along), or what its"
            " owner does in the console first: change the `password`, bind a `second_factor`; for a phone that no"
            " account is bound to: the `binding` (POST /api/v1/deputy/bindings with `ticket`), or its `confirmation` by"
            " the office"
        },
    )
    ticket = fields.String(metadata={"description": "what a phone that is not bound is to be bound with"})
    ticket_expires_at = fields.DateTime()


def describe(
    gives: type[Schema] | None,
    *,
    status: int = 200,
    takes: type[Schema] | None = None,
    files: Mapping[str, int] | None = None,
    headers: type[Schema] | None = None,
    query: type[Schema] | None = None,
    repeats: bool = False,
    refuses: Sequence[int] = (),
) -> Callable[[View], View]:
    """Annotate a guarded view: its answer, its body, the parts that hold files and how many, its headers and query.

    `refuses` names what does not follow from these and the guard; `repeats` says that the same request again is
    answered alike, with 200.
    """
    answer = {"schema": gives() if gives else {}, "status_code": status, "description": HTTPStatus(status).phrase}
    rest = dict.fromkeys(("example", "examples", "links", "headers"))
    arguments = [(headers, "headers"), (query, "query")]

    def decorate(view: View) -> View:
        closed = Role.ANYONE not in view.policy_line.roles
        codes = {*ALWAYS, *refuses, *(CLOSED if closed else ()), *(WITH_BODY if takes else ())}
        view._spec = {
            "response": answer | rest | {"content_type": "application/json"},
            "responses": {code: HTTPStatus(code).phrase for code in sorted(codes)},
            "args": [(schema(), place) for schema, place in arguments if schema],
            "extensions": {FILES: files, REPEATS: repeats},
            "security": SESSION if closed else None,
        }
        if takes:
            view._spec |= {"body": takes(), "content_type": "application/json"}
        return view

    return decorate


def register(app: APIFlask) -> None:
    """Put the finishing touches to the document whenever it is made."""
    app.config["VALIDATION_ERROR_SCHEMA"] = app.config["HTTP_ERROR_SCHEMA"] = Problem
    app.config["SECURITY_SCHEMES"] = SCHEMES
    app.spec_processor(_finish)


def _finish(spec: Json) -> Json:
    schemas = spec.setdefault("components", {}).setdefault("schemas", {})
    for path in spec["paths"].values():
        for operation in path.values():
            _require_body(operation, schemas)
            _add_files(operation, schemas)
            _as_problems(operation)
            if operation.pop(REPEATS, False):
                operation["responses"]["200"] = deepcopy(operation["responses"]["201"])
            operation["responses"] = dict(sorted(operation["responses"].items()))
    return spec


def _require_body(operation: Json, schemas: Json) -> None:
    """Say that there has to be a body where a field has to be in it; otherwise none is as good as an empty one."""
    if "requestBody" in operation:
        operation["requestBody"]["required"] = bool(_body_schema(operation, schemas).get("required"))


def _body_schema(operation: Json, schemas: Json) -> Json:
    reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    return schemas[reference.rpartition("/")[2]]


def _add_files(operation: Json, schemas: Json) -> None:
    parts = operation.pop(FILES, None)
    if not parts:
        return
    whole = deepcopy(_body_schema(operation, schemas))
    for field in whole["properties"].values():
        if isinstance(field.get("type"), list):  # a form has no null; what is not told is left out
            field["type"] = next(each for each in field["type"] if each != "null")
            field.pop("default")
    one = {"type": "string", "format": "binary", "contentMediaType": "application/octet-stream"}
    for part, most in parts.items():
        whole["properties"][part] = {"type": "array", "items": one, "maxItems": most}
    operation["requestBody"]["content"]["multipart/form-data"] = {"schema": whole}


def _as_problems(operation: Json) -> None:
    for status, answer in operation.get("responses", {}).items():
        if status.startswith(("4", "5")) and "application/json" in answer.get("content", {}):
            answer["content"] = {PROBLEM: answer["content"]["application/json"]}
