"""The scripts of residents' pages: what an old phone's browser can read, in whatever language its owner reads."""

import re

import pytest

from liaison.catalogues import keys
from liaison.config import ROOT

SCRIPTS = ("outbox", "resident", "sw", "tell", "waiting", "wechat", "words")
LONGEST = 300  # lines of one script
TOO_NEW = re.compile(
    r"\?\.[a-zA-Z_(\[]|\?\?|\|\|=|&&=|\bimport [^S]|\bexport\b|#[a-z]\w* *[=(;]|replaceChildren|Object\.fromEntries"
    r"|\.(?:at|flat|flatMap|matchAll|allSettled|replaceAll|arrayBuffer|text)\("
)
"""What came to Chrome after version 66, as far as anybody here may write it without a thought."""


def code(name: str) -> str:
    """A script without its comments."""
    text = (ROOT / "liaison" / "static" / f"{name}.js").read_text("utf-8")
    return re.sub(r"/\*.*?\*/|^ *//.*?$| // .*?$", "", text, flags=re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_says_nothing_an_old_phone_cannot_read(name: str) -> None:
    assert TOO_NEW.findall(code(name)) == []
    assert len(code(name).splitlines()) <= LONGEST
    for new in ("a?.b", "a ?? b", "list.replaceChildren(x)", "words.at(-1)", "a ||= b"):
        assert TOO_NEW.search(new)


@pytest.mark.parametrize("name", SCRIPTS)
def test_what_a_script_says_stands_in_the_catalogues(name: str) -> None:
    said = {each.replace("%", "%%") for each in re.findall(r'\bsay\("([^"]+)"', code(name))}
    assert said <= set(keys()), "put it into `script_words` of parts.html, and run `make translations`"
