"""Operations screens: outbox, ladders and terms, calendar, digest; who may open them and what they do."""

import re
from io import BytesIO

import pytest
from sqlalchemy import select, update

from liaison.db import session, transaction
from liaison.domain.reminders import Audience, Rung
from liaison.models.clocks import CalendarImport, CalendarYear
from liaison.models.departments import LadderRung, LocalTerm
from liaison.models.notices import Notice, NoticeAct
from liaison.services import digests, ladders
from tests.support.calendar import table
from tests.support.clock import FakeClock
from tests.support.forms import form_of, forms_of, send
from tests.support.life import Life
from tests.support.sending import claim

NOBODY = ("deputy", "housing_handler", "housing_approver", "liaison", "supervisor", "auditor")
OPEN = {
    "/console/outbox": ("office", "office_lead", "administrator"),
    "/console/calendar": ("office", "office_lead", "administrator"),
    "/console/ladders": ("office_lead",),
    "/console/digest": ("office", "office_lead"),
}


def kill(
    number: str, life: Life, *, channel: str = "log", error: str = "ConnectTimeout", role: str = "office"
) -> Notice:
    """Let one notice of a case end dead on its way out, by that channel."""
    notice = next(each for each in life.notices(number, channel="log") if each.recipient_role == role)
    with transaction():
        dead = {"state": "dead", "channel": channel, "attempts": 8, "token": 8, "error": error}
        dead["settled_at"] = life.clock()
        session.execute(update(Notice).where(Notice.id == notice.id).values(**dead))
    return notice


def fresh(notice: Notice) -> Notice:
    return session.get_one(Notice, notice.id, populate_existing=True)


# Who may open what


@pytest.mark.parametrize("address", OPEN)
@pytest.mark.parametrize("username", ("office", "office_lead", "administrator", *NOBODY))
def test_each_page_opens_for_its_roles_alone_and_its_menu_says_so(browser, life, address, username):
    page = browser(username).get(address)
    assert page.status_code == (200 if username in OPEN[address] else 403)
    assert (f'href="{address}"' in browser(username).get("/console/").text) is (username in OPEN[address])


def test_visitors_are_sent_to_sign_in(client, town):
    assert {client.get(address).status_code for address in OPEN} == {302}


# Outbox


def test_the_outbox_opens_on_what_failed_and_counts_every_state(browser, life):
    number = life.matter_in("submitted")
    kill(number, life)
    page = browser("office").get("/console/outbox")
    assert '发送失败 <span class="count">1<' in page.text
    assert "ConnectTimeout" in page.text and "还没有人处理" in page.text and "office的人" in page.text
    assert number in page.text


def test_the_outbox_shows_no_word_of_a_matter_and_the_administrator_no_way_to_it(browser, life):
    number = life.matter_in("rating")
    kill(number, life)
    for state in ("dead", "due"):
        page = browser("administrator").get(f"/console/outbox?state={state}").text
        assert number in page and "路灯" not in page
        assert f"/console/cases/{number}" not in page and "重新发送" not in page
    assert f"/console/cases/{number}" in browser("office").get("/console/outbox?state=due").text


def test_residents_have_no_name_in_the_outbox(browser, life):
    kill(life.matter_in("with_deputy"), life, role="resident")
    page = browser("office").get("/console/outbox").text
    row = re.search(r"<td>群众(.*?)</td>", page, re.S)
    assert row and "<small>" not in row[1]


def test_another_region_sees_and_sends_nothing_of_ours(browser, life):
    number = life.matter_in("submitted")
    dead = kill(number, life)
    stranger = browser("other_office")
    page = stranger.get("/console/outbox?state=dead")
    assert number not in page.text and "没有发送失败的通知" in page.text
    token = form_of(page, "sign-out").values["csrf_token"][0]
    for act in ("take", "send_again"):
        assert stranger.post(f"/console/outbox/{dead.id}/{act}", data={"csrf_token": token}).status_code == 404
    stranger.post("/console/outbox/all/send_again", data={"csrf_token": token, "until": life.clock().isoformat()})
    assert fresh(dead).state == "dead"


def test_the_list_is_narrowed_by_channel_and_error_and_goes_on_page_by_page(browser, life):
    first, second, third = (life.matter_in("submitted") for _ in range(3))
    kill(first, life, error="refused")
    kill(second, life, channel="sms")
    kill(third, life)
    office = browser("office")
    assert shown(office.get("/console/outbox?state=dead&error=refused")) == [first]
    assert shown(office.get("/console/outbox?state=dead&channel=sms")) == [second]
    page = office.get("/console/outbox?state=dead&limit=2")
    following = re.search(r'rel="next" href="([^"]+)"', page.text)
    assert shown(page) == [third, second]
    assert shown(office.get(following[1].replace("&amp;", "&"))) == [first]
    assert "没有符合条件的通知" in office.get("/console/outbox?state=dead&error=other").text


def shown(page) -> list[str]:
    """The numbers a page lists, each once, in order."""
    return list(dict.fromkeys(re.findall(r"cases/(M\d{4}-\d{6}-\w)", page.text)))


def test_a_dead_notice_is_taken_on_and_taken_over(browser, life):
    dead = kill(life.matter_in("submitted"), life)
    office, lead = browser("office"), browser("office_lead")
    assert send(office, office.get("/console/outbox"), "take").status_code == 303
    assert fresh(dead).owner_id == life.town.accounts["office"].id
    page = office.get("/console/outbox")
    assert "我来处理" not in page.text and "接手处理" in page.text
    send(lead, lead.get("/console/outbox"), "take")
    assert fresh(dead).owner_id == life.town.accounts["office_lead"].id


def test_sent_again_it_starts_anew_but_its_token_grows(browser, life):
    dead = kill(life.matter_in("submitted"), life)
    office = browser("office")
    life.clock.advance(minutes=20)
    page = office.get("/console/outbox")
    assert send(office, page, "send_again").status_code == 303
    again = fresh(dead)
    assert (again.state, again.attempts, again.token, again.settled_at) == ("due", 0, 8, None)
    assert again.next_at == again.due_at == life.clock()
    [message] = claim(life, dead.id)
    assert (message.token, message.attempts) == (9, 1)
    act = session.scalars(select(NoticeAct)).one()
    assert (act.act, act.by_id, act.at) == ("send_again", life.town.accounts["office"].id, life.clock())
    late = send(office, page, "send_again")
    assert late.status_code == 409 and "可能已由他人处理" in late.text
    assert fresh(dead).state == "leased"


def test_sending_again_at_night_waits_for_the_morning(browser, life):
    dead = kill(life.matter_in("submitted"), life)
    life.clock.advance(hours=12)
    office = browser("office")
    send(office, office.get("/console/outbox"), "send_again")
    assert fresh(dead).next_at > life.clock()


def test_the_filtered_selection_is_sent_again_after_asking(browser, life):
    wanted, other = kill(life.matter_in("submitted"), life), kill(life.matter_in("submitted"), life, error="refused")
    office = browser("office")
    asked = office.get("/console/outbox/all/send_again?error=ConnectTimeout")
    assert "<b>1</b> 条" in asked.text
    life.clock.advance(minutes=5)
    later = kill(life.matter_in("submitted"), life)
    done = send(office, asked, "send_again")
    assert done.status_code == 303
    assert [fresh(each).state for each in (wanted, other, later)] == ["due", "dead", "dead"]
    assert fresh(wanted).owner_id == life.town.accounts["office"].id
    assert "已重新发送 1 条" in office.get("/console/outbox").text


def test_a_confirmation_that_was_tampered_with_sends_nothing(browser, life):
    dead = kill(life.matter_in("submitted"), life)
    office = browser("office")
    page = office.get("/console/outbox/all/send_again")
    for until in ("", "soon", "2026-03-02T10:00:00"):
        assert send(office, page, "send_again", until=until).status_code == 400
    assert fresh(dead).state == "dead"


@pytest.mark.parametrize(("act", "state"), [("release", "due"), ("cancel", "cancelled")])
def test_what_is_in_doubt_after_a_restore_is_decided_one_by_one_or_all_at_once(browser, life, act, state):
    doubtful = [kill(life.matter_in("submitted"), life) for _ in range(3)]
    with transaction():
        held = {"state": "in_doubt", "settled_at": None, "error": None}
        session.execute(update(Notice).where(Notice.state == "dead").values(**held))
    office = browser("office")
    page = office.get("/console/outbox")
    assert "待定 <span" in page.text and "我来处理" not in page.text
    send(office, page, act)
    assert sorted(fresh(each).state for each in doubtful) == sorted([state, "in_doubt", "in_doubt"])
    assert send(office, office.get(f"/console/outbox/all/{act}"), act).status_code == 303
    assert {fresh(each).state for each in doubtful} == {state}
    assert [each.act for each in session.scalars(select(NoticeAct))] == [act] * 3


# Ladders and terms


def test_a_region_decides_who_hears_of_a_rung_and_may_take_it_back(browser, life):
    lead = browser("office_lead")
    page = lead.get("/console/ladders")
    done = send(lead, page, "rungs", half=["owner", "head"], overdue_1=[])
    assert done.status_code == 303
    rows = {row.rung: row.audiences for row in session.scalars(select(LadderRung))}
    assert rows == {"half": ["head", "owner"], "overdue_1": []}
    page = lead.get("/console/ladders")
    assert page.text.count("本区域自定") == 2 and "不提醒任何人" in page.text
    number = life.matter_in("assigned")
    life.acknowledge(f"{number}.1")
    life.clock.advance(days=3)
    life.fall_due()
    assert life.told(number, "reminder.half") == {"housing_handler", "housing_head"}
    lead = browser("office_lead")
    send(lead, lead.get("/console/ladders"), "reset")
    assert session.scalars(select(LadderRung)).all() == []


def test_the_loud_rungs_cannot_be_emptied_and_what_was_chosen_stays(browser, life):
    lead = browser("office_lead")
    refused = send(lead, lead.get("/console/ladders"), "rungs", overdue_3=[], half=["office"])
    assert refused.status_code == 422 and "这一档不能没有人收到提醒" in refused.text
    assert form_of(refused, "rungs").values["half"] == ["office"]
    assert session.scalars(select(LadderRung)).all() == []


def test_the_nearest_region_above_decides(browser, life):
    lead = browser("office_lead")
    east = life.town.regions.east
    send(lead, lead.get("/console/ladders"), "rungs", blue=["office"])
    send(lead, lead.get(f"/console/ladders?region={east.code}"), "rungs", blue=["head"])
    with transaction():
        assert ladders.audiences_for(east.path)[Rung.blue] == {Audience.head}
        assert ladders.audiences_for(life.town.regions.west.path)[Rung.blue] == {Audience.office}
        assert ladders.audiences_for(life.town.regions.other_county.path)[Rung.blue] == {Audience.owner}
    assert "示范县：人大办" in lead.get(f"/console/ladders?region={east.code}").text


@pytest.mark.parametrize("part", ["rungs", "terms", "reset"])
def test_a_region_out_of_reach_is_not_there(browser, life, part):
    lead = browser("office_lead")
    for code in ("110102", "110100", "nowhere"):
        assert lead.get(f"/console/ladders?region={code}").status_code == 404
        token = form_of(lead.get("/console/ladders"), "rungs").values["csrf_token"][0]
        answer = lead.post(f"/console/ladders/{code}/{part}", data={"csrf_token": token, "overdue_3": "head",
                           "overdue_5": "head", "repeat": "head"})  # fmt: skip
        assert answer.status_code == 404
    assert session.scalars(select(LadderRung)).all() == []


def test_a_region_sets_its_own_terms_and_goes_back_to_the_default(browser, life):
    lead = browser("office_lead")
    page = lead.get("/console/ladders")
    assert send(lead, page, "terms", screening="2 wd", urgent="12 h").status_code == 303
    number = life.matter_in("submitted")
    assert life.clocks(number)[0].term == "2 wd"
    page = lead.get("/console/ladders")
    assert form_of(page, "terms").values["screening"] == ["2 wd"]
    assert send(lead, page, "terms", screening="", urgent="").status_code == 303
    assert session.scalars(select(LocalTerm)).all() == []


@pytest.mark.parametrize("typed", [{"screening": "soon"}, {"ordinary": "0 wd"}, {"reopening": "24 h"}])
def test_a_term_that_cannot_be_read_is_refused_beside_its_field(browser, life, typed):
    lead = browser("office_lead")
    refused = send(lead, lead.get("/console/ladders"), "terms", hard="20 wd", **typed)
    assert refused.status_code == 422 and refused.text.count('class="wrong"') == 1
    values = form_of(refused, "terms").values
    assert values["hard"] == ["20 wd"] and all(values[clock] == [text] for clock, text in typed.items())
    assert session.scalars(select(LocalTerm)).all() == []


# Calendar


@pytest.fixture
def over_new_year(life: Life) -> str:
    """The number of a matter that is to be rated beyond the last loaded year."""
    life.clock.set(life.clock().replace(year=2026, month=12, day=28))
    for account in life.town.accounts.values():
        account.password_changed_at = life.clock()  # or everybody were asked for a new one first
    return life.matter_in("rating")


MOVING = table(2027, rest=["2027-01-04", "2027-01-05"])


def test_the_page_says_how_far_the_tables_reach(browser, over_new_year):
    page = browser("administrator").get("/console/calendar")
    assert "2026年12月31日" in page.text and "还有 3 个工作日" in page.text
    assert "节假日安排快用完了" in page.text
    assert re.search(r"<dd>1 个<small>到期日落在还没有导入的年份", page.text)


def test_no_alarm_while_the_tables_reach_far(browser, life):
    assert "节假日安排快用完了" not in browser("office").get("/console/calendar").text


def test_a_preview_changes_nothing_and_is_what_is_applied(browser, life, over_new_year):
    lead = browser("office_lead")
    before = (life.clocks(over_new_year)[0].due_on, life.kinds(over_new_year))
    page = send(lead, lead.get("/console/calendar"), "preview", table=MOVING)
    assert page.status_code == 200 and "会有 <b>1</b> 个" in page.text
    assert (life.clocks(over_new_year)[0].due_on, life.kinds(over_new_year)) == before
    assert session.get(CalendarYear, 2027) is None and not session.scalars(select(CalendarImport)).all()
    applied = send(lead, page, "import")
    assert applied.status_code == 303
    clock = life.clocks(over_new_year)[0]
    for day in (before[0], clock.due_on):
        assert f"{day.year}年{day.month}月{day.day}日" in page.text
    assert clock.due_on > before[0] and life.kinds(over_new_year)[-1] == "calendar"
    done = lead.get("/console/calendar")
    assert "office_lead的人导入 2027 年" in done.text and "1 个时限随之变动" in done.text
    assert "原到期日" in lead.get(f"/console/cases/{over_new_year}").text


def test_an_uploaded_table_of_excel_is_read(browser, over_new_year):
    lead = browser("office_lead")
    lines = MOVING.replace("day,kind,name", "日期,类别,名称").replace("rest", "休").encode("gb18030")
    page = send(lead, lead.get("/console/calendar"), "preview", file=(BytesIO(lines), "2027.csv"))
    assert page.status_code == 200 and over_new_year in page.text


@pytest.mark.parametrize(
    "wrong", ["", "day,kind,name\n2027-13-01,rest,元旦", "day,kind,name\n2027-01-01,rest,元旦", "x\x00"]
)
def test_a_table_that_cannot_be_read_is_refused_and_kept(browser, life, wrong):
    lead = browser("office_lead")
    page = send(lead, lead.get("/console/calendar"), "preview", table=wrong)
    assert page.status_code == 422 and "alert-danger" in page.text
    assert [form.action for form in forms_of(page)].count("/console/calendar/import") == 0
    assert session.get(CalendarYear, 2027) is None


def test_other_regions_cases_are_counted_and_not_named(browser, life, over_new_year):
    stranger = life.town.accounts["administrator"]
    with transaction():
        stranger.region_id = life.town.regions.other_county.id
    administrator = browser("administrator")
    page = send(administrator, administrator.get("/console/calendar"), "preview", table=MOVING)
    assert over_new_year not in page.text and "其中 1 个属于其他区域" in page.text


def test_the_office_reads_the_calendar_and_does_not_import(browser, life):
    office = browser("office")
    page = office.get("/console/calendar")
    assert "导入官方安排" not in page.text
    token = form_of(page, "sign-out").values["csrf_token"][0]
    for name in ("preview", "import"):
        assert office.post(f"/console/calendar/{name}", data={"csrf_token": token, "table": MOVING}).status_code == 403


# Digest and the head's box


def test_every_figure_of_the_digest_opens_its_list(browser, life, clock: FakeClock):
    life.matter_in("assigned")
    clock.advance(days=30)
    fresh_one = life.matter_in("submitted")
    kill(fresh_one, life)
    office = browser("office")
    page = office.get("/console/digest")
    figures = dict(re.findall(r'href="([^"]+)"><b>(\d+)</b>', page.text))
    assert figures["/console/?box=today"] == "1" and figures["/console/?box=red"] == "1"
    assert figures["/console/outbox?state=dead"] == "1"
    for address, count in figures.items():
        listed = office.get(address)
        assert listed.status_code == 200
        assert len(set(re.findall(r"cases/(M\d{4}-\d{6}-\w)", listed.text))) == int(count), address


def test_a_digest_in_the_inbox_leads_to_its_page(browser, life, clock: FakeClock):
    with transaction():
        digests.put_digests(clock())
    page = browser("office").get("/console/notices")
    assert re.search(r'<a href="/console/digest">今日工作摘要</a>', page.text)


def test_a_head_sees_what_is_overdue_in_the_own_department(browser, life, clock: FakeClock):
    number = life.matter_in("assigned")
    life.acknowledge(f"{number}.1")
    assert "超期 <span" not in browser("housing_approver").get("/console/").text
    clock.advance(days=8)
    page = browser("housing_head").get("/console/?box=late")
    assert number in page.text and re.search(r'超期 <span class="count">1<', page.text)
    assert number not in browser("water_head").get("/console/?box=late").text
    assert browser("housing_approver").get("/console/?box=late").status_code == 422


def test_the_case_page_and_the_list_name_the_next_owner(browser, life, clock: FakeClock):
    number = life.matter_in("assigned")
    life.acknowledge(f"{number}.1")
    with transaction():
        life.town.departments.housing.head_name = "周局长"
    clock.advance(days=14)
    life.fall_due()
    office = browser("office")
    assert "责任人：<b>住建局单位负责人 周局长" in office.get(f"/console/cases/{number}").text
    assert "责任人：单位负责人（住建局 周局长）" in office.get("/console/?box=supervised").text
