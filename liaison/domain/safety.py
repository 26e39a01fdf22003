"""What a check of content says: a hint for a person, never a verdict. Pure; knows no provider and no code of one."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Suggest(StrEnum):
    """How pressing a hint is: nothing found, somebody should look, somebody must look."""

    PASS = "pass"
    REVIEW = "review"
    RISKY = "risky"


class Hint(StrEnum):
    """What a text or a picture may be about."""

    AD = "ad"
    POLITICS = "politics"
    PORN = "porn"
    ABUSE = "abuse"
    CRIME = "crime"
    FRAUD = "fraud"
    VULGAR = "vulgar"
    RIGHTS = "rights"
    OTHER = "other"


class Source(StrEnum):
    """Who has looked: the platform, the words this installation keeps, or nobody that could."""

    PLATFORM = "platform"
    WORDS = "words"
    NOBODY = "nobody"


@dataclass(frozen=True)
class Finding:
    """What a check found; `hint` is None when nothing was."""

    suggest: Suggest = Suggest.PASS
    hint: Hint | None = None

    @property
    def is_flagged(self) -> bool:
        """Whether a person should look."""
        return self.suggest is not Suggest.PASS

    @classmethod
    def read(cls, suggest: str | None, hint: str | None) -> "Finding":
        """A finding from its words as rows and events hold them; nothing is CLEAN."""
        if not suggest or suggest == Suggest.PASS:
            return CLEAN
        return cls(Suggest(suggest), Hint(hint) if hint in set(Hint) else Hint.OTHER)


CLEAN = Finding()


def worst(findings: Iterable[Finding]) -> Finding:
    """The most pressing of several, CLEAN when there are none."""
    ranks = list(Suggest)
    return max(findings, key=lambda each: ranks.index(each.suggest), default=CLEAN)


@dataclass(frozen=True)
class WordList:
    """Words that make somebody look, each with what it hints at."""

    words: Mapping[str, Hint]

    def check(self, text: str) -> Finding:
        """What the words find in a text: the hint of the first that stands in it, whatever signs are between."""
        plain = fold(text)
        hint = next((hint for word, hint in self.words.items() if word in plain), None)
        return Finding(Suggest.REVIEW, hint) if hint else CLEAN


def read_words(document: str) -> WordList:
    """Read a list: a line names a hint, a colon, and words apart by blanks; `#` begins a remark.

    Raises ValueError naming the line.
    """
    words: dict[str, Hint] = {}
    for number, line in enumerate(document.splitlines(), start=1):
        told = line.partition("#")[0].strip()
        if not told:
            continue
        name, colon, listed = told.partition(":")
        if not colon or name.strip() not in set(Hint):
            raise ValueError(f"line {number}: must be one of {', '.join(Hint)}, a colon, and words")
        words |= {folded: Hint(name.strip()) for word in listed.split() if (folded := fold(word))}
    return WordList(words)


def fold(text: str) -> str:
    """A text without what people put between characters so that a word is not found: width, case, blanks, signs."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in plain if unicodedata.category(char)[0] in "LN")
