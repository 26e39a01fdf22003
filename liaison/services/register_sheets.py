"""One row of a register as it is told, checked part by part so that every fault is found at once.

A part is a text, a list of codes, a number or a yes: which one, and what a new row has, stands in `Kind.blank`.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from liaison.db import session
from liaison.domain import text
from liaison.domain.actors import Actor
from liaison.domain.errors import Invalid
from liaison.domain.registers import make_code
from liaison.models.departments import Category, Department
from liaison.models.people import Deputy
from liaison.models.regions import Region
from liaison.models.stations import Station
from liaison.services import spelling
from liaison.services.reach import region_within

Entry = Department | Deputy | Station | Category
Values = dict[str, Any]

NAME, LINE, LONG = 60, 100, 300  # characters: of a name, of a line such as an address, of a description
LONGEST = 2000  # of anything told, before it is known what it is
LARGEST = 10_000  # of a number: the place of a row among its like
_BETWEEN = re.compile(r"[\s,，、;；]+")
_YES = frozenset({"true", "yes", "1", "是", "开", "开启"})


@dataclass
class Sheet:
    """The parts of one row, `values` as they shall be, `before` as they are (empty for a new one), and the faults."""

    actor: Actor
    row: Entry | None
    before: Values
    values: Values
    faults: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def refuse(self, name: str, sentence: str) -> None:
        """Note a fault of one part."""
        self.faults[name].append(sentence)

    def text(self, name: str, longest: int, *, required: bool = False) -> str:
        """The text of that part in one line, no longer than it may be."""
        try:
            self.values[name] = text.clean(" ".join(self.values[name].split()), name, 1 if required else 0, longest)
        except Invalid as error:
            for sentences in error.errors.values():
                self.faults[name].extend(sentences)
        return self.values[name]

    def choice(self, name: str, allowed: Collection[str], what: str) -> str:
        """One of the allowed codes; what the row has had before stays allowed."""
        value = self.values[name]
        if value not in allowed and not (value and value == self.before.get(name)):
            self.refuse(name, f"{what}“{value}”不在可选范围内，请重新选择。" if value else f"请选择{what}。")
        return value

    def codes(self, name: str, known: Collection[str], what: str) -> list[str]:
        """Those of a list of codes that are known; what is beyond the actor's reach stays as it was."""
        beyond = [code for code in self.before.get(name, ()) if code not in known]
        told = list(dict.fromkeys(self.values[name]))
        for code in told:
            if code not in known and code not in beyond:
                self.refuse(name, f"没有代号为“{code}”的{what}，或不在您管理的区域内。")
        self.values[name] = sorted({*told, *beyond})
        return self.values[name]

    def region(self) -> Region | None:
        """The region of that code, the actor's own or one below it."""
        wanted = (Region.code == self.values["region"], region_within(self.actor, Region.path))
        found = session.scalar(select(Region).where(*wanted))
        if found is None:
            code = self.values["region"]
            self.refuse("region", f"没有代号为“{code}”的区域，或不归您管理。" if code else "请选择所在区域。")
        return found

    def refuse_namesake(self, name: str, model: type[Entry], *same: Any, where: str) -> None:
        """Note when another row in use is called the same where that confuses."""
        others = select(model.code).where(model.name == self.values[name], model.active, *same)
        if self.row is not None:
            others = others.where(model.id != self.row.id)
        if code := session.scalar(others.limit(1)):
            self.refuse(
                name, f"{where}已经有“{self.values[name]}”（代号 {code}），请核对；确实是两个的，请在名称里区分。"
            )


@dataclass(frozen=True)
class Kind:
    """One register.

    `read` tells a row's parts, `check` notes the faults of a sheet and returns the columns, `settle` does what else
    follows from a change, `hold` says why a row cannot be retired now, `let_go` what follows from retiring it.
    """

    name: str
    word: str
    model: type[Entry]
    blank: Mapping[str, Any]
    read: Callable[[Entry], Values]
    check: Callable[[Sheet], Values]
    make_code: Callable[[str, Collection[str]], str]
    settle: Callable[[Sheet, Entry, datetime], Values] = lambda sheet, row, now: {}
    hold: Callable[[Entry], str | None] = lambda row: None
    let_go: Callable[[Entry, datetime], Values] = lambda row, now: {}


def read_told(kind: Kind, told: Mapping[str, Any]) -> Values:
    """What was told of a row, each part in its own type. Raises Invalid for a part there is not, or no number."""
    faults: dict[str, list[str]] = {}
    values: Values = {}
    for name, value in told.items():
        if name not in kind.blank:
            faults[name] = ["没有这一项，请核对。"]
            continue
        try:
            values[name] = _typed(name, value, kind.blank[name])
        except ValueError:
            faults[name] = ["请填写整数。"]
        except Invalid as error:
            faults |= error.errors
    if faults:
        raise Invalid(faults)
    return values


def region_code(row: Department | Deputy | Station) -> str:
    """The code of the region a row is in."""
    return session.scalars(select(Region.code).where(Region.id == row.region_id)).one()


def initials(name: str, taken: Collection[str]) -> str:
    """A code made of the initials of a name as it is read out."""
    return make_code(spelling.initials(name), taken)


def count(rows: Any) -> int:
    """How many rows a query finds."""
    return session.scalar(select(func.count()).select_from(rows.subquery()))


def _typed(name: str, value: Any, like: Any) -> Any:
    if isinstance(like, bool):
        return value if isinstance(value, bool) else str(value or "").strip().lower() in _YES
    if isinstance(like, int):
        return int(str(value or 0).strip())
    if isinstance(like, list):
        words = _BETWEEN.split(value) if isinstance(value, str) else value or ()
        return list(dict.fromkeys(text.clean(each, name, 0, LINE) for each in words if each.strip()))
    return text.clean(str(value or ""), name, 0, LONGEST)
