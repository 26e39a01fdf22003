"""A browser without JavaScript: opens pages, follows links, fills in forms by the names of their fields.

Only what a page offers can be sent: a field, a choice or a button the form does not have makes the test fail.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

SILENT = {"script", "style", "head"}


@dataclass
class PageForm:
    """A form with the values it would send untouched; `choices` are the values a field may take."""

    action: str
    method: str = "get"
    enctype: str = ""
    values: MultiDict = field(default_factory=MultiDict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)


class Page(HTMLParser):
    """One page as it came: its status, what it says, its links by their words, its forms in order."""

    def __init__(self, answer: TestResponse) -> None:
        super().__init__()
        self.status, self.path, self.source = answer.status_code, answer.request.full_path, answer.text
        self.links: dict[str, str] = {}
        self.forms: list[PageForm] = []
        self.loads: list[str] = []
        self.title = ""
        self._words: list[str] = []
        self._open: list[str] = []
        self._link: tuple[str, list[str]] | None = None
        self._area: tuple[str, list[str]] | None = None
        self._select: str | None = None
        self.feed(answer.text)

    @property
    def text(self) -> str:
        """What a person reads, in one line."""
        return " ".join("".join(self._words).split())

    def form(self, ending: str) -> PageForm:
        """The form whose target ends like this, its query left out."""
        found = [form for form in self.forms if form.action.partition("?")[0].endswith(ending)]
        assert found, f"no form for {ending} on {self.path}: {[form.action for form in self.forms]}"
        return found[0]

    def link(self, words: str) -> str:
        """The address behind a link that says this."""
        found = [address for said, address in self.links.items() if words in said]
        assert found, f"no link “{words}” on {self.path}: {list(self.links)}"
        return found[0]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take in one element."""
        told = {name: value or "" for name, value in attrs}
        if tag in SILENT | {"title"}:
            self._open.append(tag)
        self.loads += [told[name] for name in ("src",) if name in told]
        if tag == "a" and "href" in told:
            self._link = (told["href"], [])
        elif tag == "form":
            self.forms.append(
                PageForm(told.get("action", ""), told.get("method", "get").lower(), told.get("enctype", ""))
            )
        elif self.forms:
            self._field(tag, told)

    def handle_endtag(self, tag: str) -> None:
        """Close one element."""
        if self._open and tag == self._open[-1]:
            self._open.pop()
        if tag == "a" and self._link:
            address, words = self._link
            self.links.setdefault(" ".join("".join(words).split()), address)
            self._link = None
        elif tag == "textarea" and self._area:
            name, words = self._area
            self.forms[-1].values.add(name, "".join(words).removeprefix("\n"))
            self._area = None
        elif tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        """Take in words."""
        if self._area:
            self._area[1].append(data)
        if "title" in self._open:
            self.title += data
        elif not self._open:
            self._words.append(data)
        if self._link:
            self._link[1].append(data)

    def _field(self, tag: str, told: Mapping[str, str]) -> None:
        form, name = self.forms[-1], told.get("name", "")
        if tag == "option" and self._select:
            form.choices[self._select].append(told.get("value", ""))
            if "selected" in told or self._select not in form.values:
                form.values[self._select] = told.get("value", "")
            return
        if tag not in ("input", "textarea", "select") or not name or "disabled" in told:
            return
        form.names.add(name)
        kind = told.get("type", "text") if tag == "input" else tag
        if kind == "file":
            form.files.add(name)
        elif kind in ("radio", "checkbox"):
            form.choices.setdefault(name, []).append(told.get("value", "on"))
            if "checked" in told:
                form.values.add(name, told.get("value", "on"))
        elif kind == "select":
            self._select = name
            form.choices.setdefault(name, [])
        elif kind == "textarea":
            self._area = (name, [])
        else:
            form.values.add(name, told.get("value", ""))


class Visitor:
    """Somebody with a browser that runs no scripts."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def opens(self, address: str, status: int = 200) -> Page:
        """Open an address, following redirects."""
        return self._page(self.client.get(address, follow_redirects=True), status)

    def signs_in(self, username: str, password: str) -> Page:
        """Sign in to the console by its form."""
        return self.sends(self.opens("/console/"), "/sign-in", username=username, password=password)

    def sends(
        self,
        page: Page,
        ending: str,
        *,
        status: int = 200,
        files: Mapping[str, Sequence[bytes]] | None = None,
        **filled: Any,
    ) -> Page:
        """Fill in a form of a page and send it; `_` in a name stands for a dot where the form has one."""
        form = page.form(ending)
        values = MultiDict(form.values)
        for name, value in filled.items():
            name = name if name in form.names else name.replace("_", ".")
            assert name in form.names, f"{form.action} has no field {name}: {sorted(form.names)}"
            wanted = value if isinstance(value, list) else [value]
            assert not (form.choices.get(name) and set(wanted) - set(form.choices[name])), form.choices[name]
            values.setlist(name, wanted)
        address = urljoin(page.path, form.action)
        assert form.method == "post"
        if form.enctype == "multipart/form-data":
            for name, contents in (files or {}).items():
                assert name in form.files
                values.setlist(name, [(io.BytesIO(each), f"IMG_{n}.jpg") for n, each in enumerate(contents)])
        else:
            assert not files
        answer = self.client.post(address, data=values, content_type=form.enctype or None, follow_redirects=True)
        return self._page(answer, status)

    def _page(self, answer: TestResponse, status: int) -> Page:
        page = Page(answer)
        assert page.status == status, f"{answer.request.path}: {page.status} {page.text[:600]}"
        return page
