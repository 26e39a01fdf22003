"""Keeps the catalogues of translations in step with what residents read: `python -m liaison.catalogues`.

New sentences are added without a translation, those that are gone are taken out; what has been translated stays.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from liaison.config import ROOT
from liaison.web.labels import LABELS, UNITS
from liaison.web.languages import BLANK, CHINESE, LANGUAGES, NUMBER, path_of

PACKAGE = ROOT / "liaison"
TEMPLATES = ("layout_resident.html", "error.html", "resident/*.html")
TEMPLATE_OPTIONS = {"trimmed": "true", "newstyle_gettext": "true"}
GROUPS = (
    *("state", "phase", "party", "role", "light", "part", "outcome", "result", "channel", "clock", "kind"),
    *("capability", "deputy_level", "event", "purpose", "step", "ground", "via", "notice_state", "topic"),
    "outcome_plain",
)
"""The labels that pages of residents show."""

REFUSALS = (
    *("domain/errors", "domain/numbers", "domain/outcomes", "domain/text"),
    *("services/cases", "services/complaints", "services/consents", "services/deputies", "services/dossiers"),
    *("services/intake", "services/privacy", "services/publication", "services/published_photos"),
    *("services/ratings", "services/rights"),
    *("services/stations", "services/voices"),
    *("web/bursts", "web/errors", "web/fields", "web/origins", "web/paging", "web/schemas", "web/uploads"),
    *("web/open/anchors", "web/open/answers", "web/resident/access", "web/resident/pages"),
)
"""The modules that say to residents why something was refused."""

SENTENCE_END = "。"
VOLATILE = tuple(f'"{name}' for name in ("Generated", "Language-", "Last-", "PO-", "POT-", "Project", "Report"))
"""Lines of a catalogue's head that tell when, by whom and by what program it was written."""


def keys() -> dict[str, list[str]]:
    """Every key of a translation, each with the files it stands in."""
    found: dict[str, list[str]] = {}
    for key, place in [*_templates(), *_labels(), *_refusals()]:
        places = found.setdefault(key, [])
        places += [] if place in places else [place]
    return found


def renew(path: Path, locale: str) -> Catalog:
    """The catalogue of a locale as it should be: every key, and no other. Not written yet."""
    old = Catalog(locale=locale)
    if path.exists():
        with path.open("rb") as written:
            old = read_po(written, locale=locale)
    new = Catalog(locale=locale, fuzzy=False, header_comment=old.header_comment)
    for key, places in keys().items():
        known = old.get(key)
        new.add(key, known.string if known else "", locations=[(place, None) for place in places])
    return new


def write(catalog: Catalog, path: Path) -> None:
    """Write a catalogue so that it changes only where it says something else; no line tells when or by what."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, width=0, include_lineno=False, omit_header=False, ignore_obsolete=True)
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith(VOLATILE)), "utf-8")


def _templates() -> Iterator[tuple[str, str]]:
    folder = PACKAGE / "templates"
    for path in (found for pattern in TEMPLATES for found in sorted(folder.glob(pattern))):
        for _, key, *_ in extract_from_file("jinja2.ext:babel_extract", path, options=TEMPLATE_OPTIONS):
            yield key, path.relative_to(ROOT).as_posix()


def _labels() -> Iterator[tuple[str, str]]:
    place = "liaison/web/labels.py"
    yield from ((words, place) for words in UNITS.values())
    yield from ((words, place) for group in GROUPS for words in LABELS[group].values())


def _refusals() -> Iterator[tuple[str, str]]:
    for name in REFUSALS:
        path = PACKAGE / f"{name}.py"
        reader = _Sentences()
        reader.visit(ast.parse(path.read_text("utf-8")))
        yield from ((key, path.relative_to(ROOT).as_posix()) for key in reader.found)


class _Sentences(ast.NodeVisitor):
    """The sentences a module can say: texts that end like one, but for docstrings, `#` where something is put in."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def visit_Expr(self, node: ast.Expr) -> None:
        """Leave out what only describes."""
        if not isinstance(node.value, ast.Constant):
            self.generic_visit(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Take in a text with something put into it, and not its pieces."""
        said = (NUMBER.sub(BLANK, each.value) if isinstance(each, ast.Constant) else BLANK for each in node.values)
        self._take("".join(said))

    def visit_Constant(self, node: ast.Constant) -> None:
        """Take in a text."""
        self._take(node.value)

    def _take(self, value: object) -> None:
        if isinstance(value, str) and value.endswith(SENTENCE_END) and value != SENTENCE_END:
            self.found.append(value)


if __name__ == "__main__":
    for each in LANGUAGES.values():
        if each is not CHINESE:
            write(renew(path_of(each.locale), each.locale), path_of(each.locale))
