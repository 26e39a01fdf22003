"""Learning who the resident is: asked by one, granted by another, for a quarter of an hour, and never in secret."""

from sqlalchemy import select

from liaison.db import session
from liaison.models.audit import AuditEntry
from tests.support.journey import Journey

NAME, PHONE = "金丝雀", "13912345678"


def test_a_name_is_shown_for_a_quarter_of_an_hour_to_the_one_who_asked(journey: Journey) -> None:
    matter = journey.comes_to("assigned", contact={"name": NAME, "phone": PHONE})
    assert journey.office.reads(matter)["contact"] is None
    journey.office("reveal", matter, reason="需要约时间上门查看。")
    assert journey.office.refused(403, "reveals/1/decision", matter, approve=True)
    assert journey.deputy.client.post(f"/api/v1/office/matters/{matter}/reveals/1/decision").status_code == 403

    journey.goes_on_to("2026-03-02 14:00")
    (asked,) = journey.lead.reads(matter)["reveals"]
    assert (asked["id"], asked["reason"], asked["granted"]) == (1, "需要约时间上门查看。", None)
    journey.lead("reveals/1/decision", matter, approve=True, text="同意。")
    assert journey.lead.reads(matter)["contact"] is None, "granted to another"
    assert journey.lead.refused(409, "reveals/1/decision", matter, approve=False)
    journey.goes_on_to("2026-03-02 14:14")
    assert journey.office.reads(matter)["contact"] == {"name": NAME, "phone": PHONE}
    journey.goes_on_to("2026-03-02 14:15")
    assert journey.office.reads(matter)["contact"] is None

    asked, granted = matter.seen["events"][-2:]
    assert (asked["kind"], asked["text"], asked["by_role"]) == ("ask_reveal", "需要约时间上门查看。", "office")
    assert (granted["kind"], granted["by_role"]) == ("grant_reveal", "office_lead")
    shown = journey.shown_to("housing_handler", matter.part())
    assert not [canary for canary in (NAME, PHONE, "_reveal", "上门查看") if canary in shown]


def test_the_lead_cannot_grant_what_the_lead_asked_for(journey: Journey) -> None:
    matter = journey.tells(contact={"name": NAME, "phone": PHONE})
    journey.lead("reveal", matter, reason="回访核实，电话里问清楚路灯。")
    assert "不能审批自己" in journey.lead.refused(403, "reveals/1/decision", matter, approve=True)["detail"]
    assert journey.lead.refused(404, "reveals/2/decision", matter, approve=True)


def test_a_declined_reveal_shows_nothing_but_stands_in_the_history(journey: Journey) -> None:
    matter = journey.tells(contact={"name": NAME, "phone": PHONE})
    journey.office("reveal", matter, reason="想问问是谁反映的这件事。")
    journey.lead("reveals/1/decision", matter, approve=False, text="理由不充分。")
    assert journey.office.reads(matter)["contact"] is None
    assert matter.history[-2:] == ["ask_reveal", "decline_reveal"]


def test_a_resident_who_agreed_is_known_to_those_who_work_on_the_matter(journey: Journey) -> None:
    matter = journey.comes_to("assigned", contact={"name": NAME, "phone": PHONE}, share_identity=True)
    known = {"name": NAME, "phone": PHONE}
    assert journey.office.reads(matter)["contact"] == known
    assert journey.deputy.reads(matter)["contact"] == known
    assert journey.handler("housing").reads(matter.part())["matter"]["contact"] == known
    assert journey.handler("water").client.get(f"/api/v1/department/assignments/{matter.part()}").status_code == 404


def test_whoever_asked_or_the_lead_ends_it_and_the_resident_reads_all_of_it(journey: Journey) -> None:
    matter = journey.tells(contact={"name": NAME, "phone": PHONE})
    for position, desk in enumerate((journey.office, journey.lead), start=1):
        journey.office("reveal", matter, reason="需要约时间上门查看。")
        journey.lead(f"reveals/{position}/decision", matter, approve=True)
        assert journey.office.reads(matter)["contact"] == {"name": NAME, "phone": PHONE}
        desk(f"reveals/{position}/end", matter)
        assert journey.office.reads(matter)["contact"] is None
    assert matter.history[-3:] == ["ask_reveal", "grant_reveal", "end_reveal"]
    page = matter.phone.get(f"/m/{matter}?c={matter.secret}", follow_redirects=True).text
    for words in ("需要约时间上门查看。", "批准后 15 分钟内，只有申请人能看到您留下的姓名和电话", "已提前结束"):
        assert words in page


def test_every_way_around_the_second_person_is_refused_and_written_down(journey: Journey) -> None:
    matter = journey.comes_to("assigned", contact={"name": NAME, "phone": PHONE})
    journey.lead("reveal", matter, reason="需要约时间上门查看。")
    journey.office("reveal", matter, reason="需要约时间上门查看。")
    journey.lead.refused(403, "reveals/1/decision", matter, approve=True)
    journey.lead.refused(404, "reveals/9/decision", matter, approve=True)
    journey.desk("other_office").refused(404, "reveal", matter, reason="需要约时间上门查看。")
    journey.office.refused(403, "reveals/1/decision", matter, approve=True)
    journey.deputy.client.post(f"/api/v1/office/matters/{matter}/reveal", json={"reason": "需要约时间上门查看。"})
    journey.lead("reveals/2/decision", matter, approve=True)
    journey.lead.refused(409, "reveals/2/decision", matter, approve=True)
    journey.goes_on_to("2026-03-03 10:00")
    journey.lead.refused(409, "reveals/2/decision", matter, approve=True)
    journey.office.refused(409, "reveals/2/end", matter)
    who, at = AuditEntry.by_name, AuditEntry.about
    found = session.execute(
        select(who, at, AuditEntry.data).where(AuditEntry.act == "reveal.bypass").order_by(AuditEntry.seq)
    )
    assert [(name, about, data["how"]) for name, about, data in found] == [
        ("office_lead的人", str(matter), "own"),
        ("office_lead的人", str(matter), "elsewhere"),
        ("other_office的人", str(matter), "elsewhere"),
        ("office的人", str(matter), "role"),
        ("deputy的人", str(matter), "role"),
        ("office_lead的人", str(matter), "decided"),
        ("office_lead的人", str(matter), "expired"),
        ("office的人", str(matter), "expired"),
    ]
