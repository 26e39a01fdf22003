"""What people read for each code: the one door to the faces' Chinese words, which stand in tables and templates."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from urllib.parse import urlsplit

from babel.dates import format_date
from flask import Flask
from flask_babel import gettext
from markupsafe import Markup, escape

from liaison.domain.calendar import SHANGHAI
from liaison.services.inboxes import COUNTED_TO
from liaison.web.access_words import ACCESS_WORDS
from liaison.web.audit_words import AUDIT_WORDS
from liaison.web.case_words import CASE_WORDS
from liaison.web.languages import CHINESE, language, spoken
from liaison.web.notice_words import NOTICE_WORDS
from liaison.web.preference_words import PREFERENCE_WORDS

LABELS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {**CASE_WORDS, **NOTICE_WORDS, **AUDIT_WORDS, **ACCESS_WORDS, **PREFERENCE_WORDS}
)
BEFORE = 12  # characters of a text that stand before the first word found in it
UNITS = {"wd": "个工作日", "h": "小时", "months": "个月"}


def label(group: str, code: object) -> str:
    """The Chinese words for a code; the code itself when there are none, so that nothing is ever blank."""
    return LABELS[group].get(str(code), str(code)) if code is not None else ""


def topic(code: str) -> str:
    """What a notice is about."""
    head, _, rung = code.partition(".")
    if head == "reminder":
        return f"时限提醒：{label('rung', rung)}"
    return LABELS["topic"].get(code) or label("event", code)


def rung(key: str) -> str:
    """A step of the ladder by its key."""
    head, _, index = key.partition("repeat_")
    return f"第 {index} 次持续督办" if not head and index else label("rung", key)


def fault(code: str) -> str:
    """What went wrong with a message, in words with the code behind them, for who looks it up with the provider."""
    words = LABELS["fault"].get(code)
    return f"{words}（{code}）" if words else code


def span(seconds: float) -> str:
    """A length of time in its two largest units: "2 小时 5 分钟"."""
    left, parts = round(abs(seconds)), []
    for size, unit in ((86_400, "天"), (3600, "小时"), (60, "分钟"), (1, "秒")):
        count, left = divmod(left, size)
        parts += [f"{count} {unit}"] if count else []
    return " ".join(parts[:2]) or "0 秒"


def many(count: int) -> str:
    """How many stand in a box; what is counted no further reads as more than that."""
    return str(count) if count < COUNTED_TO else f"{COUNTED_TO - 1}+"


def term(text: str) -> str:
    """A term such as "5 wd" in words."""
    amount, _, unit = text.partition(" ")
    return f"{amount} {gettext(UNITS.get(unit, unit))}"


def day(value: date | datetime | None) -> str:
    """A day as people write it: 2026年3月1日, with the weekday."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.astimezone(SHANGHAI).date()
    if (told := language()) is not CHINESE:
        return format_date(value, told.day, locale=told.locale)
    return f"{value.year}年{value.month}月{value.day}日（周{'一二三四五六日'[value.weekday()]}）"


def minute(value: datetime | None) -> str:
    """A time to the minute in Shanghai."""
    return value.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if value else ""


def paragraphs(text: str) -> Markup:
    """What somebody typed, with its line breaks and nothing else kept."""
    return Markup("<br>").join(escape(line) for line in text.splitlines())


def marked(text: str, words: str) -> Markup:
    """A text with every word of a search in it marked, however it is written there."""
    told = "|".join(re.escape(word) for word in words.split())
    parts = re.split(f"({told})", text, flags=re.IGNORECASE) if told else [text]
    shown = (Markup("<mark>%s</mark>") % part if at % 2 else escape(part) for at, part in enumerate(parts))
    return Markup("").join(shown)


def excerpt(text: str, words: str) -> str:
    """A text from shortly before the first word of a search that stands in it."""
    places = [place for word in words.lower().split() if (place := text.lower().find(word)) >= 0]
    begin = max(0, min(places, default=0) - BEFORE)
    return f"…{text[begin:]}" if begin else text


def register(app: Flask) -> None:
    """Let templates use the labels, in the language of whoever reads, and know the site."""
    app.jinja_env.filters["topic"] = spoken(topic)
    for function in (rung, fault, span, many, term, day, minute, paragraphs, marked, excerpt):
        app.template_filter(function.__name__)(function)
    app.jinja_env.filters["label"] = app.jinja_env.globals["label"] = spoken(label)
    app.jinja_env.globals["LABELS"] = LABELS
    config = app.extensions["liaison"].config
    app.jinja_env.globals |= {"site": config.site, "host": urlsplit(config.base_url).netloc}
