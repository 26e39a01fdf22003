"""Numbers and query codes: what people mistype is mended or caught, never taken for another case."""

import hmac
import string
from functools import partial

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from liaison.domain import numbers
from liaison.domain.errors import Invalid

MAC = partial(hmac.digest, b"a key for the tests, 32 bytes ok", digest="sha256")
OTHER = partial(hmac.digest, b"ko setyb 23 ,stset eht rof yek a", digest="sha256")
printed = st.builds(
    numbers.make_number,
    st.sampled_from(sorted(numbers.PREFIXES)),
    st.integers(1000, 9999),
    st.one_of(st.integers(1, 999_999), st.integers(1, 10**9)),
)
codes = st.integers(0, 2**60 - 1).map(numbers.make_code)


def same_when_typed(left: str, right: str) -> bool:
    """Tell whether two spellings differ only in what is forgiven."""
    mended = str.maketrans("OILZ", "0112")
    return left.upper().translate(mended) == right.upper().translate(mended)


def test_a_number_shows_kind_year_sequence_and_check_character():
    assert numbers.make_number("matter", 2026, 4217) == "M2026-004217-6"
    assert numbers.make_number("matter", 2026, 1_234_567).startswith("M2026-1234567-")


@pytest.mark.parametrize(
    ("kind", "year", "sequence"), [("x", 2026, 1), ("matter", 999, 1), ("matter", 2026, 0)]
)
def test_no_number_is_made_from_nonsense(kind, year, sequence):
    with pytest.raises(ValueError):
        numbers.make_number(kind, year, sequence)


@given(printed)
def test_every_number_passes_its_own_check(number):
    assert numbers.check_number(number) == number


@given(printed)
def test_no_number_holds_a_character_that_is_read_as_another(number):
    assert not set(number) & set("OILUZ")


@given(printed, st.data())
def test_every_wrong_character_is_caught(number, data):
    place = data.draw(st.sampled_from([i for i, letter in enumerate(number) if letter != "-"]))
    wrong = data.draw(st.sampled_from(string.digits + string.ascii_uppercase))
    typed = number[:place] + wrong + number[place + 1 :]
    assume(not same_when_typed(typed, number))
    with pytest.raises(Invalid):
        numbers.check_number(typed)


@given(printed, st.data())
def test_every_swap_of_neighbours_is_caught(number, data):
    bare = number.replace("-", "")
    place = data.draw(st.integers(0, len(bare) - 2))
    typed = bare[:place] + bare[place + 1] + bare[place] + bare[place + 2 :]
    assume(typed != bare)
    with pytest.raises(Invalid):
        numbers.check_number(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "m2026-004217-6",
        "M20260042176",
        "  M2026 004217 6 ",
        "Ｍ２０２６－００４２１７－６",
        "M2O26—oo42l7—6",
        "MZ0Z6-0042I7-6",
        "m2026.004217/6",
    ],
)
def test_what_people_type_is_understood(typed):
    assert numbers.check_number(typed) == "M2026-004217-6"


@pytest.mark.parametrize(
    "typed",
    ["", "M", "M2026", "M2026-4217-6", "X2026-004217-6", "M2026-004217", "M٢026-004217-6"],
)
def test_what_is_no_number_is_refused_by_the_name_of_the_field(typed):
    with pytest.raises(Invalid) as caught:
        numbers.check_number(typed)
    assert list(caught.value.errors) == ["number"]


@given(st.text())
def test_any_text_is_either_a_printed_number_or_invalid(text):
    try:
        number = numbers.check_number(text)
    except Invalid:
        return
    assert numbers.check_number(number) == number


def test_a_code_is_twelve_characters_in_three_groups():
    assert numbers.make_code(0) == "0000-0000-0000"
    assert numbers.make_code(2**60 - 1) == "ZZZZ-ZZZZ-ZZZZ"
    for bits in (-1, 2**60):
        with pytest.raises(ValueError):
            numbers.make_code(bits)


@given(st.integers(0, 2**60 - 1), st.integers(0, 2**60 - 1))
def test_different_bits_make_different_codes(left, right):
    assert (numbers.make_code(left) == numbers.make_code(right)) == (left == right)


@given(codes)
def test_a_code_is_understood_however_it_is_typed(code):
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in code)
    for typed in (
        code,
        code.lower(),
        code.replace("-", ""),
        code.replace("-", " "),
        code.replace("0", "o"),
        wide,
    ):
        assert numbers.normalise_code(typed) == code


@pytest.mark.parametrize(
    "typed", ["", "ABCD", "ABCD-EFGH-JKM", "ABCD-EFGH-JKMNP", "UUUU-EFGH-JKMN", "\ud800" * 12]
)
def test_what_is_no_code_is_refused_by_the_name_of_the_field(typed):
    with pytest.raises(Invalid) as caught:
        numbers.normalise_code(typed)
    assert list(caught.value.errors) == ["secret"]


@given(st.lists(st.text(), max_size=3), st.lists(st.text(), max_size=3))
def test_a_derived_code_depends_on_every_part_and_where_it_ends(left, right):
    same = numbers.derive_code(MAC, *left) == numbers.derive_code(MAC, *right)
    assert same == (left == right)


def test_a_derived_code_stays_the_same_over_releases_and_differs_by_key():
    assert numbers.derive_code(MAC, "one", "two") == "QZ03-XW7G-GV9D"
    assert numbers.derive_code(OTHER, "one", "two") != numbers.derive_code(MAC, "one", "two")


@given(codes, codes)
def test_only_the_sealed_code_of_that_case_and_key_is_the_same(code, other):
    number = "M2026-004217-6"
    sealed = numbers.seal_code(MAC, number, code)
    assert len(sealed) == 32
    assert numbers.same_code(MAC, number, code.lower().replace("-", ""), sealed)
    assert numbers.same_code(MAC, number, other, sealed) == (other == code)
    assert not numbers.same_code(MAC, "M2026-004218-4", code, sealed)
    assert not numbers.same_code(OTHER, number, code, sealed)


@given(st.text(max_size=30))
def test_malformed_codes_are_never_the_same(text):
    sealed = numbers.seal_code(MAC, "M2026-004217-6", numbers.make_code(0))
    try:
        numbers.normalise_code(text)
    except Invalid:
        assert not numbers.same_code(MAC, "M2026-004217-6", text, sealed)


@pytest.mark.parametrize("check", numbers.ALPHABET)
def test_a_number_has_one_spelling_only(check):
    for typed in (f"M2026-0004217-{check}", f"M2026-000000-{check}", f"M0026-004217-{check}"):
        with pytest.raises(Invalid):
            numbers.check_number(typed)


def test_a_seal_stays_the_same_over_releases_and_is_no_code():
    def mac(message: bytes) -> bytes:
        return hmac.digest(b"k" * 32, message, "sha256")

    number, code = "M2026-004217-6", "ABCD-EFGH-JKMN"
    parts = [part.encode() for part in ("liaison sealed code", number, code)]
    message = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    assert numbers.seal_code(mac, number, "abcdefghjkmn") == mac(message)


@pytest.mark.parametrize("year", [999, 10_000])
def test_a_year_has_four_digits(year):
    with pytest.raises(ValueError, match=str(year)):
        numbers.make_number("matter", year, 1)


@pytest.mark.parametrize("bits", [-1, 1 << 60])
def test_a_code_holds_sixty_bits(bits):
    with pytest.raises(ValueError, match="60 bits"):
        numbers.make_code(bits)
    assert numbers.make_code(0) == "0000-0000-0000" and numbers.make_code((1 << 60) - 1) == "ZZZZ-ZZZZ-ZZZZ"
