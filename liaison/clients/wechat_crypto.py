"""How WeChat signs and seals what it pushes to us in its safe mode; without network, clock or memory.

Sealed is 16 random bytes, the length of the message as four bytes (big-endian), the message, the app id; padded to
blocks of 32 bytes (PKCS7) and encrypted with AES-256-CBC under the decoded EncodingAESKey, whose first half is the
initial vector. The signature is the SHA-1 of the sorted parts. Source: WeChat's documentation of message encryption.
"""

import base64
import binascii
import hashlib
import hmac
import secrets

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from liaison.clients.pushes import Unreadable

SALT, LENGTH = 16, 4  # bytes
BLOCK = 256  # bits


def sign(*parts: str) -> str:
    """The signature of token, timestamp, nonce and, of a message, its sealed text; their order does not matter."""
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


def is_signed(signature: str, *parts: str) -> bool:
    """Whether the signature is that of the parts; takes the same time however much of it is right."""
    return hmac.compare_digest(signature.encode(), sign(*parts).encode())


class Seal:
    """The seal of one app, or of several with one key: an EncodingAESKey of 43 characters, and the app ids.

    Every message carries its app's id inside; `app_ids` holds them apart by spaces. We seal as the first.
    """

    def __init__(self, aes_key: str, app_ids: str) -> None:
        key = base64.b64decode(aes_key + "=")
        self._cipher = Cipher(AES(key), CBC(key[:16]))
        self._app_ids = app_ids.encode().split()

    def seal(self, message: bytes) -> str:
        """The message as it may travel, in base64; twice the same never looks alike."""
        plain = secrets.token_bytes(SALT) + len(message).to_bytes(LENGTH, "big") + message + self._app_ids[0]
        padder, encryptor = PKCS7(BLOCK).padder(), self._cipher.encryptor()
        padded = padder.update(plain) + padder.finalize()
        return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()

    def open(self, sealed: str) -> bytes:
        """The message within; check the signature first. Raises Unreadable, also when it is for another app."""
        body = self._decrypted(sealed)[SALT:]
        length, rest = int.from_bytes(body[:LENGTH], "big"), body[LENGTH:]
        if not any(hmac.compare_digest(rest[length:], each) for each in self._app_ids):
            raise Unreadable("sealed for another app")
        return rest[:length]

    def _decrypted(self, sealed: str) -> bytes:
        unpadder, decryptor = PKCS7(BLOCK).unpadder(), self._cipher.decryptor()
        try:
            padded = decryptor.update(base64.b64decode(sealed, validate=True)) + decryptor.finalize()
            return unpadder.update(padded) + unpadder.finalize()
        except (binascii.Error, ValueError):
            raise Unreadable("not sealed with our key") from None
