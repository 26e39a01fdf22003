"""Forged station codes and guessed query codes in short; and that either row sees a door left open."""

import pytest

from liaison.domain import numbers, station_codes
from liaison.services import intake
from trust import query_codes
from trust import station_codes as stickers
from trust.stage import Stage

SOME_STICKERS, SOME_GUESSES = 2000, 800


def test_no_forged_station_code_is_taken_for_ours(stage: Stage) -> None:
    tally = stickers.play(stage, SOME_STICKERS)
    assert (tally.tried, tally.failures) == (SOME_STICKERS, [])
    assert tally.figures["pages"] > len(stickers.FORGERIES)


def test_no_guessed_query_code_opens_a_matter_or_tells_whether_it_is_there(stage: Stage) -> None:
    tally = query_codes.play(stage, SOME_GUESSES)
    assert (tally.tried, tally.failures) == (SOME_GUESSES, [])
    assert tally.figures["by HTTP"] >= 3 * len(query_codes.GUESSES)


def test_a_signature_that_is_read_leniently_is_seen(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(station_codes, "_bytes", lambda text: text.strip().lower().encode("utf-8", "replace"))
    assert "differently_written" in {failure.split()[0] for failure in stickers.play(stage, 300).failures}


def test_a_code_that_opens_too_much_is_seen(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbers, "seal_code", lambda key, number, code: code[:4].encode())
    assert "it opened" in query_codes.play(stage, 300).failures[0]


def test_an_answer_that_tells_a_wrong_code_from_no_matter_is_seen(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def same_code(key: bytes, number: str, typed: str, sealed: bytes) -> bool:
        if sealed != bytes(32):
            raise intake.Conflict()
        return False

    opens = numbers.same_code
    known = stage.life.submit()
    monkeypatch.setattr(numbers, "same_code", same_code)
    visitor, code = query_codes.Visitor(stage), "ABCD-EFGH-JKMN"
    for door in visitor.doors:
        assert list(visitor.differences(door, known.case.number, "M2026-999999-0", code)), door
    monkeypatch.setattr(numbers, "same_code", opens)
    for door in visitor.doors:
        assert list(visitor.differences(door, known.case.number, "M2026-999999-0", code)) == []
