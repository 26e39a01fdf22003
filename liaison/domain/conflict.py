"""Who is in conflict with a case: whoever it is about, and whoever answers for them. Pure, standard library only.

The first promise of the house: whoever is complained about never learns who complained, and does not handle, see,
search, count or hear of the matter. `services.reach` says the same rule in SQL.
"""

import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TypeVar
from uuid import UUID

Key = TypeVar("Key")

_BODIES = ("委员会", "办事处", "管委会", "局", "委", "办", "队", "中心", "站", "所", "集团", "公司", "政府")
"""How the name of a department ends, and so how people's short forms of it end."""

_SHORTEST, _LONGEST = 3, 12
"""Characters of a short form: "住建局" is one, two characters such as "建局" may stand in any word; of a long name
only "和" is left out, as in "人力资源社会保障局".
"""


class Source(StrEnum):
    """Who named a party: the resident, the matter's own text until the office has decided, or the office."""

    RESIDENT = "resident"
    TEXT = "text"
    OFFICE = "office"


@dataclass(frozen=True)
class Person:
    """One who might handle or see a case: an account, its department, its deputy, the departments that one leads."""

    account_id: UUID | None = None
    department_id: UUID | None = None
    deputy_id: UUID | None = None
    leads: frozenset[UUID] = frozenset()


@dataclass(frozen=True)
class Parties:
    """The parties of a case that are in conflict with it, by their kind."""

    departments: frozenset[UUID] = frozenset()
    deputies: frozenset[UUID] = frozenset()
    accounts: frozenset[UUID] = frozenset()

    def concern(self, person: Person) -> bool:
        """Whether the person is one of them, belongs to one of them, or leads one of them."""
        return (
            person.account_id in self.accounts
            or person.department_id in self.departments
            or person.deputy_id in self.deputies
            or not self.departments.isdisjoint(person.leads)
        )


def learns_identity(source: str, *, stands: bool) -> bool:
    """Whether a party once put into the set may learn who the resident is, as far as the resident agreed.

    Never, even after the conflict was lifted so that it can answer for itself; but whom only the text seemed to name,
    and the office found merely mentioned, was never in conflict.
    """
    return source == Source.TEXT and not stands


def named_in(text: str, names: Mapping[Key, str], regions: Collection[str] = ()) -> list[Key]:
    """The keys of the departments a text names: by name, without a region before it, or by a short form.

    A short form is what people say of a long name: it begins alike, ends alike and keeps the order, as "住建局" for
    "住房和城乡建设局". Too many are found rather than too few, since the office decides about each.
    """
    folded = _fold(text)
    shorts = {folded[start:end] for start, end in _spans(folded)}
    above = tuple(regions)
    return [key for key, name in names.items() if _is_named(_called(name, above), folded, shorts)]


@lru_cache(maxsize=4096)
def _called(name: str, regions: Collection[str]) -> str:
    """A name as texts are searched for it; asked again with every text."""
    return _bare(_fold(name), regions)


def _bare(name: str, regions: Collection[str]) -> str:
    """A name without its region; that of a town or street is kept, since without it "人民政府" may be any."""
    wide = [region for region in regions if name.startswith(region) and not region.endswith(("镇", "乡", "街道"))]
    rest = name.removeprefix(max(wide, key=len, default=""))
    return rest if len(rest) >= _SHORTEST else name


def _is_named(name: str, text: str, shorts: Iterable[str]) -> bool:
    return name in text or any(_is_short(short, name) for short in shorts)


def _is_short(short: str, name: str) -> bool:
    """Whether `short` is what people may make of `name`."""
    if short[0] != name[0] or len(short) >= len(name):
        return False
    if not any(name.endswith(body) and short.endswith((body, body[0])) for body in _BODIES):
        return False
    rest = iter(name)
    return all(character in rest for character in short)


def _spans(text: str) -> Iterable[tuple[int, int]]:
    """Where short forms may stand: the few characters up to one that ends a department's name."""
    ends = {body[0] for body in _BODIES} | {body[-1] for body in _BODIES}
    for end, character in enumerate(text, start=1):
        if character in ends:
            yield from ((start, end) for start in range(max(0, end - _LONGEST), end - _SHORTEST + 1))


def _fold(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
