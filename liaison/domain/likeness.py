"""How alike two matters are in the words people used, and which words those are. Pure, standard library only.

Neighbouring pairs of characters are compared (`text.bigrams`), without those that stand in every complaint. The trap is
the same complaint about another place: where both texts name places and share none, the likeness counts less.
Thresholds were tuned on real messages, none of which is kept here.
"""

import math
import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from liaison.domain.text import bigrams

THRESHOLD = 0.16
"""From here on a pair is worth a look: of 96 pairs judged the same event, 92 reach it."""

SURE = 0.4
"""From here on, and unless the places differ, seven pairs of eight are the same event."""

_SAME_PLACE, _OTHER_PLACE = 1.3, 0.6
_SAME_STATION, _SAME_CATEGORY = 1.1, 1.05
_STOCK = frozenset(
    bigrams(
        "我们 你们 他们 希望 尽快 解决 问题 请尽快 反映 领导 部门 有关部门 相关部门 处理 关注 帮助 这个 那个 一个 "
        "没有 不能 现在 已经 非常 严重 影响 居民 群众 老百姓 政府 谢谢 您好 你好 尊敬的 请问 为什么 什么时候 是否 可以 "
        "因为 所以 但是 一直 多次 至今 的时候"
    )
)
_NO_NAME = (
    "的在是了和与到从有把被对及或们个这该那本各每某条处段沿以致过此将临门一两下主公马铁线道网成不修补望希开走去出进"
)
_LETTER = rf"[^\W{_NO_NAME}\d_]"
_PLACE = re.compile(
    rf"{_LETTER}{{1,4}}(?:大道|小区|社区|花园|广场|公园|市场|学校|小学|中学|医院|大厦)"
    rf"|{_LETTER}{{2,4}}[路街巷村桥镇苑园]"
)


@dataclass(frozen=True)
class Told:
    """What is compared of a matter."""

    text: str
    station: object = None
    category: object = None


@dataclass(frozen=True)
class Likeness:
    """How alike, from 0 to 1, and what the two share besides their words: `place`, `station`, `category`.

    `elsewhere` when both name places and none is the same.
    """

    score: float
    same: tuple[str, ...]
    elsewhere: bool = False


def likeness(one: Told, other: Told) -> Likeness:
    """Return how alike two matters are; symmetric, 1 at most."""
    mine, theirs = telling(one.text), telling(other.text)
    if not mine or not theirs:
        return Likeness(0.0, ())
    score = len(mine & theirs) / math.sqrt(len(mine) * len(theirs))
    same = tuple(_same(one, other))
    elsewhere = "place" not in same and bool(places(one.text) and places(other.text))
    if "place" in same:
        score *= _SAME_PLACE
    elif elsewhere:
        score *= _OTHER_PLACE
    score *= _SAME_STATION if "station" in same else 1
    score *= _SAME_CATEGORY if "category" in same else 1
    return Likeness(min(1.0, score), same, elsewhere)


def telling(text: str) -> frozenset[str]:
    """Return the pairs of characters in which a text differs from any other complaint."""
    return frozenset(bigrams(text)) - _STOCK


def places(text: str) -> frozenset[str]:
    """Return what looks like the name of a street, village, estate or other place."""
    return frozenset(_PLACE.findall(unicodedata.normalize("NFKC", text)))


def pieces(text: str, words: Collection[str]) -> list[tuple[str, bool]]:
    """Return the text cut into runs, each with whether it stands in `words`; joined they are the text."""
    marked = [False] * len(text)
    for start in range(len(text) - 1):
        if _fold(text[start : start + 2]) in words:
            marked[start] = marked[start + 1] = True
    return list(_runs(text, marked))


def _runs(text: str, marked: Sequence[bool]) -> Iterator[tuple[str, bool]]:
    start = 0
    for end in range(1, len(text) + 1):
        if end == len(text) or marked[end] != marked[start]:
            yield text[start:end], marked[start]
            start = end


def _same(one: Told, other: Told) -> Iterator[str]:
    if _share_place(places(one.text), places(other.text)):
        yield "place"
    for name in ("station", "category"):
        if getattr(one, name) is not None and getattr(one, name) == getattr(other, name):
            yield name


def _share_place(mine: Collection[str], theirs: Collection[str]) -> bool:
    """Whether a place of one is one of the other, be it with the town before it or without."""
    return any(one.endswith(other) or other.endswith(one) for one in mine for other in theirs)


def _fold(pair: str) -> str:
    return unicodedata.normalize("NFKC", pair).casefold()
