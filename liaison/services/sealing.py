"""Seal values for storage and digest them for look-up, under keys that have ids.

A sealed value is a nonce followed by what AES-256-GCM or SM4-GCM (RFC 8998) makes of it. Its row holds the id of the
key, and the algorithm belongs to the key. Column and primary key of the row go in as associated data, so that
a value opens nowhere but where it was sealed. Which columns are sealed stands in the models (`models.base.SEALED`).
"""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256, SM3
from cryptography.hazmat.primitives.hmac import HMAC
from sqlalchemy import Column
from sqlalchemy.orm import InstrumentedAttribute

from liaison.domain import keyrings
from liaison.domain.keyrings import Key
from liaison.models.base import DIGEST_OF

NONCE, TAG = 12, 16  # bytes, as GCM wants them
CIPHERS = {keyrings.AES: algorithms.AES, keyrings.SM4: algorithms.SM4}
DIGESTS = {keyrings.SHA256: SHA256, keyrings.SM3: SM3}

Sealed = InstrumentedAttribute | Column
"""A column marked in its model as sealed, or as a digest of a sealed one."""


@dataclass(frozen=True)
class Keys:
    """The server's keys by id, the newest last: those that seal, those of codes and look-ups, those of stations."""

    vault: Mapping[str, Key]
    codes: Mapping[str, Key]
    stations: Mapping[str, bytes] = field(repr=False)

    @property
    def newest(self) -> str:
        """The id of the key that seals now."""
        return keyrings.newest(self.vault)

    @property
    def newest_code(self) -> str:
        """The id of the key that makes query codes and look-up digests now."""
        return keyrings.newest(self.codes)

    def mac(self, key_id: str) -> Callable[[bytes], bytes]:
        """The keyed digest under one of the keys of codes and look-ups."""
        return partial(digest, self.codes[key_id])


def seal(keys: Keys, column: Sealed, row: tuple[UUID | str, ...], what: bytes) -> bytes:
    """Seal a value under the newest key, bound to its column and to its row, named by the primary key in order.

    Write it in one statement with `keys.newest` as the row's key id: rotation may re-wrap the row at any time.
    """
    key, nonce = keys.vault[keys.newest], secrets.token_bytes(NONCE)
    return nonce + encrypt(key, nonce, what, _about(column, row))


def unseal(keys: Keys, key_id: str, column: Sealed, row: tuple[UUID | str, ...], sealed: bytes) -> bytes:
    """Open a value that was sealed for this column of this row under that key.

    Raises KeyError when there is no such key, InvalidTag for a value that was altered or comes from elsewhere.
    """
    return decrypt(keys.vault[key_id], sealed[:NONCE], sealed[NONCE:], _about(column, row))


def look_up(key: Key, column: Sealed, what: bytes) -> bytes:
    """What a column marked as a digest holds of a value, under that key."""
    return digest(key, column.info[DIGEST_OF].encode() + b":" + what)


def encrypt(key: Key, nonce: bytes, what: bytes, about: bytes) -> bytes:
    """The ciphertext followed by its 16-byte tag, as RFC 5116 has it."""
    seals = Cipher(CIPHERS[key.algorithm](key.secret), modes.GCM(nonce)).encryptor()
    seals.authenticate_additional_data(about)
    return seals.update(what) + seals.finalize() + seals.tag


def decrypt(key: Key, nonce: bytes, sealed: bytes, about: bytes) -> bytes:
    """What was encrypted; raises InvalidTag when anything was altered."""
    cipher = CIPHERS[key.algorithm](key.secret)
    opens = Cipher(cipher, modes.GCM(nonce, sealed[-TAG:], min_tag_length=TAG)).decryptor()
    opens.authenticate_additional_data(about)
    return opens.update(sealed[:-TAG]) + opens.finalize()


def fingerprint(secret: str) -> bytes:
    """What is kept of a random secret that opens something, so that a copy of the table opens nothing.

    Without a key: nobody guesses what was drawn at random.
    """
    return hashlib.sha256(secret.encode()).digest()


def digest(key: Key, message: bytes) -> bytes:
    """The 32 bytes of a keyed digest: equal for equal messages, telling nothing without the key."""
    keyed = HMAC(key.secret, DIGESTS[key.algorithm]())
    keyed.update(message)
    return keyed.finalize()


def _about(column: Sealed, row: tuple[UUID | str, ...]) -> bytes:
    parts = [part.encode() for part in (column.table.fullname, column.key, *map(str, row))]
    return b"".join(len(part).to_bytes(4) + part for part in parts)
