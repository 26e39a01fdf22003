"""Departments that send work back, ask for time, or wait for one another: and what others see of it."""

from tests.support.journey import KEPT_JSON, Journey

OFFICE = {"office", "office_lead"}


def test_a_return_that_is_disputed_locks_the_assignment(journey: Journey) -> None:
    matter = journey.comes_to("assigned")
    housing, part = journey.handler("housing"), matter.part()
    housing("return", part, reason="路灯不归住建局管。", belongs_to="traffic")
    assert matter.told("request_return") == OFFICE
    assert journey.office.box("decisions") == [matter.number]
    assert "request_return" not in matter.history, "between the office and the department"
    wrong = housing.refused(409, "acknowledge", part)
    assert (wrong["state"], wrong["waiting_for"]) == ("return_requested", "office")

    journey.office("return-decision", matter, assignment=part, approve=False, text="职责清单写明由住建局管。")
    assert matter.told("decline_return") == {"housing_handler"}
    seen = housing.reads(part)
    assert (seen["state"], seen["locked"]) == ("assigned", True)
    matter.stands("assigned", "departments", due="2026-03-09")

    assert "不能再次申请" in housing.refused(409, "return", part, reason="还是不归我们。")["detail"]
    journey.answers(part)
    assert matter.seen["state"] == "replied"


def test_a_return_that_is_approved_is_dispatched_elsewhere(journey: Journey) -> None:
    matter = journey.comes_to("assigned")
    journey.handler("housing")("return", matter.part(), reason="这条路由交通局养护。", belongs_to="traffic")
    journey.office("return-decision", matter, assignment=matter.part(), approve=True)
    assert matter.told("approve_return") == {"housing_handler"}
    matter.stands("handed_over", "office", due="2026-03-03")
    assert matter.told("take_back") == {*OFFICE, "resident"}

    journey.office("dispatch", matter, lead="traffic", complexity="complex")
    matter.stands("assigned", "departments", due="2026-03-16")
    assert journey.handler("traffic").box("todo") == [matter.part(2)]
    assert journey.handler("housing").box("done") == [matter.part(1)]
    journey.handler("housing").refused(409, "acknowledge", matter.part(1))
    journey.answers(matter.part(2), "traffic")
    assert matter.seen["state"] == "replied"


def test_a_return_comes_too_late_after_its_term(journey: Journey) -> None:
    matter = journey.comes_to("assigned")
    journey.goes_on_to("2026-03-04 09:00")
    late = journey.handler("housing").refused(409, "return", matter.part(), reason="不归我们管。")
    assert "1 个工作日" in late["detail"]


def test_an_extension_moves_the_due_date_once_and_is_told_to_the_resident(journey: Journey) -> None:
    matter = journey.comes_to("assigned")
    housing, part = journey.handler("housing"), matter.part()
    housing("acknowledge", part)
    matter.stands("assigned", "departments", due="2026-03-09")
    housing("extension", part, working_days=3, reason="灯具缺货，周四到货。")
    assert matter.told("request_extension") == OFFICE
    assert journey.office.box("decisions") == [matter.number]
    assert "request_extension" not in matter.history

    journey.office("extension-decision", matter, assignment=part, approve=True, text="同意。")
    matter.stands("assigned", "departments", due="2026-03-12")
    assert matter.last["kind"] == "grant_extension"
    assert matter.last["data"]["reason"] == "灯具缺货，周四到货。"
    assert matter.told("grant_extension") == {"housing_handler", "resident"}
    steps = journey.office.reads(matter)["deadline"]["steps"]
    assert [step["kind"] for step in steps if step["kind"] in ("extension", "due")] == ["extension", "due"]

    assert "已经申请过" in housing.refused(409, "extension", part, working_days=2, reason="还要几天。")["detail"]
    assert journey.office.refused(409, "extension-decision", matter, assignment=part, approve=True)


def test_an_extension_is_declined_or_comes_too_late(journey: Journey) -> None:
    matter, other = journey.comes_to("assigned"), journey.comes_to("assigned")
    housing = journey.handler("housing")
    housing("acknowledge", matter.part())
    housing("acknowledge", other.part())
    housing("extension", matter.part(), working_days=5, reason="人手不够。")
    journey.office("extension-decision", matter, assignment=matter.part(), approve=False, text="请按时办结。")
    matter.stands("assigned", "departments", due="2026-03-09")
    assert (matter.told("decline_extension"), matter.last["kind"]) == ({"housing_handler"}, "acknowledge")

    assert (
        "working_days" in housing.refused(422, "extension", other.part(), working_days=99, reason="慢慢来。")["errors"]
    )
    journey.goes_on_to("2026-03-10 09:00")
    other.stands("assigned", "departments", due="2026-03-09", light="yellow")
    assert (
        "已经超过办理时限" in housing.refused(409, "extension", other.part(), working_days=1, reason="晚了。")["detail"]
    )


def test_the_lead_waits_for_those_who_assist_and_then_answers_for_all(journey: Journey) -> None:
    matter = journey.comes_to("handed_over")
    journey.office("dispatch", matter, lead="housing", assisting=["water", "traffic"], complexity="complex")
    lead, water, traffic = matter.part(1), matter.part(2), matter.part(3)
    assert matter.told("dispatch") == {"housing_handler", "water_handler", "traffic_handler", "resident"}
    assert [each["part"] for each in journey.office.reads(matter)["assignments"]] == ["lead", "assisting", "assisting"]
    journey.handler("water")("acknowledge", water)
    assert journey.handler("water").reads(water)["due_at"] == "2026-03-09T23:59:59+08:00", "half of the lead's term"

    housing = journey.handler("housing")
    housing("acknowledge", lead)
    early = housing.refused(409, "reply", lead, **KEPT_JSON)
    assert "水务局" in early["detail"]
    assert "交通局" in early["detail"]
    journey.answers(traffic, "traffic", text="路面下没有我局管线。", measures="", owner="养护科")
    journey.handler("water")("reply", water, text="阀门井已经加固。", outcome="A", owner="管网科")
    assert "交通局" not in housing.refused(409, "reply", lead, **KEPT_JSON)["detail"]
    journey.approver("water")("approval", water, approve=True)

    housing("reply", lead, **KEPT_JSON)
    journey.approver("housing")("approval", lead, approve=True)
    matter.stands("replied", "deputy", due="2026-03-04")
    journey.deputy("verdict", matter, accept=True)
    (joint,) = matter.seen["replies"]
    assert joint["text"] == KEPT_JSON["text"], "opinions are for the lead, the answer is for the resident"
    assert len(journey.office.reads(matter)["replies"]) == 3


def test_departments_that_answer_separately_each_answer_for_themselves(journey: Journey) -> None:
    matter = journey.comes_to("handed_over")
    both = {"lead": "housing", "separate": ["water"]}
    assert "lead" in journey.office.refused(422, "dispatch", matter, complexity="ordinary", **both)["errors"]
    journey.office("dispatch", matter, separate=["housing", "water"], complexity="ordinary")
    journey.answers(matter.part(1))
    matter.stands("assigned", "departments", due="2026-03-09")
    assert matter.seen["replies"] == [], "nobody is asked to rate half an answer"
    journey.answers(matter.part(2), "water", text="经现场检查，阀门井盖已更换两处。", owner="管网科李科长")
    matter.stands("replied", "deputy", due="2026-03-04")
    journey.deputy("verdict", matter, accept=True)
    assert {reply["owner"] for reply in matter.seen["replies"]} == {KEPT_JSON["owner"], "管网科李科长"}


def test_an_urgent_matter_is_counted_in_hours_also_at_night(journey: Journey) -> None:
    matter = journey.comes_to("handed_over")
    journey.office("dispatch", matter, lead="housing", complexity="urgent")
    assert matter.seen["due_at"] == "2026-03-03T10:00:00+08:00"
    journey.goes_on_to("2026-03-03 05:30")
    assert matter.seen["light"] == "blue"
    assert journey.life.fall_due()
    (message,) = journey.life.notices(matter.number, channel="log", topic="reminder.blue")
    assert message.next_at == journey.clock()
    journey.goes_on_to("2026-03-03 10:01")
    assert matter.seen["light"] == "yellow"


def test_the_approver_gives_an_answer_back_before_it_leaves_the_house(journey: Journey) -> None:
    matter = journey.comes_to("assigned")
    handler, approver, part = journey.handler("housing"), journey.approver("housing"), matter.part()
    handler("acknowledge", part)
    handler("reply", part, **KEPT_JSON)
    assert handler.refused(403, "approval", part, approve=True)
    assert "text" in approver.refused(422, "approval", part, approve=False)["errors"]
    approver("approval", part, approve=False, text="请写明三盏灯的位置。")
    assert matter.told("reject") == {"housing_handler"}
    assert handler.box("doing") == [part]
    handler("reply", part, **KEPT_JSON | {"text": "北街一、三、五号三盏路灯已于今日更换。"})
    approver("approval", part, approve=True)
    journey.deputy("verdict", matter, accept=True)
    assert [reply["text"] for reply in matter.seen["replies"]] == ["北街一、三、五号三盏路灯已于今日更换。"]
    assert journey.approver("water").refused(404, "approval", part, approve=True)
