"""The API fuzzed and the pages fed with payloads in short; and that either row sees a fault."""

from collections.abc import Callable
from pathlib import Path

import pytest
from schemathesis.core.failures import Failure

from tests.support.browser import CHROMIUM, chromium, served
from trust import api, fuzzing, xss
from trust.payloads import MARK, payloads
from trust.stage import Stage

SOME_REQUESTS, SOME_PAYLOADS = 120, 120
in_a_browser = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here; `make browser` installs it")
HOLES = {
    "calls": "<script>xss(3)</script>",
    "elements": f"<b {MARK}>x</b>",
    "addresses": "<a href='java\tscript:xss(4)'>x</a>",
    "dialogs": "<script>confirm('5')</script>",
    "foreign": "<img src=//evil.example/x>",
    "broken": "<meta http-equiv=Content-Security-Policy content=\"img-src 'none'\"><img src=/static/logo.png>",
}


def test_the_api_answers_a_fuzzer_as_its_document_says(stage: Stage) -> None:
    tally = api.play(stage, SOME_REQUESTS)
    assert tally.failures == []
    assert tally.tried >= SOME_REQUESTS and tally.figures["200"]


def test_only_what_no_schema_can_say_is_excused() -> None:
    def refused(sentence: str) -> bytes:
        return f'{{"errors": {{"text": ["{sentence}"]}}}}'.encode()

    blank = Failure(operation="", title="", message="")
    assert fuzzing.excused(blank, fuzzing.REFUSED, {}, refused("请填写这一项。"), 422)
    assert not fuzzing.excused(blank, fuzzing.REFUSED, {}, refused("请填写整数。"), 422)
    assert not fuzzing.excused(blank, fuzzing.REFUSED, {}, b'{"detail": "?"}', 422)
    assert not fuzzing.excused(blank, fuzzing.REFUSED, {}, refused("请填写这一项。"), 400)
    assert not fuzzing.excused(blank, "not_a_server_error", {}, refused("请填写这一项。"), 422)
    long = Failure(operation="", title="", message="text: violates `maxLength`")
    assert fuzzing.excused(long, fuzzing.TAKEN, {"text": "e\u0301" * 2000}, b"", 201)
    assert not fuzzing.excused(long, fuzzing.TAKEN, {"text": "e" * 2001}, b"", 201)
    assert not fuzzing.excused(blank, fuzzing.TAKEN, {"text": "e\u0301" * 2000}, b"", 201)


@in_a_browser
def test_no_page_takes_a_payload_for_a_program(stage: Stage) -> None:
    tally = xss.play(stage, SOME_PAYLOADS)
    assert tally.failures == []
    assert tally.tried >= SOME_PAYLOADS


@in_a_browser
def test_a_page_that_takes_one_for_a_program_is_seen(stage: Stage, tmp_path: Path) -> None:
    def hole(environ: dict[str, str], start: Callable[..., object]) -> list[bytes]:
        start("200 OK", [("Content-Type", "text/html")])
        return [HOLES.get(environ["PATH_INFO"].strip("/"), "").encode()]

    with served(hole) as address, chromium(tmp_path) as browser:
        viewers = xss.Viewers(stage, browser, address)
        for kind in HOLES:
            assert viewers.look("", f"/{kind}")[kind], kind


def test_there_are_enough_payloads_and_each_says_which_it_is() -> None:
    made = payloads()
    assert len(made) == len(set(made)) >= 300
    assert [each for number, each in enumerate(made) if f"({number})" not in each] == []
