"""The rows of `make trust` in short: every family of files once, some texts; and that each row can fail."""

import json
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from tests.support.pictures import photo
from trust import __main__ as program
from trust import images, text
from trust.rows import ROWS, Row
from trust.specimens import CANARY, FAMILIES, specimens
from trust.stage import Stage
from trust.tally import Tally

SOME_TEXTS = 100


def test_every_family_of_hostile_files_is_withstood(stage: Stage) -> None:
    tally = images.play(stage, len(FAMILIES))
    assert (tally.tried, tally.failures) == (len(FAMILIES), [])
    assert tally.figures["201"] >= 10 and tally.figures["422"] >= 10


def test_no_text_breaks_a_door_or_is_lost(stage: Stage) -> None:
    tally = text.play(stage, SOME_TEXTS)
    assert tally.failures == []
    assert tally.tried == SOME_TEXTS
    assert all(tally.figures[status] > 10 for status in ("201", "303", "422"))


def test_the_same_seed_makes_the_same_files() -> None:
    first, second, other = (list(specimens(8, seed)) for seed in (1, 1, 2))
    assert first == second != other


def test_what_a_picture_holds_besides_pixels_is_seen() -> None:
    assert images.left_over(photo()) == ["segment E1 was kept"]
    out = BytesIO()
    Image.new("RGB", (9, 9)).save(out, "JPEG")
    clean = out.getvalue()
    assert images.left_over(clean) == []
    assert images.left_over(clean + CANARY)[0] == "the planted words are in it"
    assert images.left_over(clean + b"PK") == ["something follows the end of the picture"]
    assert images.left_over(clean[:60]) and images.left_over(b"GIF89a") == ["no JPEG was kept"]


@pytest.mark.parametrize(
    ("typed", "kept", "same"),
    [
        ("路灯 坏了\r\n", "路灯坏了", True),
        ("e\u0301", "é", True),
        ("a\x07b", "ab", True),
        ("👨\u200d👩\u200d👧", "👨👩👧", False),
        ("路灯坏了", "路灯坏", False),
        ("\u202eabc", "abc", False),
    ],
)
def test_no_visible_character_may_be_missing(typed: str, kept: str, same: bool) -> None:
    assert (text.visible(typed) == text.visible(kept)) is same


def test_what_got_through_is_told_and_fails_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def play(stage: Stage, count: int) -> Tally:
        tally = Tally(figures={"web_mb": 3})
        for number in range(count):
            tally.count(["got through"] if number == 1 else [])
        return tally

    monkeypatch.setitem(ROWS, "made_up", Row("nothing", 3, play))
    figures = tmp_path / "figures.json"
    assert program.main(["made_up", "--json", str(figures)]) == 1
    assert json.loads(figures.read_text()) == {"made_up": {"tried": 3, "failed": 1, "web_mb": 3}}


def test_a_row_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        program.main(["nothing"])
    assert "there is no row nothing" in capsys.readouterr().err
