"""Numbers and query codes people read aloud and type on phones; standard library only, no storage.

A number such as `M2026-004217-K` names the kind, the year and the sequence and ends in a check character:
the sum of value x 2^position over all characters is 0 modulo 31. 31 is prime and larger than any difference
of values, and neighbouring weights differ, so every single wrong character and every swap of two
neighbours is caught. The alphabet is Crockford's without Z, which hands mistake for 2.

A query code is 60 bits in Crockford base32, derived from a server key so that the same request gets the
same code again although only its keyed seal is stored. The key comes as a `Mac`, its keyed digest.
"""

import hmac
import unicodedata
from collections.abc import Callable

from liaison.domain.errors import Invalid

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXY"
CROCKFORD = ALPHABET + "Z"
PREFIXES = {"matter": "M", "suggestion": "S", "supervision": "D", "project": "P"}
CODE_LENGTH = 12
CODE_BITS = 60
MIN_SEQUENCE_DIGITS = 6

Mac = Callable[[bytes], bytes]
"""HMAC under a server's key, of at least 32 bytes."""

_DASHES = "-‐‑‒–—―−－﹣_·.,/"
_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1"})
_WRONG_NUMBER = "编号不正确，请对照回执重新输入，例如 M2026-004217-K 的样式。"
_WRONG_CODE = "查询码不正确，请对照回执重新输入 12 位查询码。"


def make_number(kind: str, year: int, sequence: int) -> str:
    """Return the number people see for a case, such as `M2026-004217-K`.

    `kind` is a key of `PREFIXES`, `year` has four digits, `sequence` starts at 1; ValueError otherwise.
    """
    if not 1000 <= year <= 9999 or sequence < 1:
        raise ValueError(f"no number for year {year}, sequence {sequence}")
    if kind not in PREFIXES:
        raise ValueError(f"no prefix for kind {kind!r}")
    return _compose(f"{PREFIXES[kind]}{year}", f"{sequence:0{MIN_SEQUENCE_DIGITS}}")


def check_number(text: str) -> str:
    """Return the number a person meant, in its one printed form; raises Invalid naming `number`.

    Forgives case, spaces, missing or odd dashes, full-width characters, O for 0, I and L for 1, Z for 2.
    """
    typed = _bare(text).replace("Z", "2")
    head, sequence = typed[:5], typed[5:-1]
    if not _is_well_formed(head, sequence) or _compose(head, sequence).replace("-", "") != typed:
        raise Invalid({"number": [_WRONG_NUMBER]})
    return _compose(head, sequence)


def make_code(bits: int) -> str:
    """Return 60 bits as a query code of twelve characters in groups, such as `ABCD-EFGH-JKMN`."""
    if not 0 <= bits < 1 << CODE_BITS:
        raise ValueError("a query code holds exactly 60 bits")
    letters = "".join(CROCKFORD[bits >> shift & 31] for shift in range(CODE_BITS - 5, -1, -5))
    return "-".join(letters[start : start + 4] for start in range(0, CODE_LENGTH, 4))


def normalise_code(text: str) -> str:
    """Return the query code a person meant, in its printed form; raises Invalid naming `secret`."""
    typed = _bare(text)
    if len(typed) != CODE_LENGTH or any(letter not in CROCKFORD for letter in typed):
        raise Invalid({"secret": [_WRONG_CODE]})
    return "-".join(typed[start : start + 4] for start in range(0, CODE_LENGTH, 4))


def derive_code(mac: Mac, *parts: str) -> str:
    """Return the query code that belongs to `parts`: the same key and parts give the same code again.

    The keyed digest cut to its first 60 bits; without the key it cannot be foretold.
    """
    digest = _keyed(mac, "liaison query code", *parts)
    return make_code(int.from_bytes(digest[:8]) >> 64 - CODE_BITS)


def seal_code(mac: Mac, number: str, code: str) -> bytes:
    """Return the 32 bytes to store instead of the code; bound to the case number."""
    return _keyed(mac, "liaison sealed code", number, normalise_code(code))


def same_code(mac: Mac, number: str, typed: str, sealed: bytes) -> bool:
    """Tell whether what a person typed is the sealed code of that case, in constant time.

    A malformed code takes the same work and answers False, so that wrong and malformed look alike.
    """
    try:
        code = normalise_code(typed)
    except Invalid:
        code, sealed = make_code(0), bytes(32)
    return hmac.compare_digest(seal_code(mac, number, code), sealed)


def _bare(text: str) -> str:
    """Return what was typed without dashes and spaces, upper case, narrow, lookalikes mended."""
    narrow = unicodedata.normalize("NFKC", text[:200]).upper().translate(_LOOKALIKES)
    return "".join(letter for letter in narrow if not letter.isspace() and letter not in _DASHES)


def _is_well_formed(head: str, sequence: str) -> bool:
    """Tell whether prefix, year and sequence have the shape that `make_number` prints."""
    digits = head[1:] + sequence
    padded = len(sequence) > MIN_SEQUENCE_DIGITS and sequence[0] == "0"
    return (
        head[:1] in PREFIXES.values()
        and digits.isascii()
        and digits.isdecimal()
        and head[1:2] != "0"
        and len(sequence) >= MIN_SEQUENCE_DIGITS
        and not padded
        and int(sequence) > 0
    )


def _compose(head: str, sequence: str) -> str:
    """Join prefix-and-year and sequence in print, with the check character they call for."""
    total = sum(ALPHABET.index(letter) << place for place, letter in enumerate(reversed(head + sequence), start=1))
    return f"{head}-{sequence}-{ALPHABET[-total % len(ALPHABET)]}"


def _keyed(mac: Mac, purpose: str, *parts: str) -> bytes:
    """Return the keyed digest of purpose and parts, each preceded by its length so that none run together."""
    encoded = [part.encode() for part in (purpose, *parts)]
    message = b"".join(len(part).to_bytes(4) + part for part in encoded)
    return mac(message)
