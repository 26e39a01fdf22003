"""Rows of an uploaded table and what is wrong with them; knows neither the file they came in nor where they go."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Values = Mapping[str, Any]
Key = tuple[str, ...]

NEW, CHANGED, GONE, SAME = "new", "changed", "gone", "same"


@dataclass(frozen=True)
class Line:
    """One row: its number in the table, and what it says by field, in codes; a field that is missing is left alone."""

    number: int
    values: Values


@dataclass(frozen=True)
class Fault:
    """What is wrong with a row, in a sentence; `field` is empty when it is the row as a whole."""

    line: int
    field: str
    words: str


@dataclass(frozen=True)
class Found:
    """What an import changes, row by row, and the faults because of which it changes nothing."""

    changes: list[dict]
    faults: list[Fault]
    counts: dict[str, int]

    @property
    def told_faults(self) -> list[list]:
        """The faults as they are kept."""
        return [[each.line, each.field, each.words] for each in self.faults]


def repeated(lines: Iterable[Line], key: tuple[str, ...]) -> list[Fault]:
    """A fault for each row that names the same thing as one above it; rows without a name are new ones."""
    seen: dict[Key, int] = {}
    faults = []
    for line in lines:
        named = tuple(str(line.values.get(field, "")) for field in key)
        if all(named) and seen.setdefault(named, line.number) != line.number:
            faults.append(Fault(line.number, key[-1], f"与第 {seen[named]} 行重复，请只保留一行。"))
    return faults


def compare(lines: Iterable[Line], keys: Mapping[int, Key], before: Mapping[Key, Values], after: Mapping[Key, Values]):
    """The changes between two states of a register, for the rows that made them and for what went away."""
    changes, same = [], 0
    for line in lines:
        key = keys.get(line.number)
        if key is None:
            continue
        change = _change(line.number, before.get(key), after.get(key, {}))
        if not line.values.get("code", True):
            change["cells"].pop("code", None)  # made at random for a row without one: another one each time
        if change["cells"]:
            changes.append(change | {"name": naming(after.get(key, {}), key)})
        else:
            same += 1
    gone = [key for key in before if key not in after]
    changes += [{"line": 0, "what": GONE, "cells": {}, "name": naming(before[key], key)} for key in sorted(gone)]
    counts = {what: sum(each["what"] == what for each in changes) for what in (NEW, CHANGED, GONE)}
    return changes, counts | {SAME: same}


def naming(values: Values, key: Key) -> list[str]:
    """How a row is called: its own name, or the codes of what it ties together."""
    return [values["name"]] if values.get("name") else list(key)


def _change(number: int, before: Values | None, after: Values) -> dict:
    if before is None:
        return {"line": number, "what": NEW, "cells": {name: [None, value] for name, value in after.items() if value}}
    cells = {name: [before.get(name), value] for name, value in after.items() if before.get(name) != value}
    return {"line": number, "what": CHANGED, "cells": cells}
