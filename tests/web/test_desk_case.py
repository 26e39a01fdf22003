"""The case page at a busy desk: notes of one's side, drafts, who else is there, texts for reuse, signing in a row."""

import re

import pytest
from redis import Redis
from sqlalchemy import select

from liaison.clients.presence import Presence
from liaison.db import session
from liaison.models.desk import Draft, Note, QuickReply
from liaison.services import assignments, conflicts
from tests.support.forms import form_of, forms_of, send
from tests.support.life import SAID, TEXT
from tests.support.standing import standing

NOTE = "已和施工队约好周三上午换灯，备注暗号蓝鲸。"


def moves_on(page) -> list[str]:
    """The names of the forms that stand open."""
    return re.findall(r'data-form="([a-z-]+)" open', page.text)


# Notes


def test_notes_are_read_by_ones_own_side_and_by_nobody_else(browser, client, life):
    number = life.matter_in("assigned")
    case = f"/console/cases/{number}"
    handler = browser("housing_handler")
    assert send(handler, handler.get(f"/console/assignments/{number}.1"), "notes", text=NOTE).status_code == 303
    assert NOTE in browser("housing_approver").get(case).text and NOTE in browser("housing_head").get(case).text
    for other in ("office", "office_lead", "deputy", "liaison"):
        assert NOTE not in browser(other).get(case).text, other
    office, secret = browser("office"), "群众来电催过，情绪激动。"
    send(office, office.get(case), "notes", text=secret)
    assert secret in browser("office_lead").get(case).text
    for other in ("housing_handler", "housing_approver", "deputy", "liaison"):
        assert secret not in browser(other).get(case).text, other
    assert "/notes" not in browser("liaison").get(case).text
    assert browser("water_handler").post(f"{case}/notes", data={"text": NOTE}).status_code in (400, 404)
    long = send(office, office.get(case), "notes", text="长" * 1001)
    assert long.status_code == 422 and form_of(long, "notes").values["text"] == ["长" * 1001]


def test_the_wall_shows_notes_drafts_and_texts_to_no_other_side_and_takes_no_change(browser, life):
    number = life.matter_in("assigned")
    handler = browser("housing_handler")
    page = handler.get(f"/console/cases/{number}")
    send(handler, page, "notes", text=NOTE)
    token = form_of(page, "notes").values["csrf_token"][0]
    typed = {"csrf_token": token, "draft_form": "return", "draft_about": "x", "reason": "不归我们"}
    handler.post(f"/console/cases/{number}/draft", data=typed)
    wording = {"csrf_token": token, "name": "路灯", "text": "已更换灯具。", "shared": "true"}
    handler.post("/console/quick-replies", data=wording)
    seen = {}
    for who in ("housing_handler", "housing_approver", "water_handler", "office", "deputy"):
        with standing(life.town.actor(who)):
            seen[who] = tuple(len(session.scalars(select(table)).all()) for table in (Note, QuickReply, Draft))
    nothing = (0, 0, 0)
    assert seen == {
        "housing_handler": (1, 1, 1), "housing_approver": (1, 1, 0),
        "water_handler": nothing, "office": nothing, "deputy": nothing,
    }  # fmt: skip
    with standing(life.town.actor("housing_handler")):
        note = session.scalars(select(Note)).one()
        note.text = "改了"
        with pytest.raises(Exception, match=r"StaleData|0 were matched|row-level"):
            session.flush()


def test_whoever_the_case_turns_out_to_be_about_reads_no_note_any_more(browser, life):
    number = life.matter_in("assigned")
    handler = browser("housing_handler")
    send(handler, handler.get(f"/console/cases/{number}"), "notes", text=NOTE)
    life.act("office", conflicts.bar, number, department="housing", reason="反映的就是该局。")
    assert handler.get(f"/console/cases/{number}").status_code == 404
    with standing(life.town.actor("housing_handler")):
        assert session.scalars(select(Note)).all() == []


# Drafts


def test_what_is_typed_waits_on_another_device_and_is_gone_once_sent(browser, life, clock):
    number = life.matter_in("assigned")
    life.acknowledge(f"{number}.1")
    address = f"/console/assignments/{number}.1"
    office_pc, phone = browser("housing_handler"), browser("housing_handler")
    page = office_pc.get(address)
    key = re.search(r'id="(reply-[^"]+)" data-form="reply"', page.text)[1]
    form, save = form_of(page, "reply"), re.search(r'hx-post="([^"]+/draft[^"]*)"', page.text)[1]
    typed = {**form.values, "draft_form": "reply", "draft_about": key, "text": "现场查看，三盏", "outcome": "A"}
    saved = office_pc.post(save, data=typed)
    assert saved.text.strip() == "已自动保存 10:00"
    clock.advance(minutes=5)
    again = phone.get(address)
    assert "已填入 2026-03-02 10:00 自动保存的草稿" in again.text and moves_on(again) == ["reply"]
    assert form_of(again, "reply").values["text"] == ["现场查看，三盏"]
    assert form_of(browser("housing_approver").get(address), "reply").values["text"] == [""]
    done = send(phone, again, "reply", text=SAID, outcome="A", measures="更换灯具三盏并接通电源", owner="市政科王科长")
    assert done.status_code == 303
    assert session.scalars(select(Draft)).all() == []
    late = office_pc.post(save, data=typed)
    assert late.text.strip() == "" and session.scalars(select(Draft)).all() == []


def test_a_draft_is_thrown_away_and_an_emptied_form_keeps_none(browser, life):
    number = life.matter_in("submitted")
    office, case = browser("office"), f"/console/cases/{number}"
    page = office.get(case)
    key = re.search(r'id="(ask-[^"]+)" data-form="ask"', page.text)[1]
    typed = {**form_of(page, "ask").values, "draft_form": "ask", "draft_about": key, "question": "请问是哪几盏"}
    office.post(f"{case}/draft", data=typed)
    assert send(office, office.get(case), "forgotten").status_code == 303
    assert form_of(office.get(case), "ask").values["question"] == [""]
    office.post(f"{case}/draft", data=typed)
    office.post(f"{case}/draft", data={**typed, "question": ""})
    assert session.scalars(select(Draft)).all() == []
    assert office.post(f"{case}/draft", data={**typed, "question": "长" * 20_001}).status_code == 422


# Who else is there


def test_those_of_one_side_see_each_other_and_others_do_not(browser, life, app):
    number = life.matter_in("assigned")
    case = f"/console/cases/{number}"
    for who in ("housing_approver", "office"):
        browser(who).get(case)
    assert "housing_approver的人也正在看这件事项" in browser("housing_handler").get(case).text
    piece = browser("office_lead").get(f"{case}/watching?seen=1")
    assert "office的人也正在看" in piece.text and "housing" not in piece.text
    assert "<html" not in piece.text
    assert "也正在看" not in browser("deputy").get(case).text
    assert browser("water_handler").get(f"{case}/watching").status_code == 404


def test_without_redis_nobody_is_shown_and_nothing_fails(life):
    who = life.town.accounts["office"].id
    assert Presence(Redis(port=1, socket_timeout=1, socket_connect_timeout=1)).look("room", who) == []


def test_what_another_does_meanwhile_is_said_and_hidden_things_are_not(browser, life):
    number = life.matter_in("assigned")
    shown = life.events(number)[-1].seq
    handler, address = browser("housing_handler"), f"/console/cases/{number}/watching?seen={shown}"
    assert "有了新的进展" not in handler.get(address).text
    life.act("office", conflicts.bar, number, department="water", reason="也提到了水务局。")
    assert "有了新的进展" not in handler.get(address).text
    assert "有了新的进展" in browser("office_lead").get(address).text
    life.act("housing_approver", assignments.acknowledge, f"{number}.1")
    assert "有了新的进展" in handler.get(address).text


def test_an_open_page_alone_keeps_nobody_signed_in_and_is_told_when_they_are_out(browser, life, clock):
    number = life.matter_in("assigned")
    handler, address = browser("housing_handler"), f"/console/cases/{number}/watching"
    for _ in range(4):
        clock.advance(minutes=9)
        answer = handler.get(address, headers={"HX-Request": "true"})
    assert (answer.status_code, "<" in answer.text) == (401, False)


# Texts for reuse


def test_a_text_is_chosen_in_the_form_with_its_places_filled_and_what_was_typed_kept(browser, life):
    number = life.matter_in("assigned", text=TEXT, category="roads")
    life.acknowledge(f"{number}.1")
    handler, address = browser("housing_handler"), f"/console/assignments/{number}.1"
    text = "{编号} {部门} {今天} 已到{地点}查看。{姓名}"
    page = handler.get("/console/quick-replies")
    send(handler, page, "quick-replies", name="已查看", text=text, category="roads", shared="true")
    send(handler, page, "quick-replies", name="水管", text="已更换水管。", category="pipes")
    send(handler, page, "quick-replies", name="兑现", text="承诺的已完成。", state="tracking")
    send(handler, page, "quick-replies", name="办理", text="已派人处理。", state="assigned")
    page = handler.get(address)
    choices = re.findall(r'<option value="([0-9a-f-]{36})">([^<]+)', page.text)
    assert [words for _, words in choices] == ["办理", "已查看（共用）"]
    filled = send(handler, page, "reply", template=choices[1][0], text="先说一句。", owner="市政科", fill="1")
    assert filled.status_code == 200
    form = form_of(filled, "reply")
    assert form.values["text"] == [f"先说一句。\n{number} 住建局 2026年3月2日 已到{{地点}}查看。{{姓名}}"]
    assert form.values["owner"] == ["市政科"] and moves_on(filled) == ["reply"]
    assert life.assignment(f"{number}.1").state == "acknowledged"
    assert 'role="alert"' not in filled.text
    hollow = send(handler, filled, "reply", text="已转交相关科室，正在研究。", outcome="B")
    assert hollow.status_code == 422, "a text for reuse passes no guard by itself"
    assert "已查看（共用）" in browser("housing_approver").get(address).text
    assert "已查看" not in browser("office").get("/console/quick-replies").text


def test_a_text_is_changed_by_its_writer_or_who_signs_and_comes_back_when_removed(browser, life):
    handler, approver = browser("housing_handler"), browser("housing_approver")
    page = handler.get("/console/quick-replies")
    send(handler, page, "quick-replies", name="路灯", text="已更换灯具。", shared="true")
    send(handler, page, "quick-replies", name="自己的", text="只有我用。")
    shown = approver.get("/console/quick-replies").text
    assert "已更换灯具" in shown and "只有我用" not in shown
    edit = re.search(r'href="(/console/quick-replies\?edit=[^"]+)"', shown)[1]
    send(approver, approver.get(edit), "quick-replies", text="已更换灯具，照明恢复。", shared="true")
    page = handler.get("/console/quick-replies")
    assert "已更换灯具，照明恢复。" in page.text
    gone = next(form for form in forms_of(page) if form.action.endswith("/discard"))
    page = handler.get(handler.post(gone.action, data=gone.values).location)
    undo = form_of(page, "bring-back")
    assert len(re.findall("<article", page.text)) == 1
    handler.post(undo.action, data=undo.values)
    assert len(re.findall("<article", handler.get("/console/quick-replies").text)) == 2
    short = send(handler, page, "quick-replies", name="", text="改")
    assert short.status_code == 422 and form_of(short, "quick-replies").values["text"] == ["改"]


# The signing queue


def test_an_approver_signs_one_after_the_other_and_sends_back_with_a_reason(browser, life):
    numbers = [life.matter_in("assigned") for _ in range(3)]
    for number in numbers:
        life.acknowledge(f"{number}.1")
        life.reply(f"{number}.1")
    approver = browser("housing_approver")
    assert '待签发 <span class="count">3' in approver.get("/console/?box=signing").text
    page = approver.get("/console/signing", follow_redirects=True)
    assert TEXT in page.text and SAID in page.text and "第 1 件，共 3 件" in page.text
    first = page.request.path
    without = send(approver, page, first.rpartition("/")[2], approve="false")
    assert without.status_code == 422 and "请说明需要修改的地方" in without.text
    back = send(approver, without, first.rpartition("/")[2], approve="false", text="请写明灯具型号。")
    assert back.status_code == 303 and back.location != first
    states = {number: life.assignment(f"{number}.1").state for number in numbers}
    assert sorted(states.values()) == ["acknowledged", "replied", "replied"]
    for _ in range(2):
        page = approver.get(back.location)
        back = send(approver, page, page.request.path.rpartition("/")[2], approve="true")
    assert back.location == "/console/signing"
    assert "没有等您签发的答复" in approver.get(back.location).text
    gone = approver.get(f"/console/signing/{numbers[0]}.1")
    assert "不在待签发状态" in gone.text


def test_the_second_of_two_approvers_is_told_what_happened(browser, life):
    number = life.matter_in("assigned")
    life.acknowledge(f"{number}.1")
    life.reply(f"{number}.1")
    approver = browser("housing_approver")
    page = approver.get(f"/console/signing/{number}.1")
    life.sign(f"{number}.1")
    late = send(approver, page, f"{number}.1", approve="true")
    assert late.status_code == 409 and "刚刚有了新的进展" in late.text
    assert browser("housing_handler").get("/console/signing").status_code == 403


def test_a_due_date_is_told_in_one_sentence(browser, life):
    number = life.matter_in("assigned")
    page = browser("office").get(f"/console/cases/{number}")
    assert "交办 3月2日（周一）起，5 个工作日，遇 3月7日至8日休息，3月9日（周一）到期。" in page.text
