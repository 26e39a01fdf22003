"""Matters that leave the usual way: merged, in want of words, turned away, taken back, or without a deputy."""

from tests.support.journey import KEPT_JSON, Journey

OFFICE = {"office", "office_lead"}


def test_three_residents_tell_the_same_and_all_read_the_one_answer(journey: Journey) -> None:
    lead, second, third = journey.tells(), journey.tells(), journey.tells()
    journey.office("merge", second, into=lead.number)
    second.stands("merged", None)
    assert second.told("merge") == {"resident"}
    journey.office("merge", third, into=lead.number)
    assert sorted(journey.office.reads(lead)["merged"]) == sorted([second.number, third.number])
    assert second.number not in str(lead.seen), "the resident of one learns nothing of the others"
    assert journey.office.refused(422, "merge", lead, into=lead.number)["errors"]["into"]
    assert journey.office.refused(422, "merge", lead, into=second.number)["errors"]["into"]

    journey.office("accept", lead)
    everybody = {"resident", f"resident {second}", f"resident {third}"}
    assert lead.told("accept") == {"deputy", *everybody}
    journey.deputy("hand-over", lead, advice="三位居民都反映了这件事。")
    journey.office("dispatch", lead, lead="housing", complexity="ordinary")
    journey.answers(lead.part())
    assert second.seen["replies"] == []
    journey.deputy("verdict", lead, accept=True)
    assert lead.told("accept_answer") == everybody
    for matter in (lead, second, third):
        assert [reply["text"] for reply in matter.seen["replies"]] == [KEPT_JSON["text"]]
    assert second.refused(409, "rating", result="satisfied", attitude=5, speed=5)["state"] == "merged"


def test_a_wrong_merge_is_undone(journey: Journey) -> None:
    lead, other = journey.tells(), journey.tells()
    journey.office("merge", other, into=lead.number)
    journey.office("restore", other, reason="不是同一条街。")
    other.stands("submitted", "office", due="2026-03-03")
    assert journey.office.reads(lead)["merged"] == []
    assert other.told("restore") == {*OFFICE, "resident"}


def test_the_clock_stands_still_while_the_resident_is_asked(journey: Journey) -> None:
    matter = journey.comes_to("with_deputy")
    matter.stands("with_deputy", "deputy", due="2026-03-05")
    journey.goes_on_to("2026-03-03 10:00")
    journey.deputy("ask", matter, question="请问是哪几盏灯？")
    matter.stands("needs_info", "resident", due="2026-03-10")
    assert (matter.last["text"], matter.told("ask")) == ("请问是哪几盏灯？", {"resident"})
    assert journey.deputy.refused(409, "hand-over", matter, advice="先交上去。")["waiting_for"] == "resident"

    journey.goes_on_to("2026-03-09 10:00")
    matter.adds("从北街口数起第一、三、五盏。")
    matter.stands("with_deputy", "deputy", due="2026-03-11")
    assert (matter.last["kind"], matter.told("supply")) == ("supply", {"deputy"})
    steps = journey.deputy.reads(matter)["deadline"]["steps"]
    assert "pause" in [step["kind"] for step in steps]


def test_a_question_left_without_an_answer_goes_back_with_that_on_record(journey: Journey) -> None:
    matter = journey.tells()
    journey.office("ask", matter, question="请问在哪条街？")
    matter.stands("needs_info", "resident", due="2026-03-09")
    journey.goes_on_to("2026-03-10 00:01")
    assert journey.life.lapse() == 1
    matter.stands("submitted", "office", due="2026-03-11", light="blue")
    assert (matter.last["kind"], matter.last["by_role"]) == ("lapse_information", "system")
    assert matter.told("lapse_information") == {*OFFICE, "resident"}


def test_a_refusal_names_reason_and_channel_and_can_be_undone(journey: Journey) -> None:
    matter = journey.tells()
    assert set(journey.office.refused(422, "refusal", matter)["errors"]) == {"reason", "channel"}
    journey.office("refusal", matter, reason="法院已经立案，须由法院裁判。", channel="litigation")
    matter.stands("not_accepted", None)
    last = matter.last
    assert (last["text"], last["data"]["channel"]) == ("法院已经立案，须由法院裁判。", "litigation")
    assert matter.told("refuse") == {"resident"}
    matter.refused(409, "additions", text="我还有话要说。")

    journey.office("restore", matter, reason="核实后并未立案。")
    matter.stands("submitted", "office", due="2026-03-03")
    journey.office("redirect", matter, channel="discipline", reason="反映干部作风。")
    matter.stands("redirected", None)
    assert matter.last["data"]["channel"] == "discipline"
    journey.office("restore", matter, reason="选错了渠道。")
    journey.office("accept", matter)
    assert matter.seen["state"] == "with_deputy"


def test_a_resident_takes_a_matter_back_before_anybody_works_on_it(journey: Journey) -> None:
    matter, late = journey.tells(), journey.comes_to("with_deputy")
    assert matter.sends("withdrawal", reason="已经自己修好了。").status_code == 200
    matter.stands("withdrawn", None)
    assert matter.last["text"] == "已经自己修好了。"
    assert late.refused(409, "withdrawal")["waiting_for"] == "deputy"


def test_without_a_deputy_who_can_sign_in_the_office_dispatches_itself(journey: Journey) -> None:
    journey.life.town.deputies.present.absent_until = journey.life.today.replace(month=12)
    matter = journey.tells()
    journey.office("accept", matter)
    matter.stands("handed_over", "office", due="2026-03-03")
    assert matter.told("accept_unattended") == {*OFFICE, "resident"}
    assert journey.office.reads(matter)["deputy"] is None
    journey.office("dispatch", matter, lead="housing", complexity="ordinary")
    journey.answers(matter.part())
    matter.stands("replied", "deputy", due="2026-03-04")
    assert matter.told("report") == {*OFFICE, "resident"}, "the office stands in for the deputy"
    journey.office("verdict", matter, accept=True)
    assert matter.rates("satisfied")["state"] == "closed"


def test_a_station_without_screening_sends_matters_straight_to_its_deputy(journey: Journey) -> None:
    matter = journey.tells(station="S002")
    assert (matter.given["state"], matter.given["waiting_for"]) == ("with_deputy", "deputy")
    assert matter.history == ["submit", "accept"]
    other = journey.desk("other_deputy")
    assert other.box("todo") == [matter.number]
    assert journey.deputy.client.get(f"/api/v1/deputy/matters/{matter}").status_code == 404
    other("pass", matter, deputy="D003", reason="这条街在城东代表的片区。")
    assert journey.deputy.box("todo") == [matter.number]
    assert matter.told("pass") == {"deputy", "resident"}
    journey.deputy("reply", matter, text="到现场看过，是居民自家的灯，已帮忙联系电工换好。", outcome="A")
    matter.stands("rating", "resident", due="2026-03-23")
    assert matter.seen["replies"][0]["by_role"] == "deputy"


def test_a_handed_over_matter_is_sent_back_to_the_deputy(journey: Journey) -> None:
    matter = journey.comes_to("handed_over")
    journey.office("send-back", matter, reason="请先核实是哪三盏。")
    matter.stands("with_deputy", "deputy", due="2026-03-05")
    assert matter.told("send_back") == {"deputy", "resident"}
