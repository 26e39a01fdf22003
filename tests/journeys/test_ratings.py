"""What residents say of answers, what they do not say, and what follows from it."""

from tests.support.journey import KEPT_JSON, Journey, Matter

OFFICE = {"office", "office_lead"}


def test_twice_dissatisfied_goes_one_level_up_and_then_under_supervision(journey: Journey) -> None:
    matter = journey.comes_to("rating")
    assert "text" in matter.refused(422, "rating", result="dissatisfied", attitude=2, speed=1)["errors"]
    matter.rates("dissatisfied", "第二天又不亮了。", attitude=2, speed=1)
    matter.stands("reopened", "office", due="2026-03-03")
    assert matter.told("discontent") == OFFICE
    assert not journey.office.reads(matter)["supervised"]
    assert journey.office.box("dispatch") == [matter.number]

    journey.office("dispatch", matter, lead="housing", complexity="ordinary")
    first, second = journey.office.reads(matter)["assignments"]
    assert [(each["round"], each["level"]) for each in (first, second)] == [(1, 0), (2, 1)]
    journey.answers(matter.part(2), text="经现场复查，线路接头进水，已于今日重新接线并换灯。")
    journey.deputy("verdict", matter, accept=True)
    assert [reply["text"][:5] for reply in matter.seen["replies"]] == [KEPT_JSON["text"][:5], "经现场复查"]

    matter.rates("dissatisfied", "还是有一盏不亮。", attitude=3, speed=1)
    seen = journey.office.reads(matter)
    assert (seen["supervised"], seen["state"], seen["round"]) == (True, "reopened", 2)
    assert "supervise" in matter.history
    assert journey.office.box("supervised") == [matter.number]
    journey.office("dispatch", matter, lead="housing", complexity="ordinary")
    assert journey.office.reads(matter)["assignments"][-1]["level"] == 2


def _promises(journey: Journey, matter: Matter) -> None:
    answer = {"outcome": "B", "measures": "列入本月养护计划，更换整条街的灯具和线路"}
    handler = journey.handler("housing")
    handler("acknowledge", matter.part())
    assert "promised_on" in handler.refused(422, "reply", matter.part(), **KEPT_JSON | answer)["errors"]
    handler("reply", matter.part(), **KEPT_JSON | answer | {"promised_on": "2026-03-16"})
    journey.approver("housing")("approval", matter.part(), approve=True)
    journey.deputy("verdict", matter, accept=True)


def test_a_promise_is_followed_until_it_is_kept_although_late(journey: Journey) -> None:
    matter = journey.comes_to("assigned")
    _promises(journey, matter)
    assert matter.seen["replies"][0]["promised_on"] == "2026-03-16"
    assert matter.rates("basically")["state"] == "tracking"
    assert matter.stands("tracking", "lead", due="2026-03-16")["phase"] == "handling"

    journey.goes_on_to("2026-03-18 10:00")
    matter.stands("tracking", "lead", due="2026-03-16", light="yellow")
    assert journey.life.fall_due()
    assert "housing_handler" in matter.told("reminder.overdue_1")
    assert "resident" not in matter.told("reminder.overdue_1")
    kept = {"text": "三月十八日整条街的灯具已全部更换，照明正常。"}
    journey.handler("housing")("fulfilment", matter.part(), **KEPT_JSON | kept)
    assert matter.told("keep_promise") == {"resident"}
    matter.stands("rating", "resident", due="2026-04-09")
    assert matter.rates("satisfied")["state"] == "closed"
    assert [(reply["outcome"], reply["promised_on"]) for reply in matter.seen["replies"]] == [
        ("B", "2026-03-16"), ("A", None),
    ]  # fmt: skip


def test_a_broken_promise_is_handled_again(journey: Journey) -> None:
    matter = journey.comes_to("assigned")
    _promises(journey, matter)
    matter.rates("satisfied")
    journey.goes_on_to("2026-03-20 10:00")
    journey.office("broken-promise", matter, text="实地查看，灯具没有更换。")
    matter.stands("reopened", "office", due="2026-03-23")
    assert matter.told("break_promise") == {*OFFICE, "resident"}


def test_the_deputy_sends_an_answer_back_that_says_too_little(journey: Journey) -> None:
    matter = journey.comes_to("replied")
    assert "text" in journey.deputy.refused(422, "verdict", matter, accept=False)["errors"]
    journey.deputy("verdict", matter, accept=False, text="请说明哪三盏，何时更换。")
    matter.stands("assigned", "departments", due="2026-03-04")
    assert matter.told("reject_answer") == {"housing_handler", "resident"}
    assert matter.seen["replies"] == []
    handler = journey.handler("housing")
    handler("reply", matter.part(), **KEPT_JSON | {"text": "经核实，北街一、三、五号三盏路灯已于三月二日更换。"})
    journey.approver("housing")("approval", matter.part(), approve=True)
    journey.deputy("verdict", matter, accept=True)
    assert len(matter.seen["replies"]) == 2


def test_silence_of_the_deputy_lets_the_answer_through(journey: Journey) -> None:
    matter = journey.comes_to("replied")
    journey.goes_on_to("2026-03-04 23:00")
    assert journey.life.lapse() == 0
    journey.goes_on_to("2026-03-05 00:01")
    assert journey.life.lapse() == 1
    matter.stands("rating", "resident", due="2026-03-26")
    assert (matter.last["kind"], matter.last["by_role"]) == ("lapse_review", "system")
    assert matter.told("lapse_review") == {"resident"}
    journey.deputy.refused(409, "verdict", matter, accept=True)


def test_silence_of_the_resident_closes_but_is_nobodys_praise(journey: Journey) -> None:
    matter = journey.comes_to("rating")
    journey.goes_on_to("2026-03-24 00:01")
    assert journey.life.lapse() == 1
    seen = matter.stands("closed", None)
    assert (seen["rating"], matter.last["kind"]) == (None, "lapse_rating")
    assert matter.refused(409, "rating", result="satisfied", attitude=5, speed=5)["state"] == "closed"


def test_a_closed_matter_opens_again_within_ten_working_days_and_not_after(journey: Journey) -> None:
    early, late = journey.comes_to("closed"), journey.comes_to("closed")
    journey.goes_on_to("2026-03-16 18:00")
    assert "text" in early.refused(422, "reopening", text="")["errors"]
    early.sends("reopening", text="又坏了一盏，请再看看。")
    early.stands("reopened", "office", due="2026-03-17")
    assert early.told("reopen") == OFFICE
    journey.goes_on_to("2026-03-17 08:00")
    assert "10 个工作日" in late.refused(409, "reopening", text="又坏了一盏。")["detail"]
    late.stands("closed", None)


def test_a_look_back_that_finds_nothing_done_opens_the_matter_again(journey: Journey) -> None:
    fine, undone = journey.comes_to("closed"), journey.comes_to("closed")
    journey.office("look-back", fine, done=True, text="三盏灯都亮着。")
    fine.stands("closed", None)
    assert fine.last["kind"] == "look_back"
    journey.office("look-back", undone, done=False, text="只换了一盏。")
    undone.stands("reopened", "office", due="2026-03-03")
    assert undone.history[-2:] == ["look_back", "reopen"]
