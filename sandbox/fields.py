"""What the fields of WeChat's message templates may hold; the kind is the field's name without its number."""

import re
from collections.abc import Callable, Mapping

_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_DATE = r"\d{4}(年\d{1,2}月\d{1,2}日|-\d{1,2}-\d{1,2})"
_TIME = r"\d{1,2}:\d{2}(:\d{2})?"


def _matches(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda value: bool(compiled.fullmatch(value))


def _is_name(value: str) -> bool:
    return len(value) <= (10 if _CHINESE.search(value) else 20)


KINDS: Mapping[str, Callable[[str], bool]] = {
    "thing": lambda value: len(value) <= 20 and "\n" not in value,
    "phrase": _matches(r"[\u4e00-\u9fff]{1,5}"),
    "name": _is_name,
    "character_string": lambda value: len(value) <= 32 and not _CHINESE.search(value),
    "letter": _matches(r"[A-Za-z]{1,32}"),
    "number": _matches(r"[0-9.]{1,32}"),
    "phone_number": _matches(r"[0-9+-]{1,17}"),
    "amount": _matches(r"[¥$]?[0-9.]{1,10}元?"),
    "date": _matches(rf"{_DATE}( {_TIME})?"),
    "time": _matches(rf"({_DATE} )?{_TIME}"),
}


def wrong_field(names: tuple[str, ...], data: object) -> str | None:
    """Return the first of a template's fields that is missing or breaks its rule; fields too many are ignored."""
    given = data if isinstance(data, Mapping) else {}
    return next((name for name in names if not _is_right(name, given.get(name))), None)


def _is_right(name: str, entry: object) -> bool:
    value = entry.get("value") if isinstance(entry, Mapping) else None
    kind = KINDS[name.rstrip("0123456789")]
    return isinstance(value, str) and bool(value.strip()) and kind(value)
