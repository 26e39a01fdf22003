"""The administrator fills a county's registers from Excel: a faulty table, the mended one, and the way back."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from liaison.db import session, transaction
from liaison.services import imports, sign_in
from liaison.web.guards import TOKEN
from tests.support.browser import CHROMIUM, DESK, PHONE, Window, chromium, served
from tests.support.faces import faults, sideways
from tests.support.life import Life
from tests.support.workbooks import filled

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here; `make browser` installs it")

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NEW = {
    "姓名": "王建国",
    "层级": "县（市、区）人大代表",
    "所在区域": "城东镇（110101001）",
    "专业小组": "农业、教科文卫",
}

ROW = {"联络站": "城东人大代表联络站（S001）", "代表": "刘在岗（D003）", "顺序": "1"}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


def cookie_of(app: Flask, life: Life, username: str) -> str:
    """What the browser of somebody who is signed in sends."""
    client = app.test_client()
    with transaction():
        token = sign_in.open_session(life.town.accounts[username], life.clock(), proven=True).token
    with client.session_transaction() as cookie:
        cookie[TOKEN] = token
    return client.get_cookie("session", "testserver").value


def downloaded(page: Page, kind: str, link: str) -> bytes:
    """The file behind one of a register's links."""
    page.goto("/console/imports")
    with page.expect_download() as told:
        page.get_by_role("listitem").filter(has_text=kind).get_by_role("link", name=link).click()
    return Path(told.value.path()).read_bytes()


def upload(page: Page, kind: str, data: bytes, name: str) -> None:
    """Send a table to be looked over."""
    page.goto("/console/imports")
    page.get_by_label(kind, exact=True).check()
    page.get_by_label("填好的表格").set_input_files({"name": name, "mimeType": XLSX, "buffer": data})
    page.get_by_role("button", name="上传并核对").click()


def work_off(app: Flask, life: Life) -> None:
    """Do what a long table waits for, as the job does."""
    with app.app_context():
        with transaction():
            waiting = imports.next_waiting()
        with transaction():
            imports.carry_out(waiting, life.clock(), lambda lines: None)


def test_a_faulty_table_is_mended_imported_and_undone(
    browser: Browser, live_app: Flask, live_life: Life, tmp_path: Path
) -> None:
    folder, found = Path(os.environ.get("LIAISON_PICTURES", tmp_path)), list[str]()
    cookie = cookie_of(live_app, live_life, "administrator")
    session.remove()

    def look(page: Page, name: str) -> None:
        for size, kind in ((DESK["viewport"], "desk"), (PHONE["viewport"], "phone")):
            found.extend(f"{name}: {each}" for each in sideways(page, size))
            page.screenshot(path=folder / f"import-{name}.{kind}.png", full_page=True)
        page.set_viewport_size(DESK["viewport"])
        found.extend(f"{name}: {each}" for each in faults(page))

    with served(live_app) as address:
        window = Window(browser, address, **DESK)
        window.context.add_cookies([{"name": "session", "value": cookie, "url": address}])
        page = window.page
        page.goto("/console/")
        page.get_by_role("navigation", name="主菜单").get_by_role("link", name="导入").click()
        template = downloaded(page, "人大代表", "空白模板")
        upload(
            page, "人大代表", filled(template, NEW, {"代号": "D003", "姓名": "刘在岗", "层级": "村代表"}), "代表.xlsx"
        )
        expect(page.get_by_role("row", name="第 5 行 层级 没有“村代表”，请从列表中选择。")).to_be_visible()
        expect(page.get_by_role("button", name="确认导入")).to_have_count(0)
        look(page, "faulty")
        changed = {**NEW, "代号": "D003", "姓名": "刘在岗", "选举单位": "城东镇第三选区"}
        upload(page, "人大代表", filled(template, NEW, changed), "代表（改）.xlsx")
        expect(page.get_by_role("row", name="第 4 行 新增 王建国")).to_be_visible()
        look(page, "preview")
        page.reload()
        page.get_by_role("button", name="确认导入").click()
        expect(page.get_by_role("status")).to_contain_text("已导入")
        look(page, "done")
        roster = downloaded(page, "值班名册", "导出现有的")
        upload(page, "值班名册", filled(roster, ROW, keep=False), "名册.xlsx")
        expect(page.get_by_role("row", name="移出名册")).to_have_count(2)
        look(page, "roster")
        page.get_by_role("button", name="确认导入").click()
        page.get_by_role("button", name="撤销这次导入").click()
        expect(page.get_by_role("status")).to_contain_text("已撤销这次导入")
        page.goto("/console/imports")
        expect(page.get_by_role("row", name="有错误，没有导入")).to_be_visible()
        look(page, "history")
        long = [{**NEW, "代号": f"L{number}", "姓名": f"王{number}"} for number in range(imports.AT_ONCE + 1)]
        upload(page, "人大代表", filled(template, *long), "全市代表.xlsx")
        expect(page.get_by_role("heading", name="正在核对")).to_be_visible()
        look(page, "waiting")
        work_off(live_app, live_life)
        expect(page.get_by_role("heading", name="确认导入")).to_be_visible()
        page.get_by_role("button", name="确认导入").click()
        expect(page.get_by_role("heading", name="正在导入")).to_be_visible()
        work_off(live_app, live_life)
        expect(page.get_by_role("button", name="撤销这次导入")).to_be_visible()
        window.close()
    assert not found, "\n".join(found)
