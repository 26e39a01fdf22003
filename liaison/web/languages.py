"""In which language residents read: what they chose last, else what their browser asks for, else Chinese.

The Chinese words of templates and tables are the keys themselves, so that Chinese is always whole and whatever has no
translation yet is shown in Chinese. The other languages stand in `liaison/translations` and are read as they are
written, without a step that makes other files of them. Staff and machines read Chinese.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from types import MappingProxyType

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, Response, g, has_request_context, request
from flask_babel import Babel, Domain, get_locale, gettext

COOKIE = "language"
TRANSLATIONS = Path(__file__).resolve().parents[1] / "translations"
IN_CHINESE = ("/console", "/api/", "/callbacks/", "/files/", "/static/")
"""Where addresses begin whose answers are Chinese for everybody."""

NUMBER = re.compile(r"\d+")
BLANK = "#"  # stands for a number in the keys of sentences that are made with one


@dataclass(frozen=True)
class Language:
    """One language: how it is chosen, its locale, what pages say of it, its own name, how it writes a day."""

    code: str
    locale: str
    tag: str
    name: str
    day: str


CHINESE = Language("zh", "zh_Hans", "zh-CN", "中文", "y年M月d日（EEE）")
LANGUAGES: Mapping[str, Language] = MappingProxyType(
    {
        each.code: each
        for each in (
            CHINESE,
            Language("en", "en", "en", "English", "EEE d MMMM y"),
            Language("mn", "mn_Mong", "mn-Mong", "蒙古文", "y-MM-dd"),  # in letters every phone has
        )
    }
)


class _Written(Domain):
    """The catalogues as they stand in the repository."""

    def get_translations(self) -> NullTranslations:
        return _catalogue(str(get_locale()))


@cache
def _catalogue(locale: str) -> NullTranslations:
    path = path_of(locale)
    if not path.exists():
        return NullTranslations()
    compiled = BytesIO()
    with path.open("rb") as written:
        write_mo(compiled, read_po(written))
    compiled.seek(0)
    return Translations(compiled)


def path_of(locale: str) -> Path:
    """Where the translations into a locale stand; there is none for Chinese."""
    return TRANSLATIONS / locale / "LC_MESSAGES" / "messages.po"


def language() -> Language:
    """The language of the answer to this request."""
    if not has_request_context():
        return CHINESE
    if "language" not in g:
        g.language = _chosen()
    return g.language


def translated(words: str) -> str:
    """A sentence or label that was chosen by its key, in the language of the answer.

    Numbers may differ from those the key was written with: it then holds `#` in their places.
    """
    if not words or language() is CHINESE:
        return words
    found = gettext(words)
    if found != words:
        return found
    numbers = iter(NUMBER.findall(words))
    key = NUMBER.sub(BLANK, words)
    pattern = gettext(key)
    return re.sub(BLANK, lambda _: next(numbers, BLANK), pattern) if pattern != key else words


def spoken(words_of: Callable[..., str]) -> Callable[..., str]:
    """The same function of labels, its words in the language of the answer."""

    def speak(*keys: object) -> str:
        return translated(words_of(*keys))

    return speak


def register(app: Flask) -> None:
    """Let templates speak the language of the request, and caches keep the languages apart."""
    babel = Babel(app, default_locale=CHINESE.locale, locale_selector=lambda: language().locale)
    babel.domain_instance = _Written()
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.jinja_env.filters["translated"] = translated
    app.jinja_env.globals |= {"language": language, "LANGUAGES": LANGUAGES}

    @app.after_request
    def keep_apart(answer: Response) -> Response:
        if answer.mimetype == "text/html" and not request.path.startswith(IN_CHINESE):
            answer.vary.update(("Accept-Language", "Cookie"))
        return answer


def _chosen() -> Language:
    if request.path.startswith(IN_CHINESE):
        return CHINESE
    told = request.cookies.get(COOKIE, "")
    return LANGUAGES.get(told) or LANGUAGES[request.accept_languages.best_match(LANGUAGES, CHINESE.code)]
