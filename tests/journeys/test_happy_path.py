"""From a scanned code to a satisfied resident: every step as each of the people involved is shown it."""

import io

from PIL import Image

from tests.support.journey import KEPT_JSON, Journey, Matter
from tests.support.pictures import CAMERA, photo

NAME, PHONE = "金丝雀", "13912345678"
# Seven digits or more each: four alone stand in one of many hashes by chance.
PHONE_CANARIES = (PHONE, PHONE[:7], PHONE[3:], f"{PHONE[:3]} {PHONE[3:7]}", f"{PHONE[3:7]} {PHONE[7:]}")
TEXT = f"电话{PHONE}：北街的路灯坏了三盏，晚上老人出门看不见路，请尽快修好。"
OFFICE = {"office", "office_lead"}


def test_a_broken_lamp_is_told_mended_and_praised(journey: Journey) -> None:
    matter = journey.tells(TEXT, photos=[photo()], contact={"name": NAME, "phone": PHONE}, category="roads")
    assert matter.given["state"] == "submitted"
    assert matter.given["track_url"].endswith(f"/m/{matter}?c={matter.secret}")
    assert matter.stands("submitted", "office", due="2026-03-03")["phase"] == "voice"
    assert matter.told("submit") == OFFICE
    assert journey.office.box("screening") == [matter.number]

    journey.goes_on_to("2026-03-02 11:00")
    journey.office("accept", matter)
    assert matter.stands("with_deputy", "deputy", due="2026-03-05")["phase"] == "inquiry"
    assert matter.told("accept") == {"deputy", "resident"}

    _is_handed_over_by_the_deputy(journey, matter)
    _is_answered_by_the_department(journey, matter)
    _is_judged_and_rated(journey, matter)


def _is_handed_over_by_the_deputy(journey: Journey, matter: Matter) -> None:
    assert journey.deputy.box("todo") == [matter.number]
    journey.deputy("claim", matter)
    assert matter.told("claim") == {"deputy", "resident"}
    journey.goes_on_to("2026-03-03 15:00")
    journey.deputy("hand-over", matter, advice="到现场看过，三盏灯不亮，建议住建局更换。", departments=["housing"])
    assert matter.stands("handed_over", "office", due="2026-03-04")["phase"] == "deliberation"
    assert matter.told("hand_over") == {*OFFICE, "resident"}
    assert journey.office.box("dispatch") == [matter.number]

    suggested = journey.office.reads(matter)["suggestions"]
    assert [each["code"] for each in suggested][:1] == ["housing"]
    journey.goes_on_to("2026-03-04 09:00")
    journey.office("dispatch", matter, lead="housing", complexity="ordinary")
    assert matter.stands("assigned", "departments", due="2026-03-11")["phase"] == "handling"
    assert matter.told("dispatch") == {"housing_handler", "resident"}


def _is_answered_by_the_department(journey: Journey, matter: Matter) -> None:
    part = matter.part()
    handler, approver = journey.handler("housing"), journey.approver("housing")
    assert handler.box("todo") == [part]
    handler("acknowledge", part)
    assert matter.told("acknowledge") == {"resident"}
    journey.goes_on_to("2026-03-10 16:00")
    assert matter.stands("assigned", "departments", due="2026-03-11", light="blue")["replies"] == []
    matter.adds(f"还没修好，请打我电话 {PHONE[:3]} {PHONE[3:7]} {PHONE[7:]}。")
    assert matter.told("add") == {"housing_handler"}
    assert handler("reply", part, **KEPT_JSON)["state"] == "replied"
    assert matter.told("reply") == {"housing_approver", "housing_head"}
    assert approver.box("todo") == [part]
    assert matter.seen["replies"] == [], "a draft is not shown"

    journey.goes_on_to("2026-03-11 10:00")
    assert approver("approval", part, approve=True)["state"] == "approved"
    assert matter.stands("replied", "deputy", due="2026-03-13")["replies"] == [], "the deputy looks first"
    assert matter.told("report") == {"deputy", "resident"}
    for username in ("housing_handler", "housing_approver", "housing_head"):
        shown = journey.shown_to(username, part)
        assert part in shown
        assert not [canary for canary in (NAME, *PHONE_CANARIES, matter.secret) if canary in shown]
        assert "还没修好" in shown


def _is_judged_and_rated(journey: Journey, matter: Matter) -> None:
    journey.deputy("verdict", matter, accept=True)
    assert matter.told("accept_answer") == {"resident"}
    seen = matter.stands("rating", "resident", due="2026-04-01")
    (reply,) = seen["replies"]
    assert (reply["text"], reply["outcome"], reply["owner"]) == (KEPT_JSON["text"], "A", KEPT_JSON["owner"])
    assert seen["phase"] == "oversight"

    journey.goes_on_to("2026-03-12 20:00")
    assert matter.rates("satisfied", "修得很快，谢谢。", attitude=5, speed=4)["state"] == "closed"
    rating = matter.stands("closed", None)["rating"]
    assert rating == {
        "round": 1, "result": "satisfied", "attitude": 5, "speed": 4,
        "text": "修得很快，谢谢。", "at": "2026-03-12T20:00:00+08:00",
    }  # fmt: skip
    assert matter.told("content") == set()
    assert matter.history == [
        "submit", "accept", "claim", "hand_over", "dispatch", "acknowledge", "add", "approve", "report",
        "accept_answer", "content",
    ]  # fmt: skip


def test_a_photo_is_shown_to_those_who_work_on_it_and_betrays_nothing(journey: Journey) -> None:
    matter = journey.comes_to("assigned", photos=[photo(), photo((200, 30, 30))])
    first, second = matter.seen["photos"]
    assert first["sha256"] != second["sha256"]
    assert matter.phone.get(first["url"]).status_code == 404, "not without the code"
    assert journey.phone().get(first["url"], headers={"X-Matter-Secret": "0000-0000-0000"}).status_code == 404
    kept = matter.phone.get(first["url"], headers={"X-Matter-Secret": matter.secret}).data
    for who in (journey.handler("housing"), journey.deputy, journey.office):
        assert who.client.get(first["url"]).data == kept
        assert who.client.get(second["thumb_url"]).status_code == 200
    assert journey.handler("water").client.get(first["url"]).status_code == 404
    image = Image.open(io.BytesIO(kept))
    assert not image.getexif()
    assert CAMERA.encode() not in kept
    assert image.height > image.width, "turned upright as the phone was held"
