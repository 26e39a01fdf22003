"""Stories told through the HTTP contract alone: a resident with a phone, people at their desks, what each is shown.

Only notices are looked up in the database, because a resident's have no page of their own.
"""

import io
import json
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import count
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from liaison.domain.calendar import SHANGHAI
from tests.support.life import KEPT, TEXT, Life

Json = dict[str, Any]
SignIn = Callable[[str], FlaskClient]
MATTERS = "/api/v1/matters"
PROBLEM = "application/problem+json"
KEPT_JSON = dict(KEPT)

_people = count(1)


def done(answer: TestResponse, status: int = 200) -> Json:
    """The body of an answer that must have that status."""
    assert answer.status_code == status, f"{answer.status_code} {answer.text}"
    return answer.get_json()


def problem(answer: TestResponse, status: int) -> Json:
    """The problem document of a refusal: RFC 9457, its sentence in Chinese, its status the one of the answer."""
    assert (answer.status_code, answer.mimetype) == (status, PROBLEM), f"{answer.status_code} {answer.text}"
    body = answer.get_json()
    assert body["status"] == status
    assert body["instance"] == answer.request.path
    assert {"type", "title"} < set(body)
    sentences = [body["detail"], *(each for field in body.get("errors", {}).values() for each in field)]
    assert all(is_chinese(sentence) for sentence in sentences), sentences
    return body


def is_chinese(text: str) -> bool:
    """Whether a person who reads only Chinese can read it."""
    return any("\u4e00" <= char <= "\u9fff" for char in text)


class Desk:
    """Somebody with an account: `desk("accept", matter)` makes a move, `refused` tries one."""

    def __init__(self, journey: "Journey", username: str) -> None:
        self.journey, self.username = journey, username
        kind = username.rpartition("_")[2]
        self.area = f"/api/v1/{_AREAS.get(kind, 'office/matters')}"

    @property
    def client(self) -> FlaskClient:
        """Signed in just now, because a session left alone ends long before a deadline does."""
        return self.journey.signs_in(self.username)

    def __call__(self, move: str, about: "Matter | str", **body: Any) -> Json:
        """Make a move on a matter, or on an assignment by its reference; returns it as it stands then."""
        answer = self.send(move, about, **body)
        return {} if answer.status_code == 204 else done(answer)

    def refused(self, status: int, move: str, about: "Matter | str", **body: Any) -> Json:
        """Try a move that must be refused; returns the problem."""
        return problem(self.send(move, about, **body), status)

    def send(self, move: str, about: "Matter | str", **body: Any) -> TestResponse:
        """Send a move."""
        return self.client.post(f"{self.area}/{about}/{move}", json=body)

    def reads(self, about: "Matter | str") -> Json:
        """A matter or an assignment as this person is shown it."""
        return done(self.client.get(f"{self.area}/{about}"))

    def box(self, name: str) -> list[str]:
        """What lies in one of this person's boxes, by its reference."""
        return [each["id"] for each in done(self.client.get(f"{self.area}?box={name}"))["items"]]


_AREAS = {"handler": "department/assignments", "approver": "department/assignments", "head": "department/assignments"}
_AREAS |= {"deputy": "deputy/matters", "absent": "deputy/matters"}


class Matter:
    """A matter in the hands of its resident: the number and query code of the receipt, and a phone."""

    def __init__(self, journey: "Journey", phone: FlaskClient, receipt: Json) -> None:
        self.journey, self.phone, self.given = journey, phone, receipt
        self.number, self.secret = receipt["number"], receipt["secret"]

    def __str__(self) -> str:
        return self.number

    def part(self, position: int = 1) -> str:
        """The reference of one of its assignments."""
        return f"{self.number}.{position}"

    @property
    def seen(self) -> Json:
        """The matter as its resident is shown it now."""
        return done(self.phone.get(f"{MATTERS}/{self.number}", headers={"X-Matter-Secret": self.secret}))

    @property
    def history(self) -> list[str]:
        """The kinds of the events the resident is shown."""
        return [event["kind"] for event in self.seen["events"]]

    @property
    def last(self) -> Json:
        """The newest event the resident is shown."""
        return self.seen["events"][-1]

    def sends(self, move: str, **body: Any) -> TestResponse:
        """Send one of the resident's own moves."""
        return self.phone.post(f"{MATTERS}/{self.number}/{move}", json=body, headers={"X-Matter-Secret": self.secret})

    def adds(self, text: str) -> Json:
        """Add words."""
        return done(self.sends("additions", text=text), 201)

    def rates(self, result: str, text: str = "", attitude: int = 5, speed: int = 4) -> Json:
        """Rate the answer."""
        return done(self.sends("rating", result=result, attitude=attitude, speed=speed, text=text))

    def refused(self, status: int, move: str, **body: Any) -> Json:
        """Try a move that must be refused; returns the problem."""
        return problem(self.sends(move, **body), status)

    def stands(self, state: str, waiting_for: str | None, *, due: str | None = None, light: str = "none") -> Json:
        """Assert where the matter stands for its resident: `due` is the day, of which the whole counts."""
        seen = self.seen
        assert (seen["state"], seen["waiting_for"], seen["light"]) == (state, waiting_for, light)
        assert seen["due_at"] == (f"{due}T23:59:59+08:00" if due else None)
        assert seen["receipt"]["hash"] == seen["events"][0]["hash"] == self.given["receipt"]["hash"]
        return seen

    def told(self, topic: str) -> set[str]:
        """The usernames, or "resident", in whose inbox this matter put a notice on that topic."""
        return self.journey.life.told(self.number, topic)


class Journey:
    """The town at work, seen from outside."""

    def __init__(self, app: Flask, life: Life, sign_in: SignIn, browse: SignIn) -> None:
        self.app, self.life, self.clock, self.signs_in, self.browses = app, life, life.clock, sign_in, browse
        self.office, self.lead = self.desk("office"), self.desk("office_lead")
        self.deputy = self.desk("deputy")

    def desk(self, username: str) -> Desk:
        """Somebody signed in."""
        return Desk(self, username)

    def handler(self, department: str) -> Desk:
        """The one who does a department's work."""
        return self.desk(f"{department}_handler")

    def approver(self, department: str) -> Desk:
        """The one who signs a department's answers."""
        return self.desk(f"{department}_approver")

    def phone(self) -> FlaskClient:
        """A visitor's phone, with an address of its own."""
        number = next(_people)
        phone = self.app.test_client()
        phone.environ_base["REMOTE_ADDR"] = f"10.1.{number // 250}.{number % 250 + 1}"
        return phone

    def tells(self, text: str = TEXT, *, station: str = "S001", photos: Iterable[bytes] = (), **more: Any) -> Matter:
        """A resident scans a station's code and tells something, with photos or without."""
        phone = self.phone()
        return Matter(self, phone, done(tell(phone, station, photos=photos, text=text, **more), 201))

    def goes_on_to(self, moment: str) -> datetime:
        """Let time pass until a moment in Shanghai, such as "2026-03-03 09:00"."""
        return self.clock.set(datetime.fromisoformat(moment).replace(tzinfo=SHANGHAI))

    def shown_to(self, username: str, *references: str) -> str:
        """All that a department's account is shown, as one text: lists, assignments, pages, notices, refusals."""
        desk, browser = self.desk(username), self.browses(username)
        boxes = [desk.client.get(f"{desk.area}?box={box}") for box in ("todo", "doing", "done")]
        pages = [browser.get(f"/console/{page}") for page in ("", "?box=done", "notices")]
        for reference in references:
            boxes += [desk.client.get(f"{desk.area}/{reference}"), desk.send("approval", reference)]
            pages += [browser.get(f"/console/assignments/{reference}")]
            pages += [browser.get(f"/console/cases/{reference.rpartition('.')[0]}")]
        assert all(answer.status_code in (200, 403, 422) for answer in (*boxes, *pages)), [*boxes, *pages]
        return "\n".join(json.dumps(answer.get_json(), ensure_ascii=False) for answer in boxes) + "\n".join(
            answer.text for answer in pages
        )

    def comes_to(self, state: str, **more: Any) -> Matter:
        """A matter that came to `state` by the usual way, told by a resident on this very day."""
        matter = self.tells(**more)
        for name, step in self._usual_way(matter).items():
            if name == state:
                break
            step()
        assert matter.seen["state"] == state
        return matter

    def answers(self, reference: str, department: str = "housing", **answer: Any) -> None:
        """A department signs for its assignment, answers, and has the answer signed."""
        handler = self.handler(department)
        handler("acknowledge", reference)
        handler("reply", reference, **KEPT_JSON | answer)
        self.approver(department)("approval", reference, approve=True)

    def _usual_way(self, matter: Matter) -> dict[str, Callable[[], Any]]:
        return {
            "submitted": lambda: self.office("accept", matter),
            "with_deputy": lambda: self.deputy("hand-over", matter, advice="情况属实，建议尽快修复。"),
            "handed_over": lambda: self.office("dispatch", matter, lead="housing", complexity="ordinary"),
            "assigned": lambda: self.answers(matter.part()),
            "replied": lambda: self.deputy("verdict", matter, accept=True),
            "rating": lambda: matter.rates("satisfied"),
        }


def tell(
    phone: FlaskClient, station: str, *, key: str | None = None, photos: Iterable[bytes] = (), **body: Any
) -> TestResponse:
    """Send a submission: JSON, or multipart as soon as there are photos."""
    headers = {"Idempotency-Key": key or f"journey-{next(_people)}"}
    address = f"/api/v1/stations/{station}/matters"
    files = [(io.BytesIO(photo), f"IMG_{position}.jpg") for position, photo in enumerate(photos)]
    if not files:
        return phone.post(address, json=body, headers=headers)
    parts = {name: value for name, value in body.items() if not isinstance(value, dict)}
    parts |= {
        f"{name}.{inner}": value[inner] for name, value in body.items() if isinstance(value, dict) for inner in value
    }
    answer = phone.post(address, data=parts | {"photos": files}, headers=headers)
    answer.request.environ["wsgi.input"].close()  # a large body lies in a file that the client leaves open
    return answer
