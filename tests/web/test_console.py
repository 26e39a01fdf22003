"""The console's pages: signing in, boxes, the case page with its moves, rules, rosters, proxy entry."""

import re
from datetime import date
from io import BytesIO

import pytest
from sqlalchemy import select

from liaison.db import session
from liaison.domain.actors import Role
from liaison.domain.policy import may
from liaison.models.audit import AuditEntry
from liaison.models.departments import RoutingRule
from liaison.services import assignments, extensions, matters, reveals
from liaison.services.stations import duty_turns
from liaison.services.vault import Contact
from liaison.web.console.fields import FACES
from liaison.web.console.panels import forms_of as forms_by_role
from tests.support.forms import form_of, forms_of, send
from tests.support.life import KEPT, SAID, TEXT
from tests.support.pictures import photo
from tests.support.town import PASSWORD

PHONE = "13800138000"
EVERYBODY = ("office", "office_lead", "deputy", "housing_handler", "housing_approver", "liaison")
LATER = ("supervisor", "administrator", "auditor")


def moves_on(page) -> set[str]:
    """The names of the moves a page offers."""
    return set(re.findall(r'data-form="([a-z-]+)"', page.text))


# Signing in and out


def test_signing_in_leads_to_where_one_wanted_to_go(client, town):
    asked = client.get("/console/rules")
    assert asked.status_code == 302
    page = client.get(asked.location)
    signed = send(client, page, "sign-in", username="office", password=PASSWORD)
    assert (signed.status_code, signed.location) == (303, "/console/rules")
    assert client.get("/console/rules").status_code == 200


def test_a_wrong_password_keeps_the_name(client, town):
    page = client.get("/console/sign-in")
    again = send(client, page, "sign-in", username="office", password="wrong")
    assert again.status_code == 401
    assert form_of(again, "sign-in").values["username"] == ["office"]
    assert "用户名或密码不正确" in again.text


@pytest.mark.parametrize(
    "target", ["//evil.example/console/", "https://evil.example/console/", "/\\evil.example", "javascript:alert(1)"]
)
def test_signing_in_leads_nowhere_else(client, town, target):
    page = client.get("/console/sign-in", query_string={"next": target})
    signed = send(client, page, "sign-in", next=target, username="office", password=PASSWORD)
    assert signed.location == "/console/"


def test_signing_in_starts_the_cookie_anew(client, town):
    with client.session_transaction() as cookie:
        cookie["planted"] = "by somebody else"
    send(client, client.get("/console/sign-in"), "sign-in", username="office", password=PASSWORD)
    with client.session_transaction() as cookie:
        assert "planted" not in cookie


def test_signing_out_ends_the_session_itself(app, browser):
    office = browser("office")
    with office.session_transaction() as cookie:
        stolen = dict(cookie)
    send(office, office.get("/console/"), "sign-out")
    thief = app.test_client()
    with thief.session_transaction() as cookie:
        cookie.update(stolen)
    assert thief.get("/console/").status_code == 302


def test_a_form_sent_without_a_session_leads_back_to_its_case(client, life):
    number = life.matter_in("submitted")
    page = client.get(f"/console/cases/{number}/refusal")
    assert page.status_code == 302 and "/console/sign-in?next=" in page.location


def test_a_form_from_before_signing_out_leads_back_through_signing_in(browser, life):
    number = life.matter_in("submitted")
    office = browser("office")
    page = office.get(f"/console/cases/{number}")
    send(office, page, "sign-out")
    late = send(office, page, "ask", question="请问是哪几盏灯？")
    assert late.status_code == 302 and f"next=/console/cases/{number}/ask" in late.location
    back = office.get(f"/console/cases/{number}/ask")
    assert back.status_code == 302


# Boxes


@pytest.mark.parametrize("username", EVERYBODY + LATER)
def test_everybody_with_an_account_has_a_home(browser, life, username):
    life.matter_in("assigned", text=f"{TEXT}我的电话是{PHONE}。")
    page = browser(username).get("/console/")
    assert page.status_code == 200
    assert ("路灯坏了" in page.text) is (username not in (*LATER, "deputy", "office", "office_lead"))


@pytest.mark.parametrize("username", LATER)
def test_roles_without_cases_see_none_anywhere(browser, life, username):
    number = life.matter_in("submitted")
    viewer = browser(username)
    assert viewer.get(f"/console/cases/{number}").status_code == 403
    assert number not in viewer.get("/console/").text


def test_the_office_opens_the_first_box_that_holds_work(browser, life):
    life.matter_in("handed_over")
    page = browser("office").get("/console/")
    assert "待交办 <span" in page.text
    assert re.search(r'aria-current="page">待交办', page.text)


def test_the_office_searches_by_words_state_and_department(browser, life):
    lamp, pipe = life.matter_in("assigned"), life.matter_in("submitted", text="水管漏水把楼道泡了，请派人来修。")
    office = browser("office")
    for asked in ("q=路灯", "state=assigned", "department=housing", f"q={lamp}"):
        page = office.get(f"/console/?{asked}")
        assert lamp in page.text and pipe not in page.text, asked
    assert "没有找到符合条件的事项" in office.get("/console/?q=桥梁").text


def test_pages_follow_one_another_without_losing_the_search(browser, life):
    numbers = {life.submit().case.number for _ in range(3)}
    office = browser("office")
    seen, address = [], "/console/?box=all&q=路灯&limit=2"
    while address:
        page = office.get(address)
        seen += re.findall(r"(M2026-\d{6}-\w) · ", page.text)
        following = re.search(r'rel="next" href="([^"]+)"', page.text)
        address = following and following[1].replace("&amp;", "&")
    assert len(seen) == len(set(seen)) == 3 and set(seen) == numbers


def test_a_light_is_a_word_and_a_sign_besides_its_colour(browser, life, clock):
    life.matter_in("submitted")
    clock.advance(days=2)
    page = browser("office").get("/console/?box=overdue")
    assert "▲</span> 超期" in page.text


# The case page


def test_nobody_sees_a_case_out_of_reach(browser, life):
    number = life.matter_in("assigned")
    for username in ("other_office", "other_deputy", "water_handler"):
        assert browser(username).get(f"/console/cases/{number}").status_code == 404
    assert browser("water_handler").get(f"/console/assignments/{number}.1").status_code == 404


def test_the_page_offers_exactly_the_moves_that_are_open(browser, life):
    new, held = life.matter_in("submitted"), life.matter_in("with_deputy")
    office, deputy = browser("office"), browser("deputy")
    assert moves_on(office.get(f"/console/cases/{new}")) == {
        "accept", "refusal", "redirect", "merge", "ask", "reveal", "bar"
    }  # fmt: skip
    assert moves_on(deputy.get(f"/console/cases/{held}")) == {
        "claim", "reply", "hand-over", "pass", "ask", "refusal", "redirect"
    }  # fmt: skip
    assert moves_on(browser("liaison").get(f"/console/cases/{new}")) == set()


def test_the_office_judges_an_answer_only_where_there_is_no_deputy(browser, life):
    number = life.matter_in("replied")
    assert "verdict" not in moves_on(browser("office").get(f"/console/cases/{number}"))
    assert "verdict" in moves_on(browser("deputy").get(f"/console/cases/{number}"))


@pytest.mark.parametrize("role", [role for role in Role if forms_by_role(role)])
def test_every_form_shows_fields_its_schema_takes(role):
    for form in forms_by_role(role):
        if may(role, form.action):
            shown = {field.name for field in FACES[form.action].fields} - {"files"}
            assert shown <= set(form.schema().fields), form.action
            needed = {name for name, field in form.schema().fields.items() if field.required}
            assert needed - {"assignment", "position", "party"} <= shown, form.action


def test_a_matter_walks_from_screening_to_the_rating_through_forms_alone(browser, life):
    number = life.submit().case.number
    office, deputy = browser("office"), browser("deputy")
    handler, approver = browser("housing_handler"), browser("housing_approver")
    case, duty = f"/console/cases/{number}", f"/console/assignments/{number}.1"

    def does(client, address: str, move: str, **typed) -> None:
        answer = send(client, client.get(address), move, **typed)
        assert (answer.status_code, answer.location) == (303, address), answer.text

    does(office, case, "accept")
    does(deputy, case, "claim")
    does(deputy, case, "hand-over", advice="实地看过，三盏灯不亮，建议住建局修复。", departments=["housing"])
    does(office, case, "dispatch", text="请尽快办理。")
    does(handler, duty, "acknowledge")
    does(handler, duty, "reply", **KEPT, files=[(BytesIO(photo()), "修好以后.jpg")])
    does(approver, duty, "approval", approve="true")
    does(deputy, case, "verdict", accept="true")
    assert life.case(number).state == "rating"
    page = office.get(case)
    assert SAID in page.text and f"/files/{number}/1" in page.text


def test_dispatch_starts_with_the_suggested_department_and_says_why(browser, life):
    number = life.submit().case.number
    life.act("office", matters.accept, number)
    life.act("deputy", matters.hand_over, number, "情况属实，请处理。", [])
    page = browser("office").get(f"/console/cases/{number}")
    assert form_of(page, "dispatch").values["lead"] == ["housing"]
    assert "已选建议单位：按规则（职责清单），文中提到“路灯”" in page.text


def test_a_hollow_reply_comes_back_with_what_is_missing_and_what_was_typed(browser, life):
    number = life.matter_in("assigned")
    life.acknowledge(f"{number}.1")
    handler = browser("housing_handler")
    page = handler.get(f"/console/assignments/{number}.1")
    again = send(handler, page, "reply", text="已转交相关科室，正在研究。", outcome="B", owner="相关部门")
    assert again.status_code == 422
    form = form_of(again, "reply")
    assert form.values["text"] == ["已转交相关科室，正在研究。"]
    assert form.values["outcome"] == ["B"]
    assert "请填写承诺办结的日期" in again.text and "不能只写“相关部门”" in again.text
    assert re.search(r'data-form="reply" open', again.text)


def test_the_second_of_two_gets_a_page_that_shows_what_happened(browser, life):
    number = life.matter_in("submitted")
    office, lead = browser("office"), browser("office_lead")
    slow = office.get(f"/console/cases/{number}")
    send(lead, lead.get(f"/console/cases/{number}"), "accept")
    late = send(office, slow, "refusal", reason="这件事不归我们管，请找物业。", channel="other")
    assert late.status_code == 409
    assert "您打开页面之后，这件事项有了新的进展" in late.text
    assert "人大办负责人 office_lead的人：初审通过" in late.text
    assert form_of(late, "refusal").values["reason"] == ["这件事不归我们管，请找物业。"]
    assert life.case(number).state == "with_deputy"


def test_what_was_typed_for_a_move_no_longer_open_can_still_be_read(browser, life):
    number, other = life.matter_in("submitted"), life.matter_in("submitted")
    office = browser("office")
    slow = office.get(f"/console/cases/{number}")
    life.act("office_lead", matters.accept, number)
    late = send(office, slow, "merge", into=other)
    assert late.status_code == 409 and "merge" not in moves_on(late)
    assert "您刚才填写的内容" in late.text and other in late.text


def test_a_move_of_another_role_is_not_there(browser, life):
    number = life.matter_in("with_deputy")
    office = browser("office")
    token = form_of(office.get("/console/"), "sign-out").values["csrf_token"][0]
    for move in ("claim", "hand-over", "no-such-move"):
        answer = office.post(f"/console/cases/{number}/{move}", data={"csrf_token": token})
        assert answer.status_code == 404


def test_a_form_without_its_token_is_refused(browser, life):
    number = life.matter_in("submitted")
    assert browser("office").post(f"/console/cases/{number}/accept").status_code == 400
    assert life.case(number).state == "submitted"


def test_returns_and_extensions_are_decided_per_assignment(browser, life):
    number = life.matter_in("assigned")
    reference = f"{number}.1"
    life.act("housing_handler", assignments.request_return, reference, "路灯归交通局管。", "traffic")
    office = browser("office")
    page = office.get(f"/console/cases/{number}")
    assert "住建局（" in page.text and "申请退办：路灯归交通局管。" in page.text
    refused = send(office, page, "return-decision", approve="false", text="三定方案写明由你局负责。")
    assert refused.status_code == 303 and life.assignment(reference).locked
    life.acknowledge(reference)
    handler = browser("housing_handler")
    assert "return" not in moves_on(handler.get(f"/console/assignments/{reference}"))
    life.act("housing_handler", extensions.request_extension, reference, 3, "灯具要定制，厂家三天后到货。")
    granted = send(office, office.get(f"/console/cases/{number}"), "extension-decision", approve="true")
    assert granted.status_code == 303
    assert "批准延期 3 个工作日" in office.get(f"/console/cases/{number}").text


def test_a_draft_sent_back_need_not_be_typed_again(browser, life):
    number = life.matter_in("assigned")
    reference = f"{number}.1"
    life.acknowledge(reference)
    life.reply(reference)
    life.sign(reference, approve=False, text="请补充更换灯具的型号。")
    page = browser("housing_handler").get(f"/console/assignments/{reference}")
    assert form_of(page, "reply").values["text"] == [SAID]


def test_passing_a_matter_on_leads_home(browser, life):
    number = life.matter_in("with_deputy")
    deputy = browser("deputy")
    page = deputy.get(f"/console/cases/{number}")
    passed = send(deputy, page, "pass", deputy="D004", reason="我出差一周，请代为处理。")
    assert (passed.status_code, passed.location) == (303, "/console/")
    assert browser("other_deputy").get(f"/console/cases/{number}").status_code == 200


def test_the_page_shows_how_the_due_date_came_about_and_its_ladder(browser, life):
    number = life.matter_in("assigned")
    page = browser("office").get(f"/console/cases/{number}")
    assert "2026年3月7日（周六）起 2 天：休息日，不计入" in page.text
    assert "到期，共计 5 个工作日" in page.text
    assert "超期 5 个工作日，列入督办" in page.text


def test_a_promise_is_reported_kept_through_its_form(browser, life):
    number = life.promised()
    handler = browser("housing_handler")
    page = handler.get(f"/console/assignments/{number}.1")
    kept = send(handler, page, "fulfilment", **KEPT)
    assert kept.status_code == 303
    assert life.case(number).state == "rating"


def test_an_answer_is_published_only_as_it_was_rewritten(browser, life):
    number = life.matter_in("closed", text=f"{TEXT}我的电话是{PHONE}。")
    office = browser("office")
    page = office.get(f"/console/publishing/{number}")
    assert PHONE not in form_of(page, number).values["text"][0]
    without = send(office, page, number, title="北街路灯已修复")
    assert without.status_code == 422
    with_consent = send(office, page, number, title="北街路灯已修复", consent="true")
    assert with_consent.status_code == 303


# Who the resident is


def test_departments_and_stations_never_read_a_phone_number(browser, life):
    number = life.matter_in("assigned", text=f"{PHONE}是我的电话。{TEXT}", contact=Contact("张三", PHONE))
    for username in ("housing_handler", "housing_approver", "liaison"):
        viewer = browser(username)
        for address in ("/console/", f"/console/cases/{number}", "/console/notices"):
            page = viewer.get(address)
            assert PHONE not in page.text and "张三" not in page.text, (username, address)


def test_a_contact_the_resident_shares_is_shown_with_the_reason(browser, life):
    number = life.matter_in("with_deputy", contact=Contact("张三", PHONE), share_identity=True)
    page = browser("deputy").get(f"/console/cases/{number}")
    assert PHONE in page.text and "群众同意让承办人员看到" in page.text


def test_a_reveal_is_asked_by_one_and_decided_by_another(browser, life, clock):
    number = life.matter_in("submitted", contact=Contact("张三", PHONE))
    office, lead = browser("office"), browser("office_lead")
    case = f"/console/cases/{number}"
    assert send(office, office.get(case), "reveal", reason="要约群众到现场指认位置。").status_code == 303
    assert "reveal" not in moves_on(office.get(case))
    decided = send(lead, lead.get(case), "reveal-decision", approve="true", text="同意。")
    assert decided.status_code == 303
    assert PHONE in office.get(case).text and PHONE not in lead.get(case).text
    watermark = office.get(case).text.partition('class="watermark"')[2].partition("</div>")[0]
    assert watermark.count("office的人 2026-03-02 10:00") > 5, "whose screen it is, all over it"
    clock.advance(minutes=16)
    assert PHONE not in office.get(case).text


def test_a_reveal_is_ended_by_a_form_and_attempts_by_forms_are_written_down(browser, life):
    number = life.matter_in("submitted", contact=Contact("张三", PHONE))
    office, lead, case = browser("office"), browser("office_lead"), f"/console/cases/{number}"
    send(office, office.get(case), "reveal", reason="要约群众到现场指认位置。")
    form = lead.get(case)
    assert send(lead, form, "reveal-decision", approve="true", text="同意。").status_code == 303
    assert send(lead, form, "reveal-decision", approve="true", text="同意。").status_code == 409
    assert {"reveal-end"} <= moves_on(office.get(case)) & moves_on(lead.get(case))
    assert send(office, office.get(case), "reveal-end").status_code == 303
    assert PHONE not in office.get(case).text
    short = send(office, office.get(case), "reveal", reason="想看看")
    assert short.status_code == 422 and "想看看" in short.text
    token = {"csrf_token": re.search(r'name="csrf_token" value="([^"]+)"', office.get(case).text)[1]}
    assert office.post(f"{case}/reveal-decision", data=token | {"position": 1, "approve": "true"}).status_code == 404
    attempts = select(AuditEntry.by_name, AuditEntry.data).where(AuditEntry.act == "reveal.bypass")
    assert [(name, data["how"]) for name, data in session.execute(attempts.order_by(AuditEntry.seq))] == [
        ("office_lead的人", "decided"),
        ("office的人", "elsewhere"),
    ]


def test_nobody_decides_on_a_reveal_of_their_own(browser, life):
    number = life.matter_in("submitted", contact=Contact("张三", PHONE))
    life.act("office_lead", reveals.ask_reveal, number, "要约群众到现场指认位置。")
    assert "reveal-decision" not in moves_on(browser("office_lead").get(f"/console/cases/{number}"))
    assert "reveal-decision" not in moves_on(browser("office").get(f"/console/cases/{number}"))


# Notices


def test_opening_the_inbox_marks_it_read(browser, life):
    life.matter_in("submitted")
    office = browser("office")
    assert 'class="count">1<' in office.get("/console/").text.partition("<main")[0]
    assert "提交事项" in office.get("/console/notices").text
    assert 'class="count">' not in office.get("/console/").text.partition("<main")[0]


# Routing rules


def test_a_new_rule_suggests_at_once_and_stops_when_switched_off(browser, life):
    office = browser("office")
    page = office.get("/console/rules/new")
    rule = {"keywords": "井盖、窨井", "department": "water", "priority": "20", "reason": "三定方案"}
    assert send(office, page, "new", **rule).status_code == 303
    tried = office.get("/console/rules?text=路口的井盖松了")
    assert "文中提到“井盖”" in tried.text and "水务局" in tried.text.partition("会建议")[2]
    listed = next(form for form in forms_of(tried) if form.action.endswith("/switch"))
    assert office.post(listed.action, data=listed.values).status_code == 303
    assert "没有规则命中" in office.get("/console/rules?text=路口的井盖松了").text


def test_a_rule_that_would_match_everything_is_refused(browser, life):
    office = browser("office")
    again = send(office, office.get("/console/rules/new"), "new", department="water", priority="20", reason="三定方案")
    assert again.status_code == 422
    assert form_of(again, "new").values["reason"] == ["三定方案"]
    assert "否则每件事项都会命中" in again.text


def test_a_rule_is_edited_by_its_own_office_only(browser, life):
    rule: RoutingRule = life.town.rules[0]
    address = f"/console/rules/{rule.id}"
    office = browser("office")
    page = office.get(address)
    assert form_of(page, str(rule.id)).values["keywords"] == ["路灯"]
    assert send(office, page, str(rule.id), keywords="路灯 灯杆").status_code == 303
    assert "路灯、灯杆" in office.get("/console/rules").text
    assert browser("other_office").get(address).status_code == 404


# Stations and rosters


def names_in_order(page) -> list[str]:
    """The names on a station's roster."""
    return re.findall(r"<div><b>([^<]+)</b>", page.text)


def test_a_roster_is_put_in_order(browser, life):
    office = browser("office")
    address = "/console/stations/S001"
    page = office.get(address)
    assert names_in_order(page) == ["常在外", "无账号", "刘在岗"]
    token = form_of(page, "turn").values["csrf_token"]
    for deputy, act in (("D003", "up"), ("D002", "drop"), ("D004", "add")):
        answer = office.post(f"{address}/turn", data={"csrf_token": token, "deputy": deputy, "act": act})
        assert answer.status_code == 303, answer.text
    assert names_in_order(office.get(address)) == ["常在外", "刘在岗", "陈接手"]


def test_an_absent_deputy_is_passed_over_until_the_day_after(browser, life, clock):
    office = browser("office")
    token = form_of(office.get("/console/stations/S001"), "absence").values["csrf_token"]
    body = {"csrf_token": token, "deputy": "D003", "absent_until": "2026-03-04"}
    assert office.post("/console/stations/S001/absence", data=body).status_code == 303
    assert "人大办（名册上没有能接手的代表）" in office.get("/console/stations/S001").text
    late = office.post("/console/stations/S001/absence", data=body | {"absent_until": "2026-03-01"})
    assert late.status_code == 422 and "日期已经过去" in late.text
    station = life.town.stations.east
    clock.advance(days=3)
    assert [turn.present for turn in duty_turns(station.id, clock())] == [False, True, True]
    assert life.town.deputies.present.absent_until == date(2026, 3, 4)


def test_a_liaison_reaches_the_own_station_only_and_leaves_screening_to_the_office(browser, life):
    liaison = browser("liaison")
    assert "城西" not in liaison.get("/console/stations").text
    assert liaison.get("/console/stations/S002").status_code == 404
    page = liaison.get("/console/stations/S001")
    assert "/s/S001/poster.pdf" in page.text and "/screening" not in page.text
    token = form_of(page, "sign-out").values["csrf_token"]
    forbidden = liaison.post("/console/stations/S001/screening", data={"csrf_token": token, "on": "false"})
    assert forbidden.status_code == 403


def test_switching_screening_off_sends_matters_straight_to_the_deputy(browser, life):
    office = browser("office")
    send(office, office.get("/console/stations/S001"), "screening")
    assert life.case(life.submit().case.number).state == "with_deputy"


# Proxy entry


def test_a_liaison_writes_down_a_matter_and_hands_over_a_receipt(browser, client, life):
    liaison = browser("liaison")
    page = liaison.get("/console/station/new")
    told = {"text": TEXT, "category": "roads", "place__name": "北街口", "contact__phone": PHONE}
    receipt = send(liaison, page, "new", **told, photos=[(BytesIO(photo()), "灯.jpg")])
    assert receipt.status_code == 201
    number, code = re.findall(r"<dd>([^<]+)</dd>", receipt.text)
    assert life.events(number)[0].data["source"] == "proxy"
    opened = client.get(f"/api/v1/matters/{number}", headers={"X-Matter-Secret": code})
    assert opened.get_json()["receipt"]["hash"] in receipt.text
    twice = send(liaison, page, "new", **told, photos=[(BytesIO(photo()), "灯.jpg")])
    assert twice.status_code == 200 and number in twice.text


def test_an_entry_with_a_mistake_keeps_words_and_photos(browser, life):
    liaison = browser("liaison")
    page = liaison.get("/console/station/new")
    wrong = send(liaison, page, "new", text=TEXT, contact__phone="abc", photos=[(BytesIO(photo()), "灯.jpg")])
    assert wrong.status_code == 422
    assert form_of(wrong, "new").values["text"] == [TEXT]
    assert "已收到 1 张照片" in wrong.text
    right = send(liaison, wrong, "new", contact__phone=PHONE)
    assert right.status_code == 201
    number = re.findall(r"<dd>([^<]+)</dd>", right.text)[0]
    assert len(life.events(number)[0].data["files"]) == 1


def test_a_file_that_is_no_picture_is_named(browser, life):
    liaison = browser("liaison")
    page = liaison.get("/console/station/new")
    wrong = send(liaison, page, "new", text=TEXT, photos=[(BytesIO(b"not a picture"), "a.jpg")])
    assert wrong.status_code == 422 and "第 1 张" in wrong.text
