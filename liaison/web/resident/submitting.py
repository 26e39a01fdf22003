"""What page and API share when a resident submits: read the body, keep the files, take the matter in once."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from liaison.domain.actors import Actor, Role
from liaison.services import intake, vault
from liaison.services.photos import Kept
from liaison.web.wiring import now, unit_of_work, wiring

Body = dict[str, Any]
RESIDENT = Actor(Role.RESIDENT)


@dataclass(frozen=True)
class Teller:
    """Who tells and by what way: an account for somebody, or a visitor whom WeChat knows and `hears` of news there."""

    source: str = "scan"
    actor: Actor = RESIDENT
    visitor_id: UUID | None = None
    hears: bool = False


SCANNED = Teller()


def submit(
    station_code: str, key: str, body: Body, files: Sequence[Kept], by: Teller = SCANNED
) -> intake.Submitted:
    """Take the matter in, once per key; raises Conflict when the key came with something else before."""
    about = body["about"] or {}
    submission = intake.Submission(
        text=body["text"],
        category=body["category"] or None,
        place=_spot(body["place"] or {}),
        contact=_contact(body["contact"] or {}),
        share_identity=body["share_identity"],
        about_department=about.get("department") or None,
        about_person=about.get("person") or "",
        source=by.source,
        files=files,
        visitor_id=by.visitor_id,
        hears=by.hears,
    )
    with unit_of_work():
        return intake.submit(
            by.actor, station_code, submission, key=key, digest=digest_of(body, files), keys=wiring().keys, now=now()
        )


def digest_of(body: Body, files: Sequence[Kept]) -> str:
    """The hash of what was sent: the same words and the same photo files give the same, sent again or not."""
    told = json.dumps(body, ensure_ascii=True, sort_keys=True, default=str)
    parts = [told, *(file.original_sha256 for file in files)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def seal_files(station_code: str, key: str, files: Sequence[Kept]) -> list[str]:
    """Tokens by which a form that must be filled in again carries photos and a voice that are already kept.

    Bound to station and key of the form, so that no file gets into two matters.
    """
    return [_serializer(station_code, key).dumps(asdict(file)) for file in files]


def open_files(station_code: str, key: str, tokens: Sequence[str]) -> list[Kept]:
    """The files of such tokens, each once; what we did not seal is left out."""
    kept: dict[str, Kept] = {}
    for token in tokens:
        try:
            file = Kept(**_serializer(station_code, key).loads(token))
        except BadSignature:
            continue
        kept[file.key] = file
    return list(kept.values())


def _serializer(station_code: str, key: str) -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key, salt=f"photos {station_code} {key}")


def _spot(place: Body) -> vault.Spot:
    lat, lng = place.get("lat"), place.get("lng")
    known = lat is not None and lng is not None
    return vault.Spot(place.get("name") or "", lat if known else None, lng if known else None)


def _contact(contact: Body) -> vault.Contact:
    return vault.Contact(contact.get("name") or None, contact.get("phone") or None)
