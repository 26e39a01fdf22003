"""What we hold about a resident as JSON and its description: one document, whole, with codes instead of labels."""

from typing import Any

from marshmallow import Schema, fields

from liaison.domain.consent import Purpose
from liaison.models.audit import AuditEntry
from liaison.models.matters import Reveal
from liaison.models.notices import Notice
from liaison.services import privacy
from liaison.services.rights import Holdings
from liaison.services.vault import Contact, Spot
from liaison.web.answers import choice
from liaison.web.projections import moment
from liaison.web.resident.answers import OwnMatterOut

Json = dict[str, Any]


class OwnContactOut(Schema):
    """The resident's contact as we have it."""

    name = fields.String(required=True, allow_none=True)
    phone = fields.String(required=True, allow_none=True)


class SpotOut(Schema):
    """Where the matter is, as precisely as it was told."""

    name = fields.String(required=True)
    lat = fields.Float(required=True, allow_none=True)
    lng = fields.Float(required=True, allow_none=True)


class AddressOut(Schema):
    """Where news are sent."""

    channel = fields.String(required=True)
    address = fields.String(required=True)


class AgreementOut(Schema):
    """A consent: to which version of the text at /privacy, from when, and until when."""

    purpose = choice(Purpose)
    version = fields.Integer(required=True)
    given_at = fields.DateTime(required=True)
    withdrawn_at = fields.DateTime(required=True, allow_none=True)


class ReadingOut(Schema):
    """A time somebody was shown the contact; `ground` is consent or reveal."""

    at = fields.DateTime(required=True)
    by_role = fields.String(required=True)
    by = fields.String(required=True)
    ground = fields.String(required=True)


class AskedOut(Schema):
    """A request to see the contact without consent, and what became of it."""

    at = fields.DateTime(required=True)
    reason = fields.String(required=True)
    granted = fields.Boolean(required=True, allow_none=True)


class MessageOut(Schema):
    """A message that was sent to the resident, or was to be."""

    at = fields.DateTime(required=True)
    topic = fields.String(required=True)
    channel = fields.String(required=True)
    state = fields.String(required=True)
    sent_at = fields.DateTime(required=True, allow_none=True)
    delivered_at = fields.DateTime(required=True, allow_none=True)


class ErasureOut(Schema):
    """A request to be erased; `granted` is null until the office has decided."""

    asked_at = fields.DateTime(required=True)
    decided_at = fields.DateTime(required=True, allow_none=True)
    granted = fields.Boolean(required=True, allow_none=True)


class HoldingsOut(Schema):
    """Everything we hold about the matter and its resident."""

    matter = fields.Nested(OwnMatterOut, required=True)
    privacy_version = fields.Integer(required=True)
    contact = fields.Nested(OwnContactOut, required=True, allow_none=True)
    place = fields.Nested(SpotOut, required=True, allow_none=True)
    addresses = fields.List(fields.Nested(AddressOut), required=True)
    agreements = fields.List(fields.Nested(AgreementOut), required=True)
    readings = fields.List(fields.Nested(ReadingOut), required=True)
    reveals = fields.List(fields.Nested(AskedOut), required=True)
    messages = fields.List(fields.Nested(MessageOut), required=True)
    requests = fields.List(fields.Nested(ErasureOut), required=True)
    erased_at = fields.DateTime(required=True, allow_none=True)
    held = fields.Boolean(required=True)
    about_person = fields.String(required=True)


def holdings_json(matter: Json, held: Holdings) -> Json:
    """The whole document; `matter` is the matter as its resident sees it."""
    return {
        "matter": matter,
        "privacy_version": privacy.current(),
        "contact": _contact(held.contact),
        "place": _spot(held.place),
        "addresses": [{"channel": channel, "address": address} for channel, address in held.addresses],
        "agreements": [
            {
                "purpose": each.purpose,
                "version": each.version,
                "given_at": moment(each.given_at),
                "withdrawn_at": moment(each.withdrawn_at),
            }
            for each in held.agreements
        ],
        "readings": [_reading(each) for each in held.readings],
        "reveals": [_asked(each) for each in held.reveals],
        "messages": [_message(each) for each in held.messages],
        "requests": [
            {"asked_at": moment(each.asked_at), "decided_at": moment(each.decided_at), "granted": each.granted}
            for each in held.requests
        ],
        "erased_at": moment(held.erased_at),
        "held": held.is_held,
        "about_person": held.about_person,
    }


def _contact(contact: Contact | None) -> Json | None:
    return {"name": contact.name, "phone": contact.phone} if contact else None


def _spot(spot: Spot | None) -> Json | None:
    return {"name": spot.name, "lat": spot.lat, "lng": spot.lng} if spot else None


def _reading(entry: AuditEntry) -> Json:
    told = {"by_role": entry.by_role, "by": entry.by_name, "ground": entry.data["ground"]}
    return {"at": moment(entry.at)} | told


def _asked(reveal: Reveal) -> Json:
    return {"at": moment(reveal.asked_at), "reason": reveal.reason, "granted": reveal.granted}


def _message(notice: Notice) -> Json:
    return {
        "at": moment(notice.created_at),
        "topic": notice.topic,
        "channel": notice.channel,
        "state": notice.state,
        "sent_at": moment(notice.settled_at) if notice.state == "sent" else None,
        "delivered_at": moment(notice.delivered_at),
    }
