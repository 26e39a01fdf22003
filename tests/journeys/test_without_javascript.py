"""A whole matter by plain pages and forms: no account and no scripts for the resident, no scripts for the offices."""

import re

from tests.support.journey import Journey
from tests.support.journey_pages import Page, Visitor
from tests.support.pictures import photo
from tests.support.town import PASSWORD

TEXT = "北街的路灯坏了三盏，晚上老人出门看不见路，请尽快修好。"
NAME, PHONE, PLACE = "金丝雀", "13912345678", "北街粮站门口"
ANSWER = {
    "text": "经现场查看，已于今日更换北街损坏的路灯三盏，照明已恢复。",
    "outcome": "A",
    "measures": "更换灯具三盏并接通电源",
    "owner": "市政科王科长",
}


def _submits(resident: Visitor) -> Page:
    station = resident.opens("/s/S001")
    assert "城东人大代表联络站" in station.text
    assert "刘在岗" in station.text
    form = resident.opens(station.link("我要说事"))
    typed = {
        "text": "坏了",
        "category": "roads",
        "place_name": PLACE,
        "contact_name": NAME,
        "contact_phone": "不告诉你",
    }
    again = resident.sends(form, "/s/S001/new", status=422, files={"photos": [photo()]}, **typed)
    assert "至少需要 10 个字" in again.text
    assert "电话" in again.text
    kept = again.form("/s/S001/new")
    assert kept.values["key"] == form.form("/s/S001/new").values["key"]
    assert [kept.values[name] for name in ("text", "category", "place.name", "contact.name", "contact.phone")] == [
        "坏了", "roads", PLACE, NAME, "不告诉你",
    ]  # fmt: skip
    assert len(kept.choices["kept"]) == 1, "the photo need not be chosen again"
    return resident.sends(again, "/s/S001/new", text=TEXT, contact_phone=PHONE)


def _codes(receipt: Page) -> tuple[str, str]:
    number = re.search(r"M\d{4}-\d{6}-\w", receipt.text)
    code = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", receipt.text)
    assert number and code, receipt.text
    return number[0], code[0]


def _tracks(resident: Visitor, number: str, code: str) -> Page:
    asked = resident.opens(f"/m/{number}")
    assert "查询码" in asked.text
    assert TEXT not in asked.text
    wrong = resident.sends(asked, "/m", status=404, number=number, code="0000-0000-0000")
    assert wrong.form("/m").values["number"] == number
    return resident.sends(wrong, "/m", number=number.lower(), code=code.lower().replace("-", " "))


def test_a_resident_without_scripts_submits_tracks_adds_and_rates(journey: Journey) -> None:
    resident = Visitor(journey.phone())
    number, code = _codes(_submits(resident))
    other_phone = Visitor(journey.phone())
    seen = _tracks(other_phone, number, code)
    assert TEXT in seen.text
    assert PLACE in seen.text
    assert "已提交" in seen.text

    empty = other_phone.sends(seen, "/additions", status=422, text="嗯")
    assert empty.form("/additions").values["text"] == "嗯"
    added = other_phone.sends(empty, "/additions", text="第三盏在粮站门口。", files={"photos": [photo((9, 99, 9))]})
    assert "第三盏在粮站门口。" in added.text
    assert len([address for address in added.loads if address.startswith("/files/")]) == 2

    _is_handled(journey, number)
    seen = resident.opens(f"/m/{number}")
    assert ANSWER["text"] in seen.text
    unhappy = resident.sends(seen, "/rating", status=422, result="dissatisfied", attitude="2", speed="1")
    assert unhappy.form("/rating").values["result"] == "dissatisfied"
    done = resident.sends(unhappy, "/rating", result="satisfied", attitude="5", speed="4", text="谢谢。")
    assert "已销号" in done.text
    assert not [form for form in done.forms if form.action.endswith("/rating")]


def _staff(journey: Journey, username: str) -> Visitor:
    staff = Visitor(journey.app.test_client())
    staff.signs_in(username, PASSWORD)
    return staff


def _is_handled(journey: Journey, number: str) -> None:
    """Screened, handed over, dispatched, answered, signed and judged, each by its form in the console."""
    office, deputy = _staff(journey, "office"), _staff(journey, "deputy")
    handler, approver = _staff(journey, "housing_handler"), _staff(journey, "housing_approver")
    page = office.opens(office.opens("/console/?box=screening").link(TEXT[:20]))
    refused = office.sends(page, "/refusal", status=422, reason="不属于受理范围。", channel="")
    assert refused.form("/refusal").values["reason"] == "不属于受理范围。"
    office.sends(refused, "/accept")
    page = deputy.opens(deputy.opens("/console/").link(TEXT[:20]))
    deputy.sends(page, "/hand-over", advice="到现场看过，确实不亮。", departments=["housing"])
    page = office.opens(office.opens("/console/?box=dispatch").link(TEXT[:20]))
    assert page.form("/dispatch").values["lead"] == "housing", "the suggestion is filled in"
    office.sends(page, "/dispatch", lead="housing", complexity="ordinary")

    page = handler.opens(handler.opens("/console/").link(TEXT[:20]))
    page = handler.sends(page, "/acknowledge")
    hollow = handler.sends(page, "/reply", status=422, **ANSWER | {"text": "已收悉，正在研究。"})
    assert hollow.form("/reply").values["owner"] == ANSWER["owner"]
    assert NAME not in hollow.source
    assert PHONE not in hollow.source
    handler.sends(hollow, "/reply", files={"files": [photo((200, 200, 30))]}, **ANSWER)
    page = approver.opens(approver.opens("/console/").link(TEXT[:20]))
    approver.sends(page, "/approval", approve="true")
    page = deputy.opens(deputy.opens("/console/").link(TEXT[:20]))
    deputy.sends(page, "/verdict", accept="true")


def test_a_form_that_stood_too_long_loses_nothing(journey: Journey) -> None:
    form = Visitor(journey.phone()).opens("/s/S001/new")
    resident = Visitor(journey.phone())  # whose browser kept no cookie of that page
    again = resident.sends(form, "/s/S001/new", status=422, text=TEXT, files={"photos": [photo()]})
    assert again.form("/s/S001/new").values["text"] == TEXT
    number, _ = _codes(resident.sends(again, "/s/S001/new"))
    assert journey.office.reads(number)["text"] == TEXT
    assert len(journey.office.reads(number)["photos"]) == 1


def test_a_form_sent_twice_makes_one_matter(journey: Journey) -> None:
    resident = Visitor(journey.phone())
    form = resident.opens("/s/S001/new")
    first = resident.sends(form, "/s/S001/new", text=TEXT)
    second = resident.sends(form, "/s/S001/new", text=TEXT)
    assert _codes(first) == _codes(second)
    assert len(journey.office.box("all")) == 1


def test_nobody_rates_from_a_page_that_is_out_of_date(journey: Journey) -> None:
    matter = journey.comes_to("rating")
    resident = Visitor(matter.phone)
    page = resident.opens(f"/m/{matter}?c={matter.secret}")
    matter.rates("satisfied")
    late = resident.sends(page, "/rating", status=409, result="dissatisfied", attitude="1", speed="1", text="没修好。")
    assert "已销号" in late.text
    assert matter.seen["rating"]["result"] == "satisfied"


def test_the_needs_of_one_without_a_phone_are_written_down_at_the_station(journey: Journey) -> None:
    liaison = _staff(journey, "liaison")
    page = liaison.opens("/console/station/new")
    told = {"text": TEXT, "contact_name": NAME, "contact_phone": PHONE}
    short = liaison.sends(page, "/station/new", status=422, **told | {"text": "坏了"})
    assert short.form("/station/new").values["contact.name"] == NAME
    receipt = liaison.sends(short, "/station/new", status=201, files={"photos": [photo()]}, **told)
    number, code = _codes(receipt)
    seen = _tracks(Visitor(journey.phone()), number, code)
    assert TEXT in seen.text
    assert journey.office.reads(number)["contact"] is None


def test_what_people_type_is_shown_as_they_typed_it_and_never_run(journey: Journey) -> None:
    resident = Visitor(journey.phone())
    sly = "<script>alert(1)</script><img src=x onerror=alert(1)> 路灯坏了三盏 {{ 7*7 }}"
    page = resident.sends(resident.opens("/s/S001/new"), "/s/S001/new", text=sly, place_name='"><b>街')
    number, _ = _codes(page)
    assert "<script>alert" not in page.source
    assert sly in page.text
    assert sly in _staff(journey, "office").opens(f"/console/cases/{number}").text
