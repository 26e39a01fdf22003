"""Sealing follows the standards, binds a value to its place, and never writes the same thing twice."""

from dataclasses import replace

import pytest
from cryptography.exceptions import InvalidTag

from liaison.domain.keyrings import AES, SHA256, SM3, SM4, Key
from liaison.models.base import new_id
from liaison.models.vault import Address, Identity
from liaison.services.sealing import Keys, decrypt, digest, encrypt, seal, unseal

ROW, OTHER = (new_id(),), (new_id(),)
RING = {"old": Key(AES, b"v" * 32), "new": Key(SM4, b"w" * 16)}
KEYS = Keys(vault=RING, codes={"1": Key(SHA256, b"c" * 32)}, stations={})


def hexed(*lines: str) -> bytes:
    return bytes.fromhex("".join(lines))


# SM4-GCM: RFC 8998, appendix A.1. AES-256-GCM: McGrew and Viega, "The Galois/Counter Mode of Operation", case 16.
@pytest.mark.parametrize(
    ("key", "nonce", "plain", "about", "sealed"),
    [
        (
            Key(SM4, hexed("0123456789abcdeffedcba9876543210")),
            "00001234567800000000abcd",
            hexed("aa" * 8, "bb" * 8, "cc" * 8, "dd" * 8, "ee" * 8, "ff" * 8, "ee" * 8, "aa" * 8),
            "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            hexed(
                "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735",
                "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d",
                "83de3541e4c2b58177e065a9bf7b62ec",
            ),
        ),
        (
            Key(AES, hexed("feffe9928665731c6d6a8f9467308308" * 2)),
            "cafebabefacedbaddecaf888",
            hexed(
                "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72",
                "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
            ),
            "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            hexed(
                "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa",
                "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
                "76fc6ece0f4e1768cddf8853bb2d551b",
            ),
        ),
    ],
    ids=["SM4", "AES"],
)
def test_the_ciphers_are_those_of_the_standards(key: Key, nonce: str, plain: bytes, about: str, sealed: bytes) -> None:
    assert encrypt(key, hexed(nonce), plain, hexed(about)) == sealed
    assert decrypt(key, hexed(nonce), sealed, hexed(about)) == plain


# HMAC-SM3: GM/T 0042-2015, appendix D.3 (SM3 itself: GB/T 32905). HMAC-SHA256: RFC 4231, case 1.
@pytest.mark.parametrize(
    ("key", "message", "expected"),
    [
        (
            Key(SM3, bytes(range(1, 33))),
            b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq" * 2,
            "ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a",
        ),
        (
            Key(SHA256, b"\x0b" * 20),
            b"Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        ),
    ],
    ids=["SM3", "SHA256"],
)
def test_the_digests_are_those_of_the_standards(key: Key, message: bytes, expected: str) -> None:
    assert digest(key, message) == hexed(expected)


@pytest.mark.parametrize("ring", [{"1": RING["old"]}, {"1": RING["new"]}], ids=["AES", "SM4"])
def test_a_value_opens_only_where_it_was_sealed(ring: dict[str, Key]) -> None:
    keys = replace(KEYS, vault=ring)
    sealed = seal(keys, Identity.name, ROW, b"name")
    assert unseal(keys, "1", Identity.name, ROW, sealed) == b"name"
    for column, row in ((Identity.phone, ROW), (Identity.name, OTHER), (Address.sealed, ROW)):
        with pytest.raises(InvalidTag):
            unseal(keys, "1", column, row, sealed)


def test_a_reach_by_one_channel_does_not_open_as_that_of_another() -> None:
    sealed = seal(KEYS, Address.sealed, (*ROW, "sms"), b"13800138000")
    with pytest.raises(InvalidTag):
        unseal(KEYS, "new", Address.sealed, (*ROW, "email"), sealed)


@pytest.mark.parametrize("place", [0, 12, -1])
def test_a_value_that_was_altered_or_cut_does_not_open(place: int) -> None:
    sealed = seal(KEYS, Identity.name, ROW, b"name")
    altered = bytearray(sealed)
    altered[place] ^= 1
    for spoilt in (bytes(altered), sealed[:-1], sealed[:12]):
        with pytest.raises((InvalidTag, ValueError)):
            unseal(KEYS, "new", Identity.name, ROW, spoilt)


def test_the_newest_key_seals_and_all_open() -> None:
    before = seal(replace(KEYS, vault={"old": RING["old"]}), Identity.name, ROW, b"name")
    after = seal(KEYS, Identity.name, ROW, b"name")
    assert unseal(KEYS, "old", Identity.name, ROW, before) == unseal(KEYS, "new", Identity.name, ROW, after)
    with pytest.raises(InvalidTag):
        unseal(KEYS, "old", Identity.name, ROW, after)


def test_nothing_is_sealed_the_same_way_twice() -> None:
    assert len({seal(KEYS, Identity.name, ROW, b"name") for _ in range(100)}) == 100


def test_keys_do_not_print_themselves() -> None:
    assert not any(secret in repr(KEYS) for secret in ("vvvv", "wwww", "cccc"))
