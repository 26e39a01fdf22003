"""What a list is narrowed by, as its address says it: read from there, and written for links, tabs, saved views."""

from collections.abc import Mapping
from datetime import date
from urllib.parse import parse_qsl, urlencode

from liaison.domain.clocks import Light
from liaison.domain.errors import Invalid
from liaison.services.wanted import Sort, Wanted
from liaison.web.paging import DEFAULT_LIMIT

CODES = ("state", "department", "station", "category", "deputy", "figure")
SPANS = {"due": "到期", "told": "提交", "closed": "办结"}
"""Days a list is narrowed to: each a pair of fields, from and until."""

DAYS = tuple(f"{name}_{end}" for name in SPANS for end in ("from", "until"))
FILTERS = ("q", *CODES, "light", *DAYS)
"""What narrows a list; `clear` takes all of them away."""

KEPT = ("box", *FILTERS, "sort", "limit")
"""What of an address a link to the next page or a saved view keeps."""

LONGEST = 200  # characters of one value; the longest name of a code is far shorter
LONGEST_QUERY = 2000
NO_DAY = "请按“2026-03-02”的格式填写日期。"


def here(asked: Mapping[str, str]) -> dict[str, str]:
    """What the address keeps, in one order, so that the same view has one address."""
    given = ((name, asked.get(name, "").strip()[:LONGEST]) for name in KEPT)
    return {name: value for name, value in given if value and (name, value) != ("limit", str(DEFAULT_LIMIT))}


def as_query(kept: Mapping[str, str]) -> str:
    """That part of an address."""
    return urlencode(kept)


def from_query(query: str) -> dict[str, str]:
    """What an address of ours keeps, whoever wrote it: other names are left out."""
    return here(dict(parse_qsl(query[:LONGEST_QUERY])))


def read_wanted(asked: Mapping[str, str], usual: Sort) -> Wanted:
    """What is wanted. Raises Invalid naming every field that makes no sense."""
    kept, errors = here(asked), dict[str, list[str]]()
    days = {name: _day(kept, name, errors) for name in DAYS}
    sort, light = kept.get("sort", usual), kept.get("light", "")
    if sort not in set(Sort):
        errors["sort"] = ["没有这种排序，请重新选择。"]
    if light and light not in set(Light):
        errors["light"] = ["没有这种时限情况，请重新选择。"]
    for name, words in SPANS.items():
        since, until = days[f"{name}_from"], days[f"{name}_until"]
        if since and until and since > until:
            errors[f"{name}_until"] = [f"{words}的起止日期颠倒了，请重新选择。"]
    if errors:
        raise Invalid(errors)
    named = {name: kept.get(name, "") for name in CODES}
    return Wanted(kept.get("q", ""), **named, **days, light=light, sort=Sort(sort))


def _day(kept: Mapping[str, str], name: str, errors: dict[str, list[str]]) -> date | None:
    try:
        return date.fromisoformat(kept[name]) if name in kept else None
    except ValueError:
        errors[name] = [NO_DAY]
        return None
