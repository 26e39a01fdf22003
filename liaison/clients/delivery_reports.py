"""Reports of a county's own platforms on messages they took from us: one JSON object each, signed with HMAC-SHA256.

`{"client_message_id": hex, "status": "delivered" | "failed", "reason": text}`; the reason may be missing.
"""

import hashlib
import hmac
import json

from liaison.clients.pushes import DELIVERED, DELIVERY, FAILED, Push, Unreadable

ALGORITHM = "sha256="
LONGEST_REASON = 200


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The signature of a report sent at that time, in seconds since 1970 as decimal text."""
    return ALGORITHM + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def is_signed(signature: str, secret: str, timestamp: str, body: bytes) -> bool:
    """Whether the signature fits; takes the same time however much of it is right."""
    return hmac.compare_digest(signature.encode(), sign(secret, timestamp, body).encode())


def read(body: bytes) -> Push:
    """What a report says. Raises Unreadable."""
    try:
        report = json.loads(body)
        named, status = bytes.fromhex(report["client_message_id"]).hex(), report["status"]
        reason = str(report.get("reason", ""))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Unreadable("not the JSON it should be") from None
    if status not in (DELIVERED, FAILED):
        raise Unreadable("no status we know")
    return Push(DELIVERY, {"client_message_id": named, "status": status, "reason": _storable(reason)})


def _storable(reason: str) -> str:
    """The reason without what no database keeps: NUL and halves of surrogate pairs."""
    return reason.replace("\x00", "").encode(errors="replace").decode()[:LONGEST_REASON]
