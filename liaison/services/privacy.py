"""The text about personal information that residents agree to: numbered files of the repository, never changed.

Files and not a table: what people agreed to years ago must be what they read, and a file in the history of the
repository is harder to change unseen than a row. A new wording is a new file with the next number; names of the
installation are put in when it is shown. The first line of a file is the day it came into force.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from liaison.domain.errors import NotFound

FOLDER = Path(__file__).resolve().parents[1] / "privacy"


@dataclass(frozen=True)
class Section:
    """A heading with its paragraphs; `items` says of each whether it is a point of a list."""

    title: str
    items: Sequence[tuple[bool, str]]


@dataclass(frozen=True)
class Text:
    """One version of the text."""

    version: int
    since: date
    sections: Sequence[Section]


@cache
def current() -> int:
    """The number of the version that is agreed to now."""
    return max(int(path.stem) for path in FOLDER.glob("*.txt"))


def get_text(version: int, **names: str) -> Text:
    """One version with the installation's names put in. Raises NotFound for one there never was."""
    if not 1 <= version <= current():
        raise NotFound("没有这一版个人信息保护说明。")
    first, *parts = (FOLDER / f"{version}.txt").read_text("utf-8").format(**names).split("\n## ")
    return Text(version, date.fromisoformat(first.strip()), [_section(part) for part in parts])


def _section(part: str) -> Section:
    title, *lines = part.strip().splitlines()
    return Section(title, [(line.startswith("- "), line.removeprefix("- ")) for line in lines if line])
