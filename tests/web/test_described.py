"""The API's document: whole, closed where the policy is closed, and true of what the API really answers."""

import io
import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from flask import Flask, Response, request, request_finished
from flask.testing import FlaskClient

from liaison.domain.actors import Role
from liaison.web.described import PROBLEM, Problem
from tests.support.journey import KEPT_JSON, Journey, Matter, SignIn, done, tell
from tests.support.life import SAID, TEXT, Life
from tests.support.phones import NUMBER, Phone, invited, mini_program, on_file
from tests.support.pictures import photo
from tests.support.town import PASSWORD

Json = dict[str, Any]
Operation = tuple[str, str]
STANDARD = {"get", "post", "delete"}
SENTENCE = "现场看过，情况属实。"


@pytest.fixture
def document(client: FlaskClient) -> Json:
    """The document as it is served."""
    return client.get("/api/v1/openapi.json").json


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Every operation: its method, path and description."""
    for path, methods in document["paths"].items():
        assert set(methods) <= STANDARD
        yield from ((method, path, operation) for method, operation in methods.items())


def references(node: Any) -> Iterator[str]:
    """Every `$ref` within."""
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    if isinstance(node, dict) and "$ref" in node:
        yield node["$ref"]
    for each in inner:
        yield from references(each)


def test_every_reference_of_the_document_leads_somewhere(document: Json) -> None:
    assert document["openapi"].startswith("3.1")
    for reference in set(references(document)):
        node: Any = document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
        assert node


def test_every_operation_is_described_in_full(document: Json) -> None:
    for method, path, operation in operations(document):
        named = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
        assert named == set(re.findall(r"{(\w+)}", path)), path
        assert operation["summary"] and operation["tags"], path
        for status, answer in operation["responses"].items():
            kinds = list(answer.get("content", {}))
            expected = [] if status == "204" else [PROBLEM] if status >= "400" else ["application/json"]
            assert kinds == expected, (method, path, status)
            assert all(content["schema"] for content in answer.get("content", {}).values()), (method, path, status)
        assert ("requestBody" in operation) == (method == "post"), path
        assert {"400", *(("413", "415", "422") if method == "post" else ())} <= set(operation["responses"]), path
    assert not any(key.startswith("x-") for _, _, operation in operations(document) for key in operation)


def test_a_body_is_asked_for_exactly_where_a_field_is(document: Json) -> None:
    asked = {path: body_of(operation) for method, path, operation in operations(document) if method == "post"}
    schemas = document["components"]["schemas"]
    needed = {path: bool(schemas[name].get("required")) for path, (name, _) in asked.items()}
    assert {path: required for path, (_, required) in asked.items()} == needed
    assert set(needed.values()) == {True, False}


def body_of(operation: Json) -> tuple[str, bool]:
    """The name of the schema of a body, and whether there has to be one."""
    body = operation["requestBody"]
    return body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2], body["required"]


def test_no_part_of_a_form_may_be_null(document: Json) -> None:
    bodies = [operation["requestBody"]["content"] for method, _, operation in operations(document) if method == "post"]
    forms = [body["multipart/form-data"]["schema"] for body in bodies if "multipart/form-data" in body]
    kinds = [field.get("type", "any") for form in forms for field in form["properties"].values()]
    assert len(forms) > 3 and all(isinstance(kind, str) for kind in kinds)


def test_every_route_of_the_api_is_described(app: Flask, document: Json) -> None:
    described = {(method, path) for method, path, _ in operations(document)}
    assert routes(app) == described


def test_exactly_what_the_policy_closes_asks_for_a_session(app: Flask, document: Json) -> None:
    assert document["components"]["securitySchemes"]["session"]["scheme"] == "bearer"
    lines = {
        path_of(rule): app.view_functions[rule.endpoint].policy_line
        for rule in app.url_map.iter_rules()
        if is_api(rule)
    }
    for _, path, operation in operations(document):
        closed = Role.ANYONE not in lines[path].roles
        assert (operation.get("security") == [{"session": []}]) is closed, path
        assert ({"401", "403"} <= set(operation["responses"])) or not closed, path


def test_lists_say_how_to_ask_for_a_page(document: Json) -> None:
    asked = {
        path: {each["name"] for each in operation["parameters"] if each["in"] == "query"}
        for method, path, operation in operations(document)
        if method == "get" and "items" in schema_of(document, operation)["properties"]
    }
    office = {"limit", "after", "box", "q", "state", "department"}
    assert asked.pop("/api/v1/office/matters") == office
    assert asked.pop("/api/v1/public") == {"limit", "after", "q", "category", "station"}
    assert set(map(frozenset, asked.values())) == {frozenset({"limit", "after", "box"})}


def schema_of(document: Json, operation: Json) -> Json:
    """The schema of what a reading operation gives."""
    reference = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
    return document["components"]["schemas"][reference.rpartition("/")[2]]


def is_api(rule: Any) -> bool:
    """Whether a rule belongs to the described API."""
    return rule.rule.startswith("/api/v1/") and rule.endpoint not in ("openapi.spec", "health.docs")


def path_of(rule: Any) -> str:
    """A rule's path as the document writes it."""
    return re.sub(r"<(?:[^<:]+:)?(\w+)>", r"{\1}", rule.rule)


def routes(app: Flask) -> set[Operation]:
    """Every operation the API answers."""
    rules = [rule for rule in app.url_map.iter_rules() if is_api(rule)]
    return {(method.lower(), path_of(rule)) for rule in rules for method in rule.methods - {"HEAD", "OPTIONS"}}


class Witness:
    """Holds every answer of the API against its description; keeps which operations answered well."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.faults: list[str] = []
        self.seen: set[Operation] = set()

    def __call__(self, _app: Flask, response: Response, **_more: Any) -> None:
        """Look at one answer, as Flask's signal hands it over."""
        rule = request.url_rule
        if rule is None or not is_api(rule):
            return
        spec = self.app.view_functions[rule.endpoint]._spec
        fault = mismatch(spec, response)
        if fault:
            self.faults.append(f"{request.method} {rule.rule} {response.status_code}: {fault}")
        if response.status_code < 300:
            self.seen.add((request.method.lower(), path_of(rule)))


def mismatch(spec: Json, response: Response) -> Any:
    """What is wrong with an answer by the description of its view; nothing when it conforms."""
    status, answer = response.status_code, spec["response"]
    good = {answer["status_code"]} | ({200} if spec["extensions"]["x-repeats"] else set())
    if status == 204 and status in good:
        return response.get_data()
    if status in good:
        return response.mimetype != "application/json" or answer["schema"].validate(response.get_json())
    expected = {*spec["responses"], *((404,) if request.view_args else ()), *((422,) if spec["args"] else ())}
    if status not in expected:
        return "status not described"
    return response.mimetype != PROBLEM or Problem().validate(response.get_json())


@pytest.fixture
def journey(app: Flask, life: Life, api: SignIn, browser: SignIn) -> Journey:
    """The small town at work."""
    return Journey(app, life, api, browser)


@pytest.fixture
def witness(app: Flask) -> Iterator[Witness]:
    """Watches every answer the test gets; none may differ from its description."""
    watching = Witness(app)
    with request_finished.connected_to(watching, app):
        yield watching
    assert watching.faults == []


def test_every_operation_answers_as_it_is_described(app: Flask, journey: Journey, witness: Witness) -> None:
    for story in STORIES:
        story(journey)
    assert sorted(routes(app) - witness.seen) == []


def test_refusals_are_as_described(journey: Journey, witness: Witness) -> None:
    matter, visitor = journey.comes_to("assigned"), journey.phone()
    secret, office = {"X-Matter-Secret": matter.secret}, journey.office.client
    asked = [
        office.get("/api/v1/office/matters?limit=" + "9" * 4000),
        office.get("/api/v1/office/matters?box=nonsense"),
        office.get("/api/v1/office/matters?after=%00"),
        office.post(f"/api/v1/office/matters/{matter}/accept"),
        office.post(f"/api/v1/office/matters/{matter}/accept", data=b"{", content_type="application/json"),
        office.post(f"/api/v1/office/matters/{matter}/accept", data=b"<a/>", content_type="text/xml"),
        office.post(f"/api/v1/office/matters/{matter}/dispatch", json={}),
        office.post(f"/api/v1/office/matters/{matter}/reveals/{'9' * 20}/decision", json={"approve": True}),
        office.post(
            f"/api/v1/office/matters/{matter}/return-decision",
            json={"assignment": f"{matter}.{'9' * 20}", "approve": 1},
        ),
        office.get("/api/v1/deputy/matters"),
        visitor.get("/api/v1/me"),
        visitor.post("/api/v1/sessions", json={"username": "office", "password": "wrong"}),
        visitor.get(f"/api/v1/matters/{matter}"),
        visitor.post(f"/api/v1/matters/{matter}/rating", json={"result": "?"}, headers=secret),
        visitor.post(f"/api/v1/matters/{matter}/withdrawal", json={}, headers=secret),
        visitor.post("/api/v1/stations/S001/matters", json={"text": TEXT}),
        visitor.post("/api/v1/sessions", data=b"{}", environ_overrides={"CONTENT_LENGTH": "999999999"}),
    ]
    expected = [422, 422, 400, 409, 400, 415, 422, 404, 404, 403, 401, 401, 404, 422, 409, 400, 413]
    assert [answer.status_code for answer in asked] == expected


def signs_in_and_out(journey: Journey) -> None:
    """Sessions."""
    phone = journey.phone()
    opened = done(phone.post("/api/v1/sessions", json={"username": "liaison", "password": PASSWORD}), 201)
    bearer = {"Authorization": f"Bearer {opened['token']}"}
    assert done(phone.get("/api/v1/me", headers=bearer)) == opened["actor"]
    assert phone.delete("/api/v1/sessions/current", headers=bearer).status_code == 204


def tells_and_takes_back(journey: Journey) -> None:
    """A resident tells something twice with one key, adds words and a photo, and takes it back."""
    phone = journey.phone()
    done(phone.get("/api/v1/stations/S001"))
    first = done(tell(phone, "S001", key="twice", text=TEXT), 201)
    assert done(tell(phone, "S001", key="twice", text=TEXT), 200) == first
    matter = Matter(journey, phone, first)
    secret = {"X-Matter-Secret": matter.secret}
    parts = {"text": "补一张照片。", "photos": [(io.BytesIO(photo()), "a.jpg")]}
    done(phone.post(f"/api/v1/matters/{matter}/additions", data=parts, headers=secret), 201)
    done(matter.sends("withdrawal", reason="已经好了。"))


def uses_own_rights(journey: Journey) -> None:
    """A resident looks at what is held, corrects it, takes a consent back, and has it erased once it is closed."""
    matter = journey.comes_to("closed", contact={"name": "周小明", "phone": "13912345678"}, share_identity=True)
    assert done(matter.sends("contact", name="周明"))["contact"] == {"name": "周明", "phone": None}
    agreed = done(matter.sends("consents", purpose="sharing", agreed=False))["agreements"]
    assert [each["purpose"] for each in agreed if each["withdrawn_at"]] == ["sharing"]
    assert done(matter.sends("erasure", confirm=True))["erased_at"]
    address = f"/api/v1/matters/{matter}/data"
    assert done(matter.phone.get(address, headers={"X-Matter-Secret": matter.secret}))["contact"] is None


def asks_to_be_erased_early(journey: Journey) -> None:
    """The office holds a matter, lets it go, and decides on a wish to be erased."""
    matter = journey.comes_to("with_deputy")
    journey.lead("hold", matter, on=True, reason="诉讼需要。")
    journey.lead("hold", matter, on=False, reason="诉讼已结。")
    assert done(matter.sends("erasure", confirm=True))["requests"][0]["granted"] is None
    journey.office("erasure-decision", matter, approve=True)


def is_screened(journey: Journey) -> None:
    """The office asks, turns away, restores, merges and sends back."""
    matter, twin = journey.tells(), journey.tells()
    journey.office("ask", matter, question="请问是哪一段？")
    matter.adds("北街第三盏。")
    journey.office("redirect", matter, channel="litigation")
    journey.office("restore", matter, reason="应当受理。")
    journey.office("refusal", matter, reason="不属实。", channel="other")
    journey.office("restore", matter, reason="应当受理。")
    journey.office("bar", twin, department="traffic", reason="反映的就是该局。")
    journey.office("bar-lifting", twin, party="department:traffic", reason="只是提到。")
    journey.office("merge", twin, into=matter.number)
    assert done(journey.office.client.get("/api/v1/office/matters?box=all&limit=1"))["next"]
    journey.office("accept", matter)
    journey.deputy("hand-over", matter, advice=SENTENCE, departments=["housing"])
    journey.office("send-back", matter, reason="请先核实。")


def goes_to_the_deputy(journey: Journey) -> None:
    """The deputy's own moves."""
    refused, redirected, passed, answered = (journey.comes_to("with_deputy") for _ in range(4))
    assert len(journey.deputy.box("todo")) >= 4
    journey.deputy("refusal", refused, reason="不属实。", channel="other")
    journey.deputy("redirect", redirected, channel="petition")
    journey.deputy("pass", passed, deputy="D004", reason="不在我的选区。")
    journey.deputy("claim", answered)
    journey.deputy("ask", answered, question="请问是哪一段？")
    answered.adds("北街第三盏。")
    journey.deputy("reply", answered, text=SAID, outcome="A")
    journey.deputy.reads(answered)


def is_worked_on(journey: Journey) -> None:
    """A department returns, asks for days, answers with evidence; its approver and the office sign."""
    matter, other = journey.comes_to("assigned"), journey.comes_to("assigned")
    handler, part = journey.handler("housing"), matter.part()
    handler("return", part, reason="不归我们。", belongs_to="water")
    journey.office("return-decision", matter, assignment=part, approve=False, text="职责清单。")
    handler("acknowledge", part)
    handler("extension", part, working_days=3, reason="灯具缺货。")
    journey.office("extension-decision", matter, assignment=part, approve=True)
    parts = KEPT_JSON | {"files": [(io.BytesIO(photo()), "b.jpg")]}
    done(handler.client.post(f"{handler.area}/{part}/reply", data=parts))
    assert handler.reads(part)["matter"]["replies"][0]["files"]
    journey.approver("housing")("approval", part, approve=True)
    journey.deputy("verdict", matter, accept=True)
    handler("acknowledge", other.part())
    handler("reply", other.part(), **KEPT_JSON)
    journey.office("reply-decision", other, assignment=other.part(), approve=True)
    assert handler.box("done")


def has_no_deputy(journey: Journey) -> None:
    """The office judges an answer where no deputy can."""
    journey.life.town.deputies.other.absent_until = date(2026, 12, 31)
    matter = journey.tells(station="S002")
    journey.office("dispatch", matter, lead="housing", complexity="ordinary")
    journey.answers(matter.part())
    journey.office("verdict", matter, accept=True)


def is_promised(journey: Journey) -> None:
    """Promises, one kept and one broken."""
    kept, broken = journey.comes_to("assigned"), journey.comes_to("assigned")
    for matter in (kept, broken):
        journey.answers(matter.part(), outcome="B", promised_on="2026-03-20", measures="列入计划并组织施工")
        journey.deputy("verdict", matter, accept=True)
        matter.rates("satisfied")
    journey.handler("housing")("fulfilment", kept.part(), **KEPT_JSON)
    journey.office("broken-promise", broken, text="没有更换。")
    journey.office("dispatch", broken, lead="housing", complexity="hard")


def is_looked_at_again(journey: Journey) -> None:
    """After the answer: rating, looking back, publishing, asking again; and who the resident is."""
    matter = journey.comes_to("closed", contact={"name": "金丝雀"}, category="roads", place={"name": "北街"})
    journey.office("look-back", matter, done=True, text="灯亮着。")
    journey.office("publication", matter, title="路灯修好了", text=TEXT, answer=SAID, consent=True)
    journey.office("reveal", matter, reason="回访核实，电话里问清楚路灯。")
    journey.lead("reveals/1/decision", matter, approve=True)
    assert journey.office.reads(matter)["contact"] == {"name": "金丝雀", "phone": None}
    journey.office("reveals/1/end", matter)
    done(matter.sends("reopening", text="又不亮了。"))
    phone = journey.phone()
    (published,) = done(phone.get("/api/v1/public"))["items"]
    assert done(phone.get(f"/api/v1/public/{matter}")) == published
    journey.office("unpublication", matter, reason="当事人来电要求。")


def signs_in_by_phone(journey: Journey) -> None:
    """A deputy's phone asks the office, is bound by an invitation, reports a consent and is unbound."""
    on_file(journey.life)
    with mini_program(journey.app) as outside:
        phone = Phone(journey.app, outside, "liu")
        assert phone.binds(shows=NUMBER).get_json()["state"] == "waiting"
        done(phone.binds(shows=NUMBER, invitation=invited(journey.life)), 201)
        code = outside.set("mini-program/codes", user="liu")["code"]
        done(phone.client.post("/api/v1/sessions/wechat", json={"code": code}), 201)
        client = phone.carries(done(phone.opens(), 201)["token"]).client
    done(client.post("/api/v1/deputy/consents", json={"template": "accept"}))
    done(client.get("/api/v1/deputy/consents"))
    assert client.delete("/api/v1/deputy/bindings/current").status_code == 204


STORIES: tuple[Callable[[Journey], None], ...] = (
    signs_in_and_out,
    signs_in_by_phone,
    tells_and_takes_back,
    is_screened,
    goes_to_the_deputy,
    is_worked_on,
    has_no_deputy,
    is_promised,
    is_looked_at_again,
    uses_own_rights,
    asks_to_be_erased_early,
)
