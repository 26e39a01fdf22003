"""Keys as the configuration writes them: the right algorithm, the right length, and why not."""

import base64

import pytest

from liaison.domain.keyrings import (
    AES,
    SHA256,
    SM3,
    SM4,
    Key,
    is_id,
    newest,
    read_cipher_key,
    read_digest_key,
    read_station_key,
)


def coded(count: int) -> str:
    """So many bytes in base64."""
    return base64.b64encode(bytes(range(count))).decode()


@pytest.mark.parametrize(("algorithm", "count"), [("aes-256-gcm", 32), ("sm4-gcm", 16)])
def test_a_cipher_has_keys_of_one_length(algorithm, count):
    assert read_cipher_key(f"{algorithm}:{coded(count)}") == Key(algorithm, bytes(range(count)))
    for wrong in (coded(count - 1), coded(count + 1), "", "?" * 43, coded(count) + "\n", f"{algorithm}:{coded(count)}"):
        with pytest.raises(ValueError, match=f"^must be {count} bytes in base64 for {algorithm}$"):
            read_cipher_key(f"{algorithm}:{wrong}")


@pytest.mark.parametrize("algorithm", [SHA256, SM3])
def test_a_digest_has_secrets_of_32_characters_at_least(algorithm):
    assert read_digest_key(f"{algorithm}:{'k:' * 16}") == Key(algorithm, b"k:" * 16)
    with pytest.raises(ValueError, match=r"^needs at least 32 characters$"):
        read_digest_key(f"{algorithm}:{'k' * 31}")


def test_another_algorithm_is_told_which_there_are():
    for text in ("aes-128:" + coded(16), coded(32)):
        with pytest.raises(ValueError, match=f"^must begin with {AES}: or {SM4}:$"):
            read_cipher_key(text)
        with pytest.raises(ValueError, match=f"^must begin with {SHA256}: or {SM3}:$"):
            read_digest_key(text)


def test_a_stations_secret_has_32_characters_at_least():
    assert read_station_key("密" + "k" * 31) == "密".encode() + b"k" * 31
    with pytest.raises(ValueError, match=r"^needs at least 32 characters$"):
        read_station_key("k" * 31)


@pytest.mark.parametrize(
    ("text", "fits"),
    [("2026-a_B", True), ("a" * 16, True), ("a" * 17, False), ("", False), ("a.b", False), ("a\n", False)],
)
def test_a_keys_id_is_short_and_plain(text, fits):
    assert is_id(text) is fits


def test_the_last_key_makes_what_is_made_now():
    assert newest({"2024": 1, "2026": 2, "2025": 3}) == "2025"
