"""Forms of a page, filled in and sent as a browser without JavaScript would."""

from html.parser import HTMLParser
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse


class PageForm:
    """One form: where it goes, and what its fields hold before anybody types."""

    def __init__(self, action: str) -> None:
        self.action = action
        self.names: set[str] = set()
        self.values: dict[str, list[str]] = {}


class _Reader(HTMLParser):
    def __init__(self, address: str) -> None:
        super().__init__()
        self.address, self.forms = address, []
        self.form: PageForm | None = None
        self.select: str | None = None
        self.area: str | None = None

    def handle_starttag(self, tag: str, given: list[tuple[str, str | None]]) -> None:
        attributes = dict(given)
        if tag == "form":
            self.form = PageForm(attributes.get("action") or self.address)
            self.forms.append(self.form)
        name = attributes.get("name")
        if self.form is None:
            return
        if tag == "option" and self.select and "selected" in attributes:
            self.form.values[self.select] = [attributes.get("value") or ""]
        if not name or tag not in ("input", "select", "textarea", "button"):
            return
        self.form.names.add(name)
        if tag == "button":  # sent only by who presses it
            return
        if tag == "select":
            self.select = name
        elif tag == "textarea":
            self.area = name
            self.form.values[name] = [""]
        elif attributes.get("type") not in ("radio", "checkbox", "file") or "checked" in attributes:
            self.form.values.setdefault(name, []).append(attributes.get("value") or "")

    def handle_data(self, data: str) -> None:
        if self.form is not None and self.area:
            self.form.values[self.area][0] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.form = None
        elif tag == "select":
            self.select = None
        elif tag == "textarea" and self.area:
            held = self.form.values[self.area][0] if self.form else ""
            if self.form:
                self.form.values[self.area] = [held.removeprefix("\n")]
            self.area = None


def forms_of(page: TestResponse) -> list[PageForm]:
    """The forms of a page in their order."""
    reader = _Reader(page.request.path)
    reader.feed(page.text)
    return reader.forms


def form_of(page: TestResponse, name: str) -> PageForm:
    """The form whose address ends with `name`, query aside; AssertionError with what there is otherwise."""
    found = [form for form in forms_of(page) if form.action.partition("?")[0].endswith(f"/{name}")]
    assert found, f"no form {name!r} among {[form.action for form in forms_of(page)]}"
    return found[0]


def send(client: FlaskClient, page: TestResponse, name: str, /, **typed: Any) -> TestResponse:
    """Fill in the form of that name and send it; `typed` fields must stand in it, dots written as `__`."""
    form = form_of(page, name)
    named = {key.replace("__", "."): value for key, value in typed.items()}
    assert set(named) <= form.names, f"no field {set(named) - form.names} in {form.names}"
    return client.post(form.action, data={**form.values, **named}, content_type="multipart/form-data")
