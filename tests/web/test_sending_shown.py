"""What the outbox shows of sending: the way of each notice, channels and their pauses, bundles, what has no owner."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from liaison.db import session, transaction
from liaison.domain.calendar import SHANGHAI
from liaison.models.notices import Notice
from liaison.services import channels, inbound
from liaison.services.channels import Limit
from tests.support.forms import form_of, send
from tests.support.life import Life
from tests.support.sending import HOPELESS, REFUSED, Way, fresh, install, reach, relay, ring
from tests.support.sending import send as deliver

OUTBOX = "/console/outbox"


@pytest.fixture
def phones(life: Life) -> None:
    """Text messages before e-mail, for somebody of the office."""
    install(sms=Limit(60, 100), email=Limit())
    reach(life, life.town.accounts["office"], "sms", "email")


def leaving(life: Life, number: str, username: str = "office") -> Notice:
    """The notice of a matter on its way to somebody."""
    mine = (Notice.recipient_id == life.town.accounts[username].id, Notice.channel != "inbox")
    case_id = life.case(number).id
    return session.scalars(select(Notice).where(Notice.case_id == case_id, *mine)).one()


def kill(notice: Notice, owner: str | None, life: Life) -> None:
    dead = {"state": "dead", "settled_at": life.clock(), "owner_id": owner and life.town.accounts[owner].id}
    with transaction():
        session.execute(update(Notice).where(Notice.id == notice.id).values(**dead))


def way(page) -> list[str]:
    """The steps of the first way a page shows, in order."""
    shown = re.search(r'<ol class="way">(.*?)</ol>', page.text, re.S)
    return [re.sub(r"<[^>]+>", "", step).strip() for step in re.findall(r"<li.*?</li>", shown[1], re.S)]


# The way


def test_the_way_shows_what_failed_where_it_is_and_what_comes(browser, life, phones):
    number = life.matter_in("submitted")
    notice = leaving(life, number)
    office = browser("office")
    assert way(office.get(f"{OUTBOX}?state=due")) == ["短信", "电子邮件还没有用到"]
    for outlet in (Way(HOPELESS), Way(REFUSED)):
        deliver(life, outlet, notice.id)
    page = office.get(f"{OUTBOX}?state=due")
    assert way(page) == ["短信没有成功：no such user", "电子邮件"]
    assert (fresh(notice.id).channel, fresh(notice.id).error) == ("email", "refused") and "refused" in page.text


def test_known_errors_are_told_in_words_with_their_code(browser, life, phones):
    with transaction():
        life.town.accounts["office"].channels = ["wecom", "email"]
    install(wecom=Limit(), email=Limit())
    notice = leaving(life, life.matter_in("submitted"))
    deliver(life, Way(REFUSED), notice.id)
    page = browser("office").get(f"{OUTBOX}?state=due")
    assert way(page) == ["企业微信没有成功：没有登记地址（no address）", "电子邮件"]


def test_what_the_provider_reports_is_shown_and_what_did_not_arrive_is_listed(browser, life, phones):
    one, other = leaving(life, life.matter_in("submitted")), leaving(life, life.matter_in("submitted"))
    deliver(life, Way(), one.id, other.id)
    report(one, life, "delivered")
    report(other, life, "failed", "MK:0012")
    office = browser("office")
    assert "对方已收到：2026-03-02 10:00" in office.get(f"{OUTBOX}?state=sent").text
    page = office.get(f"{OUTBOX}?state=undelivered")
    assert '未送达 <span class="count">1<' in page.text and "没有送达：MK:0012" in page.text
    assert "MK:0012" not in office.get(f"{OUTBOX}?state=sent").text


def report(notice: Notice, life: Life, status: str, reason: str = "") -> None:
    """Take in what the gateway reports."""
    said = f'{{"client_message_id": "{notice.id.hex}", "status": "{status}", "reason": "{reason}"}}'
    with transaction():
        inbound.receive(inbound.SMS, said.encode(), life.clock(), life.keys)
        inbound.work_off(life.clock(), life.keys)
    session.expire_all()


# Bundles


def test_what_was_bundled_leads_to_its_bundle_and_back(browser, life, phones):
    numbers = [life.matter_in("submitted") for _ in range(6)]
    relay(life)
    office = browser("office")
    page = office.get(f"{OUTBOX}?state=bundled")
    assert all(number in page.text for number in numbers)
    [address] = set(re.findall(rf'href="({OUTBOX}/[0-9a-f-]+)">看合并后的那一条', page.text))
    bundle = office.get(address)
    assert "合并进来的 6 条" in bundle.text and "多条提醒合并为一条" in bundle.text
    assert all(number in bundle.text for number in numbers)
    assert f'href="{address}">合并了 6 条' in office.get(f"{OUTBOX}?state=due").text
    assert browser("other_office").get(address).status_code == 404


def test_a_residents_bundle_lies_where_the_own_case_does(browser, life):
    number = life.matter_in("submitted")
    notice = leaving_to_resident(life, number)
    for username, status in (("office", 200), ("other_office", 404)):
        assert browser(username).get(f"{OUTBOX}/{notice.id}").status_code == status
    assert number in browser("office").get(f"{OUTBOX}?state=due").text


def leaving_to_resident(life: Life, number: str) -> Notice:
    """A bundle for a matter's resident, which is about no case."""
    case_id = life.case(number).id
    with transaction():
        row = {"case_id": None, "topic": "bundle", "recipient_role": "resident", "recipient_id": case_id}
        any_one = select(Notice.id).where(Notice.case_id == case_id, Notice.state == "due").limit(1).scalar_subquery()
        session.execute(update(Notice).where(Notice.id == any_one).values(**row))
    return session.scalars(select(Notice).where(Notice.recipient_id == case_id, Notice.case_id.is_(None))).one()


# Who looks after what died


def test_those_without_an_owner_come_first_page_after_page(browser, life):
    install(log=Limit())
    notices = [leaving(life, life.matter_in("submitted")) for _ in range(6)]
    owners = [None, "office", None, "office_lead", None, "office"]
    for notice, owner in zip(notices, owners, strict=True):
        kill(notice, owner, life)
    office, address, seen = browser("office"), f"{OUTBOX}?state=dead&limit=2", []
    while address:
        page = office.get(address)
        seen += re.findall(r"cases/(M\d{4}-\d{6}-\w)\"", page.text)
        following = re.search(r'rel="next" href="([^"]+)"', page.text)
        address = following and following[1].replace("&amp;", "&")
    by_id = {notice.case_id: notice for notice in notices}
    order = [by_id[life.case(number).id] for number in seen]
    assert order == [notices[at] for at in (4, 2, 0, 5, 3, 1)]
    assert "现有 <b>3</b> 条" in office.get(f"{OUTBOX}?state=dead").text


def test_the_digest_counts_what_nobody_looks_after_and_leads_there(browser, life):
    install(log=Limit())
    lone, held = (leaving(life, life.matter_in("submitted")) for _ in range(2))
    kill(lone, None, life)
    kill(held, "office_lead", life)
    office = browser("office")
    figures = dict(re.findall(r'href="([^"]+)"><b>(\d+)</b>', office.get("/console/digest").text))
    address = f"{OUTBOX}?state=dead&amp;owner=nobody"
    assert (figures[f"{OUTBOX}?state=dead"], figures[address]) == ("2", "1")
    page = office.get(address.replace("&amp;", "&"))
    assert len(set(re.findall(r"cases/(M\d{4}-\d{6}-\w)\"", page.text))) == 1
    done = send(office, office.get(f"{OUTBOX}/all/send_again?owner=nobody"), "send_again")
    assert done.status_code == 303
    assert [fresh(each.id).state for each in (lone, held)] == ["due", "dead"]


# Channels


def test_the_channels_stand_on_top_with_what_is_used_of_the_day(browser, life, phones):
    leaving(life, life.matter_in("submitted"))
    ring(life)
    page = browser("office").get(OUTBOX).text
    assert "今天已发 1 条，每天最多 100 条" in page and page.count("正常</span>") == 2
    life.clock.advance(days=1)
    assert "今天已发 0 条" in browser("office").get(OUTBOX).text


def test_a_pause_says_until_when_and_why_and_the_lead_ends_it(browser, life, phones):
    number = life.matter_in("submitted")
    notice = leaving(life, number)
    until = life.clock() + timedelta(minutes=30)
    with transaction():
        life.town.accounts["office"].channels = ["sms"]
        channels.pause("sms", until, "isv.AMOUNT_NOT_ENOUGH", life.clock())
        session.execute(update(Notice).where(Notice.id == notice.id).values(route=[], next_at=until))
    page = browser("office").get(OUTBOX)
    assert "暂停到 2026-03-02 10:30" in page.text and "短信账户余额不足（isv.AMOUNT_NOT_ENOUGH）" in page.text
    assert "恢复使用" not in page.text
    assert ring(life) == []
    lead = browser("office_lead")
    page = lead.get(OUTBOX)
    assert send(lead, page, "resume").status_code == 303
    assert channels.paused(life.clock()) == {} and ring(life) == [notice.id]
    again = send(lead, page, "resume")
    assert again.status_code == 409 and "没有暂停" in again.text


def test_what_waited_for_a_channel_is_not_sent_at_night(browser, life, phones):
    notice = leaving(life, life.matter_in("submitted"))
    life.clock.set(life.clock().astimezone(SHANGHAI).replace(hour=22))
    until = life.clock() + timedelta(hours=1)
    with transaction():
        channels.pause("sms", until, "errcode 45009", life.clock())
        session.execute(update(Notice).where(Notice.id == notice.id).values(next_at=until))
    lead = browser("office_lead")
    send(lead, lead.get(OUTBOX), "resume")
    assert fresh(notice.id).next_at.astimezone(SHANGHAI).isoformat() == "2026-03-03T08:30:00+08:00"


def test_a_day_that_is_used_up_comes_back_by_itself(browser, life):
    install(sms=Limit(60, 1))
    reach(life, life.town.accounts["office"], "sms")
    for _ in range(2):
        life.matter_in("submitted")
    ring(life)
    ring(life)
    page = browser("office_lead").get(OUTBOX).text
    assert "今天的额度已用完" in page and "明天零点自动恢复" in page and "恢复使用</button>" not in page


@pytest.mark.parametrize("username", ["office", "housing_head"])
def test_others_do_not_end_a_pause(browser, life, phones, username):
    with transaction():
        channels.pause("sms", life.clock() + timedelta(minutes=30), "errcode 45011", life.clock())
    client = browser(username)
    token = form_of(client.get("/console/"), "sign-out").values["csrf_token"]
    assert client.post(f"{OUTBOX}/resume", data={"csrf_token": token, "channel": "sms"}).status_code == 403
    assert channels.paused(life.clock())


def test_without_any_channel_the_page_says_how_to_get_one(browser, life):
    assert "还没有开通通向手机的渠道" in browser("office").get(OUTBOX).text
