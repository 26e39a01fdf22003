"""Station signatures: ours are known again, nobody else's are."""

import base64
import hmac
import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liaison.domain.station_codes import check, sign, station_scene, station_url

OLD, NEW = b"old-key-old-key-old-key", b"new-key-new-key-new-key"
KEYS = {"a1": OLD, "b2": NEW}
TAG_CHARACTERS = string.ascii_letters + string.digits + "-_"


@given(st.text())
def test_a_signature_holds_for_its_own_code(code: str) -> None:
    assert check(code, sign(code, KEYS), KEYS)


@given(st.text(), st.text())
def test_a_signature_holds_for_no_other_code(code: str, other: str) -> None:
    assert check(other, sign(code, KEYS), KEYS) == (code == other)


@given(st.text())
def test_whatever_stands_in_the_address_is_answered_with_no(signature: str) -> None:
    assert not check("QX012", signature, KEYS)
    assert not check("QX012", f"a1.{signature}", KEYS)


@pytest.mark.parametrize("junk", ["", ".", "a1", "a1.", "\ud800", "a1.\ud800", "a1.é", "zz.abcdefghijklmnop"])
def test_odd_signatures_are_no_fault(junk: str) -> None:
    assert not check("QX012", junk, KEYS)
    assert not check("\ud800", junk, KEYS)


def test_the_newest_key_signs_and_the_older_one_still_counts() -> None:
    printed = sign("QX012", {"a1": OLD})
    assert sign("QX012", KEYS).startswith("b2.")
    assert check("QX012", printed, KEYS)
    assert not check("QX012", printed, {"b2": NEW})


def test_a_key_under_a_wrong_id_does_not_count() -> None:
    tag = sign("QX012", {"a1": OLD}).partition(".")[2]
    assert not check("QX012", f"b2.{tag}", KEYS)


def test_the_tag_has_96_bits_of_url_safe_characters() -> None:
    tag = sign("QX012", KEYS).partition(".")[2]
    assert len(tag) == 16
    assert set(tag) <= set(TAG_CHARACTERS)


def test_a_changed_character_anywhere_is_noticed() -> None:
    good = sign("QX012", KEYS)
    for place in range(len(good)):
        forged = good[:place] + ("A" if good[place] != "A" else "B") + good[place + 1 :]
        assert not check("QX012", forged, KEYS)


def test_a_hundred_thousand_guesses_are_all_refused() -> None:
    dice = random.Random(7)
    guesses = ("b2." + "".join(dice.choices(TAG_CHARACTERS, k=16)) for _ in range(100_000))
    assert not any(check("QX012", guess, KEYS) for guess in guesses)


@pytest.mark.parametrize("keys", [{}, {"a1": b"short"}, {"a.1": OLD}, {"": OLD}])
def test_unusable_keys_are_a_fault_of_the_configuration(keys: dict[str, bytes]) -> None:
    with pytest.raises(ValueError, match="key"):
        sign("QX012", keys)


def test_the_address_is_the_stations_page_with_its_signature() -> None:
    url = station_url("https://example.gov.cn/", "QX012", KEYS)
    assert url == f"https://example.gov.cn/s/QX012?k={sign('QX012', KEYS)}"


def test_a_code_cannot_leave_its_place_in_the_address() -> None:
    assert station_url("https://x.cn", "../a?b", KEYS).startswith("https://x.cn/s/..%2Fa%3Fb?k=")


def test_the_address_holds_the_code_and_its_signature_as_they_stand_on_the_poster():
    signed = sign("QX/0 1", KEYS)
    assert station_url("https://rd.example.gov.cn/", "QX/0 1", KEYS) == f"https://rd.example.gov.cn/s/QX%2F0%201?k={signed}"
    assert station_scene("QX012", KEYS) == f"QX012.{sign('QX012', KEYS)}"


def test_a_signature_stays_the_same_over_releases():
    tag = hmac.digest(NEW, b"liaison station code 1\x00QX012", "sha256")[:12]
    assert sign("QX012", KEYS) == "b2." + base64.urlsafe_b64encode(tag).decode()


def test_without_a_usable_key_nothing_is_signed():
    assert check("QX012", sign("QX012", {"a": b"k" * 16}), {"a": b"k" * 16})
    for keys in ({}, {"a": b"k" * 15}, {"a.b": OLD}):
        with pytest.raises(ValueError, match="key"):
            sign("QX012", keys)


def test_nothing_may_stand_between_a_signatures_id_and_tag():
    key_id, _, tag = sign("QX012", KEYS).partition(".")
    assert not check("QX012", f"{key_id}.x.{tag}", KEYS)
