"""A made-up official calendar table, in the shape an office uploads."""

from collections.abc import Iterable


def table(year: int, *, rest: Iterable[str] = (), work: Iterable[str] = ()) -> str:
    """The CSV of a whole year: its national days, and whatever else the test wants rested or worked."""
    days = [f"{year}-10-0{day},rest,国庆节" for day in (1, 2, 3)]
    days += [f"{day},rest,临时" for day in rest] + [f"{day},work,临时" for day in work]
    return "\n".join(["day,kind,name", *days, ""])
