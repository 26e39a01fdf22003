"""The console as a desk with two hundred open items: narrowed, in order, page by page, signed for in one go, kept."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event

from liaison import wall
from liaison.db import db, session, transaction
from liaison.domain.clocks import Light
from liaison.models.assignments import Assignment
from liaison.models.base import new_id
from liaison.models.cases import Case
from liaison.models.clocks import Clock
from liaison.models.desk import SavedView
from liaison.services import inboxes, saved_views
from liaison.services.wanted import Sort, Wanted
from tests.support.forms import form_of, forms_of, send
from tests.support.life import TEXT, Life

PHONE = "13800138000"


@contextmanager
def asked() -> Iterator[list[str]]:
    """The statements sent to the database within."""
    told: list[str] = []

    def listen(connection, cursor, statement, *more):
        told.append(statement)

    event.listen(db.engine, "before_cursor_execute", listen)
    try:
        yield told
    finally:
        event.remove(db.engine, "before_cursor_execute", listen)


def clone(life: Life, number: str, times: int) -> None:
    """As many more of one assigned matter, each due a little later than the one before."""
    case, part = life.case(number), life.assignment(f"{number}.1")
    clock = session.get(Clock, part.clock_id)
    copied = [(Case, case), (Clock, clock), (Assignment, part)]
    columns = {table: [each.key for each in table.__mapper__.column_attrs] for table, _ in copied}
    with transaction():
        for n in range(times):
            later, ids = timedelta(hours=n), {table: new_id() for table, _ in copied}
            own = {"id": ids[Case], "number": f"{number[:-8]}9{n:05d}-X", "clock_id": ids[Clock]}
            timed = {"id": ids[Clock], "case_id": ids[Case], "assignment_id": None}
            timed |= {name: getattr(clock, name) + later for name in ("due_at", "yellow_at", "red_at")}
            timed["blue_at"] = clock.blue_at - later  # so that who is due later lights up first
            duty = {"id": ids[Assignment], "case_id": ids[Case], "clock_id": ids[Clock]}
            for (table, row), changed in zip(copied, (own, timed, duty), strict=True):
                session.add(table(**{name: getattr(row, name) for name in columns[table]} | changed))
                session.flush()


def references(page) -> list[str]:
    """The assignments a list shows, in its order."""
    return re.findall(r'href="/console/assignments/([^"]+)"', page.text)


def walk(life: Life, who: str, box: str, wanted: Wanted, limit: int) -> list[inboxes.Row]:
    """All pages of a department's box."""
    actor, seen, after = life.town.actor(who), [], None
    while page := inboxes.department_box(actor, box, life.clock(), wanted=wanted, after=after, limit=limit):
        seen, after = seen + page, page[-1].cursor
        life.clock.advance(minutes=50)  # lights change between two pages
    return seen


# Lists


def test_two_hundred_items_take_two_queries_and_no_more_for_a_hundred_lines_than_for_one(browser, life):
    clone(life, life.matter_in("assigned"), 200)
    handler = browser("housing_handler")
    handler.get("/console/?limit=1")  # what rules everybody is kept from now on
    told = {}
    for limit in ("1", "100"):
        with asked() as statements:
            page = handler.get(f"/console/?limit={limit}")
        assert len(references(page)) == int(limit)
        told[limit] = len(statements)
        lists = [each for each in statements if "FROM cases" in each or "FROM assignments" in each]
        assert len(lists) == 2, lists
    assert told["1"] == told["100"] < 25


@pytest.mark.parametrize("sort", sorted(Sort))
def test_every_order_is_followed_page_by_page_with_nothing_twice_and_nothing_left_out(life, sort):
    clone(life, number := life.matter_in("assigned"), 30)
    life.clock.set(session.get(Clock, life.assignment(f"{number}.1").clock_id).blue_at - timedelta(hours=15))
    start = life.clock()
    seen = walk(life, "housing_handler", "todo", Wanted(sort=sort), 7)
    assert len({row.reference for row in seen}) == len(seen) == 31
    rank = {light: place for place, light in enumerate((Light.red, Light.yellow, Light.blue, Light.none))}
    life.clock.set(start)
    now = inboxes.department_box(
        life.town.actor("housing_handler"), "todo", start, wanted=Wanted(sort=sort), after=None, limit=99
    )
    assert [row.reference for row in now] == [row.reference for row in seen]
    if sort is Sort.URGENT:
        places = [(rank[row.light], row.due_at) for row in now]
        assert places == sorted(places) and len({row.light for row in now}) > 1
    if sort is Sort.DUE:
        assert [row.due_at for row in now] == sorted(row.due_at for row in now)


def test_a_list_is_narrowed_by_what_its_address_says(browser, life):
    lamp = life.matter_in("assigned")
    pipe = life.matter_in("assigned", text="水管漏水把楼道泡了，请派人来修。", category="pipes", station="S001")
    life.acknowledge(f"{pipe}.1")
    handler, office = browser("housing_handler"), browser("office")
    for address, found in {
        "box=todo": {lamp},
        "box=doing": {pipe},
        "box=todo&q=路灯": {lamp},
        "box=todo&q=水管": set(),
        "box=doing&state=acknowledged&category=pipes&station=S001": {pipe},
        "box=todo&light=red": set(),
        "box=doing&due_from=2026-03-03&due_until=2026-03-09&sort=due": {pipe},
        "box=doing&due_until=2026-03-08": set(),
    }.items():
        shown = {each.rpartition(".")[0] for each in references(handler.get(f"/console/?{address}"))}
        assert shown == found, address
    assert pipe in office.get("/console/?box=all&category=pipes&department=housing&light=none").text


def test_a_filter_that_makes_no_sense_is_said_and_loses_nothing_typed(browser, life):
    number = life.matter_in("assigned")
    page = browser("housing_handler").get("/console/?q=路灯&due_from=%E6%98%8E%E5%A4%A9")
    assert page.status_code == 422 and "请按“2026-03-02”的格式填写日期" in page.text and number in page.text
    assert 'value="路灯"' in page.text
    reversed_ = browser("office").get("/console/?box=all&due_from=2026-03-09&due_until=2026-03-02")
    assert reversed_.status_code == 422 and "颠倒" in reversed_.text


def test_a_department_cannot_find_out_whose_matter_it_is_by_searching_for_a_number(browser, life):
    number = life.matter_in("assigned", text=f"{TEXT}我的电话是{PHONE}，车牌京A12345。")
    handler, office = browser("housing_handler"), browser("office")
    for words in (PHONE, "138", "1", "１３８", "A1", "是1"):
        assert references(handler.get("/console/", query_string={"q": words})) == [], words
        if len(words) > 4:
            assert number in office.get("/console/", query_string={"box": "all", "q": words}).text
    assert references(handler.get("/console/?q=电话是")) == [f"{number}.1"]
    assert references(handler.get(f"/console/?q={number.lower()}")) == [f"{number}.1"]


def test_a_place_that_was_tampered_with_is_refused(browser, life):
    for after in ("x", "MjAyNi0wMy0wMnwx", "fHx8fA=="):
        assert browser("housing_handler").get(f"/console/?after={after}").status_code == 422


# Saved views


def test_a_view_is_saved_renamed_replaced_removed_and_brought_back(browser, life):
    handler = browser("housing_handler")
    page = handler.get("/console/?box=todo&q=路灯")
    assert send(handler, page, "views", name="路灯").status_code == 303
    page = handler.get("/console/?box=todo&q=路灯")
    assert 'aria-current="page">★ 路灯' in page.text
    send(handler, page, "views", name="照明")
    page = handler.get("/console/")
    assert "★ 照明" in page.text and "★ 路灯" not in page.text
    send(handler, handler.get("/console/?box=doing&q=井盖"), "views", name="照明")
    kept = saved_views.views_of(life.town.actor("housing_handler"))
    assert [(view.name, view.query) for view in kept] == [("照明", "box=doing&q=%E4%BA%95%E7%9B%96")]
    address = re.search(r'class="view" href="([^"]+)"', handler.get("/console/").text)[1].replace("&amp;", "&")
    gone = send(handler, handler.get(address), "removal")
    page = handler.get(gone.location)
    assert "已删除视图“照明”" in page.text and "★ 照明" not in page.text
    undo = next(form for form in forms_of(page) if form.values.get("name") == ["照明"])
    handler.post(undo.action, data=undo.values)
    assert "★ 照明" in handler.get("/console/").text


def test_views_are_ones_own_and_twenty_at_most(browser, life):
    handler, approver = browser("housing_handler"), browser("housing_approver")
    token = form_of(handler.get("/console/"), "sign-out").values["csrf_token"]
    for n in range(saved_views.MOST):
        view = {"csrf_token": token, "name": f"视图{n}", "query": f"q={n}"}
        assert handler.post("/console/views", data=view).status_code == 303
    more = handler.post("/console/views", data={"csrf_token": token, "name": "再来", "query": "q=x&box=todo"})
    assert more.status_code == 422 and "最多保存 20 个视图" in more.text
    assert "★" not in approver.get("/console/").text
    session.commit()
    wall.stand(life.town.actor("housing_approver"))
    try:
        assert session.query(SavedView).count() == 0
    finally:
        session.rollback()
        session.info.clear()
        db.engine.exec_driver_sql("RESET ROLE")


def test_a_search_for_a_phone_number_is_not_kept_as_a_view(browser, life):
    office = browser("office")
    refused = send(office, office.get(f"/console/?box=all&q={PHONE}"), "views", name="张三")
    assert refused.status_code == 422 and "不能存为视图" in refused.text
    assert saved_views.views_of(life.town.actor("office")) == []


# Signing for many


def test_many_are_signed_for_in_one_go_and_one_refused_loses_none_of_the_others(browser, life):
    numbers = [life.matter_in("assigned") for _ in range(3)]
    handler = browser("housing_handler")
    page = handler.get("/console/?q=路灯")
    life.acknowledge(f"{numbers[1]}.1")
    form = form_of(page, "acknowledge")
    foreign = "M2026-999999-X.1"
    ticked = [*(f"{number}.1" for number in numbers), foreign]
    answer = handler.post(form.action, data={**form.values, "reference": ticked})
    assert "已签收 2 件，2 件没有签收" in answer.text and foreign in answer.text
    assert "事项当前的状态不能这样操作" in answer.text
    assert {life.assignment(f"{number}.1").state for number in numbers} == {"acknowledged"}
    assert 'href="/console/?q=%E8%B7%AF%E7%81%AF"' in answer.text


def test_all_signed_for_leads_back_to_the_list_and_none_ticked_says_so(browser, life):
    number = life.matter_in("assigned")
    handler = browser("housing_handler")
    page = handler.get("/console/?box=todo")
    form = form_of(page, "acknowledge")
    nothing = handler.post(form.action, data=form.values)
    assert "还没有选择要签收的交办单" in handler.get(nothing.location).text
    answer = handler.post(form.action, data={**form.values, "reference": [f"{number}.1"]})
    assert answer.location == "/console/?box=todo"
    assert "已签收 1 件" in handler.get(answer.location).text


def test_single_keys_are_turned_off_by_the_one_who_uses_them(browser, life):
    handler = browser("housing_handler")
    assert 'data-keys="on"' in handler.get("/console/").text
    send(handler, handler.get("/console/me"), "keys")
    assert 'data-keys="on"' not in handler.get("/console/").text
    assert 'data-keys="on"' in browser("housing_approver").get("/console/").text
