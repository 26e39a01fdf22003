"""Our cryptography of WeChat's callbacks against the published vectors and against another's."""

import base64
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import InvalidAppIdException

from liaison.clients.pushes import Unreadable
from liaison.clients.wechat_crypto import Seal, is_signed, sign
from liaison.clients.wechat_push import sealed_in
from sandbox import pushing

TOKEN, APP_ID, OTHER_APP = "AAAAA", "wxba5fad812f8e6fb9", "wx0000000000000000"
AES_KEY = base64.b64encode(bytes(range(32))).decode().rstrip("=")
OTHER_KEY = base64.b64encode(bytes(range(1, 33))).decode().rstrip("=")
TIMESTAMP, NONCE = "1714036504", "1514711492"
MESSAGE = "<xml><Content><![CDATA[北街的路灯坏了]]></Content></xml>".encode()
SEAL, OTHERS = Seal(AES_KEY, APP_ID), WeChatCrypto(TOKEN, AES_KEY, APP_ID)

sealed_texts = st.text("AB+/=", max_size=40)
messages = st.text(st.characters(exclude_categories=("Cs",)), max_size=200)


def test_the_published_signature_of_a_check() -> None:
    signature = "f464b24fc39322e44b38aa78f5edd27bd1441696"
    assert sign(TOKEN, TIMESTAMP, NONCE) == sign(NONCE, TOKEN, TIMESTAMP) == signature
    assert is_signed(signature, TOKEN, TIMESTAMP, NONCE)


@pytest.mark.parametrize("signature", ["", "f464", "F464B24FC39322E44B38AA78F5EDD27BD1441696", "签名"])
def test_any_other_signature_is_wrong(signature: str) -> None:
    assert not is_signed(signature, TOKEN, TIMESTAMP, NONCE)


@given(messages)
def test_another_library_opens_what_we_seal(message: str) -> None:
    sealed = SEAL.seal(message.encode())
    signature = sign(TOKEN, TIMESTAMP, NONCE, sealed)
    opened = OTHERS.decrypt_message({"Encrypt": sealed}, signature, TIMESTAMP, NONCE)
    assert opened == message


@given(messages)
def test_we_open_what_another_library_seals(message: str) -> None:
    envelope = OTHERS.encrypt_message(message, NONCE, TIMESTAMP).encode()
    assert SEAL.open(sealed_in(envelope)) == message.encode()


@given(st.binary(max_size=300))
def test_what_is_sealed_comes_back_byte_for_byte_and_never_looks_alike(message: bytes) -> None:
    first, second = SEAL.seal(message), SEAL.seal(message)
    assert SEAL.open(first) == SEAL.open(second) == message and first != second


def test_what_is_sealed_for_another_app_stays_closed_for_both() -> None:
    foreign = Seal(AES_KEY, OTHER_APP).seal(MESSAGE)
    with pytest.raises(Unreadable, match="another app"):
        SEAL.open(foreign)
    with pytest.raises(InvalidAppIdException):
        OTHERS.decrypt_message({"Encrypt": foreign}, sign(TOKEN, TIMESTAMP, NONCE, foreign), TIMESTAMP, NONCE)


def test_two_apps_may_share_a_key() -> None:
    both = Seal(AES_KEY, f"{APP_ID} {OTHER_APP}")
    assert both.open(Seal(AES_KEY, OTHER_APP).seal(MESSAGE)) == both.open(SEAL.seal(MESSAGE)) == MESSAGE
    assert SEAL.open(both.seal(MESSAGE)) == MESSAGE
    for stranger in ("", f"{APP_ID} ", f"{APP_ID} {OTHER_APP}", "wx"):
        with pytest.raises(Unreadable, match="another app"):
            both.open(pushing.seal(MESSAGE.decode(), AES_KEY, stranger))


def test_another_key_opens_nothing() -> None:
    with pytest.raises(Unreadable):
        SEAL.open(Seal(OTHER_KEY, APP_ID).seal(MESSAGE))


@pytest.mark.parametrize("sealed", ["", "!", "密文", "AAAA", base64.b64encode(bytes(31)).decode(), "A" * 64, "=" * 4])
def test_noise_is_unreadable(sealed: str) -> None:
    with pytest.raises(Unreadable):
        SEAL.open(sealed)


@given(sealed_texts, sealed_texts)
def test_a_signature_covers_the_sealed_text(sealed: str, other: str) -> None:
    assert is_signed(sign(TOKEN, TIMESTAMP, NONCE, sealed), TOKEN, TIMESTAMP, NONCE, other) is (sealed == other)


def test_random_blocks_are_unreadable() -> None:
    for _ in range(200):
        with pytest.raises(Unreadable):
            SEAL.open(base64.b64encode(secrets.token_bytes(64)).decode())
