"""Proof of work instead of a block: what a browser works off, or waits for, while too many tell something at once.

The format is altcha's, so that its own worker and libraries solve it. PBKDF2 rather than bare SHA-256: browsers run it
at the speed of the machine, so that an attacker's own program gains little over a resident's phone. Whoever cannot
calculate (no JavaScript, no https) shows the same challenge unsolved once it is ripe, which few an address may.

A challenge is signed, expires, counts once, and only for the one submission it was made for (station and key). Should
it count twice because Redis is away, the database's idempotency row still makes one matter of one key.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from typing import Any

import altcha
from flask import current_app

ALGORITHM = "PBKDF2/SHA-256"
ROUNDS = 1_000  # of one attempt: under a millisecond for a browser, a few for us to check
FEWEST, MOST = 300, 900  # attempts: about a second on a desktop, some three on a cheap phone
WAIT = 30  # seconds until an unsolved challenge is ripe
LIFETIME = 1_800  # seconds a challenge can be used: a phone without signal may take its time
LONGEST = 4_000  # characters of an answer; ours have some 900
HEADER, FIELD = "X-Proof-Of-Work", "proof"
HOW = (
    "base64 of the JSON {challenge, solution: {counter, derivedKey}}, which altcha's solvers make of the `challenge` of"
    " a 429; or of {challenge} alone once Retry-After is over. Good once, for this station and Idempotency-Key."
)
SOLVED, RIPE, UNRIPE, WORTHLESS = "solved", "ripe", "unripe", "worthless"

Json = dict[str, Any]


@dataclass(frozen=True)
class Proof:
    """What somebody showed: its worth, the challenge within, its name to remember it by, and seconds until ripe."""

    worth: str
    challenge: Json
    name: str = ""
    wait: int = WAIT


def challenge(about: str, at: int) -> Json:
    """A new challenge for the submission `about` names; `at` is in seconds since 1970."""
    made = altcha.create_challenge(
        ALGORITHM,
        ROUNDS,
        counter=FEWEST + secrets.randbelow(MOST - FEWEST),
        expires_at=at + LIFETIME,
        data={"about": _digest(about), "ripe": at + WAIT},
        hmac_secret=_secret(),
    )
    return made.to_dict()


def ticket(made: Json) -> str:
    """The challenge as it is shown unsolved."""
    return base64.b64encode(json.dumps({"challenge": made}).encode()).decode()


def read(given: str, about: str, at: int) -> Proof:
    """What that which was given is worth for the submission `about` names; never raises, whatever it is."""
    try:
        told = json.loads(base64.b64decode(given[:LONGEST], validate=True))
        made = told["challenge"]
        whole = {"challenge": made, "solution": told.get("solution") or {"counter": 0, "derivedKey": ""}}
        result = altcha.verify_solution(base64.b64encode(json.dumps(whole).encode()).decode(), _secret())
    except (ValueError, binascii.Error, KeyError, TypeError, AttributeError, RecursionError):
        return Proof(WORTHLESS, {})
    if result.expired or result.invalid_signature is not False or made["parameters"]["data"]["about"] != _digest(about):
        return Proof(WORTHLESS, {})
    wait = made["parameters"]["data"]["ripe"] - at
    worth = SOLVED if result.verified else RIPE if wait <= 0 else UNRIPE
    return Proof(worth, made, made["signature"], wait)


def _digest(about: str) -> str:
    return hashlib.sha256(about.encode()).hexdigest()


def _secret() -> bytes:
    return hmac.digest(str(current_app.secret_key).encode(), b"proof of work", "sha256")
