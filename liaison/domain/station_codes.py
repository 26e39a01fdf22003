"""The signature inside a station's QR code, so that a sticker pasted over ours can be told from our own.

Pure: keys are handed in, oldest first; new codes are signed with the newest, printed ones keep working until
their key is taken out. A wrong signature never keeps a resident out; the page only shows a note.
"""

import base64
import hmac
import re
from collections.abc import Mapping
from urllib.parse import quote, urlencode

TAG_BYTES = 12
"""96 bits of the HMAC: 16 url-safe characters, beyond guessing even without a limit on attempts."""

KEY_BYTES = 16
"""A shorter key would be weaker than the tag."""

_PURPOSE = b"liaison station code 1\x00"
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,16}")


def sign(code: str, keys: Mapping[str, bytes]) -> str:
    """Return the signature of a station code under the newest key, as `<key id>.<16 characters>`.

    Raises ValueError when there is no usable key: a fault of the configuration, not of a person.
    """
    if not keys:
        raise ValueError("no key to sign station codes with")
    key_id = list(keys)[-1]
    if not _KEY_ID.fullmatch(key_id):
        raise ValueError(f"key id must match {_KEY_ID.pattern}")
    return f"{key_id}.{_tag(code, keys[key_id])}"


def check(code: str, signature: str, keys: Mapping[str, bytes]) -> bool:
    """Tell, in constant time for a known key id, whether the signature was made by us for this very code."""
    key_id, _, tag = signature.partition(".")
    if key_id not in keys:
        return False
    return hmac.compare_digest(_bytes(tag), _bytes(_tag(code, keys[key_id])))


def station_url(base_url: str, code: str, keys: Mapping[str, bytes]) -> str:
    """Return the address the station's QR code holds: `{base_url}/s/{code}?k={signature}`."""
    return f"{base_url.rstrip('/')}/s/{quote(code, safe='')}?{urlencode({'k': sign(code, keys)})}"


def station_scene(code: str, keys: Mapping[str, bytes]) -> str:
    """Return what the station's mini-program code holds, `{code}.{signature}`: up to the first dot the station's code.

    The mini-program opens the same station from it as from the address of `station_url`.
    """
    return f"{code}.{sign(code, keys)}"


def _tag(code: str, key: bytes) -> str:
    if len(key) < KEY_BYTES:
        raise ValueError(f"a station key needs at least {KEY_BYTES} bytes")
    digest = hmac.digest(key, _PURPOSE + _bytes(code), "sha256")
    return base64.urlsafe_b64encode(digest[:TAG_BYTES]).decode("ascii")


def _bytes(text: str) -> bytes:
    """Encode whatever an address line may carry, lone surrogates included, without two texts meeting."""
    return text.encode("utf-8", "surrogatepass")
