"""What THREATS.md points to is there."""

import re

from liaison.config import ROOT


def test_every_proof_that_is_named_exists() -> None:
    named = set(re.findall(r"`((?:tests|liaison|docs)/[\w/.]+)`", (ROOT / "docs" / "THREATS.md").read_text("utf-8")))
    assert len(named) > 40
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []
