"""Texts nobody types by accident, through the JSON door and the form: none breaks it, and none loses a character.

What is taken must stand in the database with every visible character typed; what is refused must name the field, and
the form must give back exactly what was typed.
"""

import html
import json
import re
import unicodedata
from contextlib import redirect_stdout
from io import StringIO

from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from liaison.db import session
from liaison.models.cases import Case
from trust.stage import Stage
from trust.tally import Tally

LONGEST = 20_000
READ = 6  # of so many texts one by each door is read back as its resident would, too
SHORTEST_TAKEN, LONGEST_TAKEN = 10, 2000
STATION = "S001"
EDGE = "5f2c9d0e7b1a4c3d"
MARKS = (
    "\u202e", "\u2066", "\u2069", "\u200f", "\u200d", "\u200c", "\ufeff", "\u0335", "\ufe0f",
    "\U0001f3f3\ufe0f\u200d\U0001f308", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f1e8\U0001f1f3",
    "e\u0301", "\r\n", "\u2028", "\x85", "<b>", "&#0;", "{{7*7}}",
)
BROKEN = ("\x00", "\ud800", "\udfff", "\x1b[31m", "\x7f", "\uffff")

Texts = st.SearchStrategy[str]


def texts() -> Texts:
    """Everything from plain Chinese to what no keyboard has, up to 20,000 characters."""
    chinese = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=5, max_size=60)
    anything = st.text(st.characters(codec=None), max_size=80)
    storable = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=10, max_size=120)
    spiced = st.lists(st.one_of(chinese, st.sampled_from(MARKS)), min_size=2, max_size=12).map("".join)
    broken = st.tuples(chinese, st.sampled_from(BROKEN), chinese).map("".join)
    long = st.builds(_repeated, st.one_of(chinese, anything, spiced), st.integers(1, LONGEST))
    return st.one_of(chinese, anything, storable, spiced, broken, long)


def play(stage: Stage, count: int) -> Tally:
    """Send so many texts, by turns through either door."""
    tally, doors = Tally(), (Api(stage), Form(stage))

    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )
    @given(texts())
    def send(typed: str) -> None:
        door = doors[tally.tried % 2]
        status, faults = door.send(typed, str(tally.tried))
        tally.note(str(status))
        tally.count([f"{door.__class__.__name__} {typed[:60]!r} ({len(typed)}): {fault}" for fault in faults])
        session.rollback()

    with redirect_stdout(StringIO()):
        send()
    return tally


class Api:
    """The JSON door."""

    def __init__(self, stage: Stage) -> None:
        self._client = stage.app.test_client()

    def send(self, typed: str, key: str) -> tuple[int, list[str]]:
        """Tell a text as JSON, whose escapes carry even halves of pairs; the status, and what is wrong with it."""
        body = json.dumps({"text": typed, "place": {"name": typed[:90]}})
        headers = {"Idempotency-Key": f"trust-{key}", "Content-Type": "application/json"}
        answer = self._client.post(f"/api/v1/stations/{STATION}/matters", data=body, headers=headers)
        if answer.status_code == 201:
            seen = self._seen(answer.json, typed) if int(key) % READ == 0 else []
            return 201, _stored(answer.json["number"], typed) + seen
        if answer.status_code == 422:
            named = answer.json["errors"].keys() & {"text", "place.name"}
            return 422, ([] if named else ["the refusal names no field"]) + _needless(typed)
        return answer.status_code, [f"answered {answer.status_code}"]

    def _seen(self, told: dict[str, str], typed: str) -> list[str]:
        header = {"X-Matter-Secret": told["secret"]}
        answer = self._client.get(f"/api/v1/matters/{told['number']}", headers=header)
        if answer.status_code != 200:
            return [f"reading it answered {answer.status_code}"]
        return [] if visible(answer.json["text"]) == visible(typed) else ["what is read is not what was typed"]


class Form:
    """The form of the page behind the QR code, as a browser without scripts sends it."""

    def __init__(self, stage: Stage) -> None:
        self._client: FlaskClient = stage.app.test_client()
        page = self._client.get(f"/s/{STATION}/new").text
        self._token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]

    def send(self, typed: str, key: str) -> tuple[int, list[str]]:
        """Tell a text by the form, raw bytes and all; the status, and what is wrong with it."""
        fields = {"text": typed, "place.name": typed[:90], "key": f"{int(key):032x}", "csrf_token": self._token}
        head = f"--{EDGE}\r\nContent-Disposition: form-data; name="
        parts = [f'{head}"{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()]
        body = "".join([*parts, f"--{EDGE}--\r\n"]).encode("utf-8", "surrogatepass")
        kind = f"multipart/form-data; boundary={EDGE}"
        answer = self._client.post(f"/s/{STATION}/new", data=body, content_type=kind)
        arrived = typed.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
        if answer.status_code == 303:
            number = answer.headers["Location"].partition("/m/")[2].partition("?")[0]
            opens = int(key) % READ != 1 or self._client.get(f"/m/{number}").status_code == 200
            return 303, _stored(number, arrived) + ([] if opens else ["its page does not open"])
        if answer.status_code == 422:
            return 422, _given_back(answer.text, arrived) + _needless(arrived)
        return answer.status_code, [f"answered {answer.status_code}"]


def visible(text: str) -> str:
    """All of a text but white space and control characters, in the one form Unicode has for equal characters."""
    kept = "".join(char for char in text if unicodedata.category(char) != "Cc")
    return "".join(char for char in unicodedata.normalize("NFC", kept) if not char.isspace())


def _stored(number: str, typed: str) -> list[str]:
    text = session.scalar(select(Case.text).where(Case.number == number))
    return [] if text is not None and visible(text) == visible(typed) else ["what is stored is not what was typed"]


def _given_back(page: str, typed: str) -> list[str]:
    box = re.search(r'<textarea id="text"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    return [] if box and html.unescape(box[1]) == typed else ["the form does not give back what was typed"]


def _needless(typed: str) -> list[str]:
    """A plain text of the right length must not be refused."""
    plain = all(unicodedata.category(char)[0] in "LNPZ" and char.isprintable() for char in typed)
    fits = len(visible(typed)) >= SHORTEST_TAKEN and len(typed) <= LONGEST_TAKEN
    return ["a plain text was refused"] if plain and fits else []


def _repeated(piece: str, length: int) -> str:
    return (piece * (length // max(1, len(piece)) + 1))[:length]

