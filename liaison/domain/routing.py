"""Who takes a matter first, and which department it probably belongs to; pure, standard library only.

The caller brings the day's roster and the office's rules as plain values. The answers carry codes and facts;
the sentences people read are composed elsewhere. A deputy who is absent or has no account is passed over for
the next one, then the office takes the matter; never nobody.
"""

import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Reason(StrEnum):
    """Why a deputy was chosen, or why the office was."""

    STANDS_IN = "stands_in"
    ON_DUTY = "on_duty"
    NEXT_IN_ROSTER = "next_in_roster"
    FIRST_IN_ROSTER = "first_in_roster"
    ROSTER_EMPTY = "roster_empty"
    NOBODY_AVAILABLE = "nobody_available"


class PassedOver(StrEnum):
    """Why a deputy earlier in the order did not get the matter."""

    ABSENT = "absent"
    NO_ACCOUNT = "no_account"
    EXCLUDED = "excluded"


class Ground(StrEnum):
    """What a suggested department rests on."""

    RULE = "rule"
    CATEGORY = "category"


@dataclass(frozen=True)
class DutyTurn:
    """One deputy's place in a station's roster, as things stand on the day in question.

    `stands_in` is who was asked to take that day in place of the one on duty, on the roster or not.
    """

    deputy_id: UUID
    position: int
    on_duty: bool
    present: bool
    has_account: bool
    stands_in: bool = False


@dataclass(frozen=True)
class Pass:
    """A deputy who would have come first, and why the matter went on."""

    deputy_id: UUID
    why: PassedOver


@dataclass(frozen=True)
class Choice:
    """Who takes the matter: a deputy, or the office when `deputy_id` is None; with everybody passed over."""

    deputy_id: UUID | None
    reason: Reason
    passed: tuple[Pass, ...] = ()


@dataclass(frozen=True)
class Rule:
    """Suggests a department when every part that is set matches; the greater priority wins.

    Any one of `keywords` is enough. `region_path` is a region's path and holds for all below it.
    """

    id: UUID
    priority: int
    category: str | None
    keywords: tuple[str, ...]
    region_path: str | None
    department_code: str
    reason: str


@dataclass(frozen=True)
class Suggestion:
    """A department that probably handles the matter; `matched` are the rule's keywords found in the text."""

    department_code: str
    priority: int
    reason: str
    matched: tuple[str, ...]
    ground: Ground


def choose_deputy(turns: Iterable[DutyTurn], *, excluded: Collection[UUID] = ()) -> Choice:
    """Return the deputy on duty, else the next one in the roster who can take a matter, else the office.

    Those on duty come first, then the others in rotation after the first on duty; nobody on duty starts the
    roster at its beginning. Who stands in comes before all, and whoever is stood in for after all. `excluded` are
    deputies who must not get it, because they are in conflict with it.
    """
    order = _in_turn(turns)
    passed: list[Pass] = []
    for turn in order:
        why = _why_not(turn, excluded)
        if why is None:
            return Choice(turn.deputy_id, _reason(turn, order), tuple(passed))
        passed.append(Pass(turn.deputy_id, why))
    return Choice(None, Reason.NOBODY_AVAILABLE if passed else Reason.ROSTER_EMPTY, tuple(passed))


def suggest(
    rules: Iterable[Rule], *, text: str, category: str | None, category_department: str | None, region_path: str
) -> list[Suggestion]:
    """Return the departments the rules point to, best first, each once; the category's own comes last.

    The greater priority wins, then more keywords found, then the older rule. The category's own department
    carries an empty `reason`: its ground says it all.
    """
    folded = _fold(text)
    hits = [
        (rule, tuple(word for word in rule.keywords if _fold(word) in folded))
        for rule in rules
        if rule.category in (None, category) and _is_within(region_path, rule.region_path)
    ]
    hits = [(rule, matched) for rule, matched in hits if matched or not rule.keywords]
    hits.sort(key=lambda hit: (-hit[0].priority, -len(hit[1]), hit[0].id))
    found = [
        Suggestion(rule.department_code, rule.priority, rule.reason, matched, Ground.RULE) for rule, matched in hits
    ]
    if category_department:
        found.append(Suggestion(category_department, 0, "", (), Ground.CATEGORY))
    best: dict[str, Suggestion] = {}
    for one in found:
        best.setdefault(one.department_code, one)
    return list(best.values())


def _in_turn(turns: Iterable[DutyTurn]) -> list[DutyTurn]:
    """Return the roster in the order in which deputies are asked."""
    roster = sorted(turns, key=lambda turn: (turn.position, turn.deputy_id))
    start = next((place for place, turn in enumerate(roster) if turn.on_duty), 0)
    rotated = roster[start:] + roster[:start]
    standing_in = [turn for turn in rotated if turn.stands_in]
    rest = [turn for turn in rotated if not turn.stands_in]
    on_duty, others = [turn for turn in rest if turn.on_duty], [turn for turn in rest if not turn.on_duty]
    return standing_in + others + on_duty if standing_in else on_duty + others


def _why_not(turn: DutyTurn, excluded: Collection[UUID]) -> PassedOver | None:
    """Return why this deputy cannot take a matter, or None."""
    if turn.deputy_id in excluded:
        return PassedOver.EXCLUDED
    if not turn.present:
        return PassedOver.ABSENT
    return None if turn.has_account else PassedOver.NO_ACCOUNT


def _reason(turn: DutyTurn, order: Sequence[DutyTurn]) -> Reason:
    """Return why this deputy was chosen out of that order."""
    if turn.stands_in:
        return Reason.STANDS_IN
    if turn.on_duty:
        return Reason.ON_DUTY
    headed = order[0].on_duty or order[0].stands_in
    return Reason.NEXT_IN_ROSTER if headed else Reason.FIRST_IN_ROSTER


def _is_within(path: str, above: str | None) -> bool:
    """Tell whether a region's path lies in or below another; paths are codes joined and ended by `/`."""
    return not above or f"{path.rstrip('/')}/".startswith(f"{above.rstrip('/')}/")


def _fold(text: str) -> str:
    """Return text for comparison: narrow, without case and without spaces."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
