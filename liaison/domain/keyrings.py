"""Keys as the configuration writes them: `algorithm:secret`, under an id, the oldest first; standard library only.

A ring's last key makes whatever is made now; what earlier ones made can still be read.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

AES, SM4 = "aes-256-gcm", "sm4-gcm"
SHA256, SM3 = "hmac-sha256", "hmac-sm3"
CIPHERS: Mapping[str, int] = {AES: 32, SM4: 16}
"""Ciphers that seal, with the bytes of their keys; SM4 is GB/T 32907."""

DIGESTS: Mapping[str, int] = {SHA256: 32, SM3: 32}
"""Keyed digests, with the characters a secret needs at least; SM3 is GB/T 32905."""

STATION_SECRET = 32  # characters

_ID = re.compile(r"[A-Za-z0-9_-]{1,16}")


@dataclass(frozen=True)
class Key:
    """A secret and the algorithm it is meant for."""

    algorithm: str
    secret: bytes = field(repr=False)


def read_cipher_key(text: str) -> Key:
    """Read `aes-256-gcm:` or `sm4-gcm:` and the key in base64; raises ValueError saying what is wrong."""
    algorithm, _, coded = text.partition(":")
    if algorithm not in CIPHERS:
        raise ValueError(f"must begin with {' or '.join(f'{name}:' for name in CIPHERS)}")
    try:
        secret = base64.b64decode(coded, validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if len(secret) != CIPHERS[algorithm]:
        raise ValueError(f"must be {CIPHERS[algorithm]} bytes in base64 for {algorithm}")
    return Key(algorithm, secret)


def read_digest_key(text: str) -> Key:
    """Read `hmac-sha256:` or `hmac-sm3:` and the secret; raises ValueError saying what is wrong."""
    algorithm, _, secret = text.partition(":")
    if algorithm not in DIGESTS:
        raise ValueError(f"must begin with {' or '.join(f'{name}:' for name in DIGESTS)}")
    if len(secret) < DIGESTS[algorithm]:
        raise ValueError(f"needs at least {DIGESTS[algorithm]} characters")
    return Key(algorithm, secret.encode())


def read_station_key(text: str) -> bytes:
    """Read a secret that signs station codes; raises ValueError when it is short."""
    if len(text) < STATION_SECRET:
        raise ValueError(f"needs at least {STATION_SECRET} characters")
    return text.encode()


def is_id(text: str) -> bool:
    """Tell whether a key may be called so: up to 16 letters, digits, dashes and underscores."""
    return _ID.fullmatch(text) is not None


def newest(ring: Mapping[str, object]) -> str:
    """The id of the key that is used for what is made now."""
    return next(reversed(ring))
