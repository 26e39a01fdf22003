"""What only the resident's JSON routes give back, and the headers they take, for the OpenAPI document."""

from marshmallow import Schema, fields

from liaison.web import proofs
from liaison.web.answers import MatterOut, NamedOut, StandingOut

KEY_LENGTH = 200


class SecretHeader(Schema):
    """The query code of the receipt."""

    secret = fields.String(required=True, data_key="X-Matter-Secret", metadata={"example": "ABCD-EFGH-JKMN"})


class KeyHeader(Schema):
    """A key the client makes for one submission and sends again with every repetition of it.

    `proof` answers a 429 that carries a `challenge`.
    """

    key = fields.String(required=True, data_key="Idempotency-Key", metadata={"minLength": 1, "maxLength": KEY_LENGTH})
    proof = fields.String(data_key=proofs.HEADER, metadata={"maxLength": proofs.LONGEST, "description": proofs.HOW})


class DeputyOut(Schema):
    """A deputy of a station's roster, in its order."""

    name = fields.String(required=True)
    level = fields.String(required=True)
    unit = fields.String(required=True)
    photo_url = fields.String(required=True, allow_none=True)
    on_duty = fields.Boolean(required=True)


class StationOut(NamedOut):
    """A station as its page shows it."""

    kind = fields.String(required=True)
    address = fields.String(required=True)
    opening = fields.String(required=True)
    capabilities = fields.List(fields.String(), required=True)
    deputies = fields.List(fields.Nested(DeputyOut), required=True)
    categories = fields.List(fields.Nested(NamedOut), required=True)
    departments = fields.List(fields.Nested(NamedOut), required=True)


class LinkOut(Schema):
    """One link of the hash chain: with the exact time and the salt of an event that is shown, without when it is not.

    `body_digest` is that of a body which was erased; the event of the erasure holds the digest of what is left.
    How to recompute it: `docs/verify_receipt.py`.
    """

    seq = fields.Integer(required=True)
    hash = fields.String(required=True)
    at = fields.String(required=True, allow_none=True)
    salt = fields.String(required=True, allow_none=True)
    body_digest = fields.String(required=True, allow_none=True)


class OwnMatterOut(MatterOut):
    """A matter as its resident sees it, with what it takes to recompute its history."""

    chain = fields.List(fields.Nested(LinkOut), required=True)


class SubmittedOut(StandingOut):
    """A matter as it was taken in; `secret` opens it."""

    secret = fields.String(required=True)
    track_url = fields.URL(required=True, require_tld=False)
