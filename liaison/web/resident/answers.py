"""What the resident's JSON routes give back and the headers they take, for the OpenAPI document."""

from marshmallow import Schema, fields

from liaison.domain.outcomes import Result
from liaison.domain.workflow import MATTER, Party, Phase
from liaison.web.schemas import one_of

KEY_LENGTH = 200


def _code(choices: object, **kwargs: object) -> fields.String:
    return fields.String(validate=one_of(choices), **kwargs)


class SecretHeader(Schema):
    """The query code of the receipt."""

    secret = fields.String(required=True, data_key="X-Matter-Secret", metadata={"example": "ABCD-EFGH-JKMN"})


class KeyHeader(Schema):
    """A key the client makes for one submission and sends again with every repetition of it."""

    key = fields.String(required=True, data_key="Idempotency-Key", metadata={"minLength": 1, "maxLength": KEY_LENGTH})


class DeputyOut(Schema):
    """A deputy of a station's roster, in its order."""

    name = fields.String(required=True)
    level = fields.String(required=True)
    unit = fields.String(required=True)
    photo_url = fields.String(required=True, allow_none=True)
    on_duty = fields.Boolean(required=True)


class CategoryOut(Schema):
    """A category to choose from."""

    code = fields.String(required=True)
    name = fields.String(required=True)


class StationOut(Schema):
    """A station as its page shows it."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True)
    address = fields.String(required=True)
    opening = fields.String(required=True)
    capabilities = fields.List(fields.String(), required=True)
    deputies = fields.List(fields.Nested(DeputyOut), required=True)
    categories = fields.List(fields.Nested(CategoryOut), required=True)


class ReceiptOut(Schema):
    """The hash of a matter's first event, and when it was taken in."""

    hash = fields.String(required=True)
    at = fields.DateTime(required=True)


class SubmittedOut(Schema):
    """A matter as it was taken in; `secret` opens it."""

    number = fields.String(required=True)
    secret = fields.String(required=True)
    state = _code(MATTER.states, required=True)
    phase = _code(Phase, required=True)
    waiting_for = fields.String(required=True, allow_none=True, metadata={"enum": [*Party, None]})
    due_at = fields.DateTime(required=True, allow_none=True)
    track_url = fields.URL(required=True, require_tld=False)
    receipt = fields.Nested(ReceiptOut, required=True)


class FileOut(Schema):
    """A file by its address."""

    url = fields.String(required=True)
    thumb_url = fields.String(required=True, allow_none=True)
    name = fields.String(required=True, allow_none=True)
    mime = fields.String(required=True)
    sha256 = fields.String(required=True)


class EventOut(Schema):
    """One line of the history."""

    at = fields.DateTime(required=True)
    kind = fields.String(required=True)
    by_role = fields.String(required=True)
    by = fields.String(required=True, allow_none=True)
    text = fields.String(required=True)
    data = fields.Dict(required=True)
    state = fields.String(required=True)
    hash = fields.String(required=True)


class ReplyOut(Schema):
    """One answer."""

    at = fields.DateTime(required=True)
    by = fields.String(required=True)
    by_role = fields.String(required=True)
    text = fields.String(required=True)
    outcome = fields.String(required=True)
    measures = fields.String(required=True)
    owner = fields.String(required=True)
    promised_on = fields.Date(required=True, allow_none=True)
    approved = fields.Boolean(required=True)
    files = fields.List(fields.Nested(FileOut), required=True)


class RatingOut(Schema):
    """The last rating."""

    round = fields.Integer(required=True)
    result = _code(Result, required=True)
    attitude = fields.Integer(required=True)
    speed = fields.Integer(required=True)
    text = fields.String(required=True)
    at = fields.DateTime(required=True)


class MatterOut(Schema):
    """A matter as its resident sees it."""

    number = fields.String(required=True)
    state = _code(MATTER.states, required=True)
    phase = _code(Phase, required=True)
    waiting_for = fields.String(required=True, allow_none=True, metadata={"enum": [*Party, None]})
    due_at = fields.DateTime(required=True, allow_none=True)
    light = fields.String(required=True)
    text = fields.String(required=True)
    category = fields.String(required=True, allow_none=True)
    photos = fields.List(fields.Nested(FileOut), required=True)
    events = fields.List(fields.Nested(EventOut), required=True)
    replies = fields.List(fields.Nested(ReplyOut), required=True)
    rating = fields.Nested(RatingOut, required=True, allow_none=True)
    receipt = fields.Nested(ReceiptOut, required=True)
