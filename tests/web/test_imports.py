"""The import pages: templates that come back as they went out, and every fault told by its row and column."""

import io
import re

import pytest
from flask.testing import FlaskClient
from openpyxl import Workbook, load_workbook
from sqlalchemy import select
from werkzeug.test import TestResponse

from liaison.db import session
from liaison.domain.actors import Role
from liaison.models.departments import Department
from liaison.models.people import Deputy
from liaison.services.import_kinds import KINDS
from liaison.web.console.import_layouts import LAYOUTS
from tests.support.forms import form_of, send
from tests.support.journey import SignIn
from tests.support.town import Town, hire
from tests.support.workbooks import FIRST, HEAD, cells, filled

NEW = {"代号": "n1", "姓名": "王建国", "层级": "县（市、区）人大代表", "所在区域": "城东镇（110101001）"}


@pytest.fixture
def clerk(browser: SignIn, town: Town) -> FlaskClient:
    """The administrator at the console."""
    return browser("administrator")


def template(clerk: FlaskClient, kind: str) -> bytes:
    """An empty table."""
    return clerk.get(f"/console/imports/templates/{kind}.xlsx").data


def upload(clerk: FlaskClient, kind: str, data: bytes, name: str = "代表.xlsx") -> TestResponse:
    """Send a table; the page that answers, or that it leads to."""
    form = form_of(clerk.get("/console/imports"), "imports")
    body = form.values | {"kind": kind, "file": (io.BytesIO(data), name)}
    return clerk.post(form.action, data=body, follow_redirects=True)


def words(page: TestResponse) -> str:
    """What a page says, one space between."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.text))


def table(*rows: list[object]) -> bytes:
    """A workbook nobody downloaded."""
    book, out = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def test_every_register_has_a_layout() -> None:
    assert list(LAYOUTS) == list(KINDS)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_what_is_exported_comes_back_as_unchanged_and_holds_no_formula(clerk: FlaskClient, kind: str) -> None:
    data = clerk.get(f"/console/imports/registers/{kind}.xlsx").data
    assert "administrator的人（系统管理员）于 2026-03-02 10:00 导出" in cells(data)[0][0]
    types = {cell.data_type for page in load_workbook(io.BytesIO(data)) for row in page.iter_rows() for cell in row}
    assert types <= {"s", "n"}
    assert "没有要改的" in upload(clerk, kind, data).text


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_template_left_as_it_is_holds_nothing_to_import(clerk: FlaskClient, kind: str) -> None:
    data = template(clerk, kind)
    page = load_workbook(io.BytesIO(data)).worksheets[0]
    assert str(page.cell(FIRST, 1).value).startswith("示例")
    assert [str(cell.value).rstrip("*") for cell in page[HEAD]] == [column.head for column in LAYOUTS[kind].columns]
    assert page.data_validations.dataValidation, "there is something to choose from"
    answer = upload(clerk, kind, data)
    assert answer.status_code == 422 and "没有要导入的行" in answer.text


def test_a_filled_in_template_is_shown_confirmed_and_undone(clerk: FlaskClient, town: Town) -> None:
    data = filled(template(clerk, "deputy"), NEW, {**NEW, "代号": "D003", "姓名": "刘在岗", "选举单位": "1+1班"})
    page = upload(clerk, "deputy", data)
    told = words(page)
    assert "第 4 行 新增 王建国" in told and "第 5 行 修改 刘在岗" in told and "选举单位： （空） → 1+1班" in told
    assert session.scalar(select(Deputy.id).where(Deputy.code == "n1")) is None
    done = clerk.get(send(clerk, page, "confirm").location)
    assert "已导入" in done.text and session.scalar(select(Deputy.name).where(Deputy.code == "n1")) == "王建国"
    undone = clerk.get(send(clerk, done, "undo").location)
    assert "已撤销这次导入" in undone.text and session.scalar(select(Deputy.id).where(Deputy.code == "n1")) is None
    assert "已撤销" in words(clerk.get("/console/imports"))


def test_every_fault_is_told_at_once_by_row_and_column_and_as_a_table(clerk: FlaskClient) -> None:
    wrong = {"代号": "a b", "姓名": "", "层级": "村代表", "所在区域": "外县"}
    page = upload(clerk, "deputy", filled(template(clerk, "deputy"), wrong, NEW, {**NEW, "姓名": "别人"}))
    told = words(page)
    for fault in ("第 4 行 姓名 “姓名”必须填写", "第 4 行 层级 没有“村代表”", "第 4 行 所在区域 没有“外县”"):
        assert fault in told
    assert "第 6 行 代号 与第 5 行重复" in told and "2 行有错误" in told and "确认导入" not in told
    address = re.search(r'href="([^"]*faults.xlsx)"', page.text)[1]
    rows = cells(clerk.get(address).data)
    places = [(4, "代号"), (4, "姓名"), (4, "层级"), (4, "所在区域"), (6, "代号")]
    assert [tuple(row[:2]) for row in rows[2:]] == places


def test_a_towns_administrator_reads_back_its_roster_of_the_countys_deputies_but_no_categories(
    browser: SignIn, town: Town
) -> None:
    hire(town, "town_clerk", Role.ADMINISTRATOR, town.regions.east)
    session.commit()
    clerk = browser("town_clerk")
    data = clerk.get("/console/imports/registers/roster.xlsx").data
    assert cells(data)[2][:2] == ["城东人大代表联络站（S001）", "常在外（D001）"]
    assert "3 不变" in words(upload(clerk, "roster", data))
    shared = upload(clerk, "category", table(["名称", "办理难度"], ["路灯", "一般"]))
    assert "上级" in words(shared) and shared.status_code == 422


def test_a_name_that_two_have_must_be_chosen_by_its_code(clerk: FlaskClient, town: Town) -> None:
    session.add(Deputy(code="D9", name="刘在岗", level="county", region_id=town.regions.east.id))
    session.commit()
    rows = [{"联络站": "城西人大代表联络站", "代表": who, "顺序": at} for at, who in ((1, "刘在岗"), (2, "陈接手"))]
    told = words(upload(clerk, "roster", filled(template(clerk, "roster"), *rows)))
    assert "第 4 行 代表 有 2 个“刘在岗”" in told and "D003、D9" in told
    rows[0]["代表"] = "刘在岗（D003）"
    assert "第 4 行 新增" in words(upload(clerk, "roster", filled(template(clerk, "roster"), *rows)))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_csv_of_either_encoding_is_read(clerk: FlaskClient, encoding: str) -> None:
    text = "名称,所在区域,职责\r\n教育局,示范县,学校、招生\r\n"
    assert "新增 教育局" in words(upload(clerk, "department", text.encode(encoding), "单位.CSV"))


def test_columns_that_are_left_out_stay_as_they_are(clerk: FlaskClient, town: Town) -> None:
    town.departments.water.duties = "供水"
    session.commit()
    page = upload(clerk, "department", table(["代号", "名称", "所在区域"], ["water", "水利局", "示范县"]))
    send(clerk, page, "confirm")
    found = session.scalars(select(Department).where(Department.code == "water")).one()
    assert (found.name, found.duties) == ("水利局", "供水")


@pytest.mark.parametrize(
    ("data", "name", "sentence"),
    [
        (b"MZ not a workbook", "a.xlsx", "不是可用的 Excel 文件"),
        (b"PK\x03\x04" * 9, "a.xlsx", "不是可用的 Excel 文件"),
        (b"", "a.csv", "文件为空"),
        (b"\xff\xfe\x00", "a.csv", "读不出来"),
        (table(["姓名", "层级"], ["王", "县"]), "a.xlsx", "没有找到“人大代表”的表头"),
        (table(["姓名", "层级", "所在区域", "手机"], ["王"]), "a.xlsx", "“手机”这一列不认识"),
        (table(["姓名", "层级", "所在区域", "姓名"], ["王"]), "a.xlsx", "有两个“姓名”"),
        (table(["姓名", "层级", "所在区域"], ["王", "=1+1"]), "a.xlsx", "Sheet!B2 是公式"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(clerk: FlaskClient, data: bytes, name: str, sentence: str) -> None:
    answer = upload(clerk, "deputy", data, name)
    assert answer.status_code == 422 and sentence in words(answer), words(answer)


def test_without_a_file_or_a_kind_the_form_says_what_is_missing(clerk: FlaskClient) -> None:
    form = form_of(clerk.get("/console/imports"), "imports")
    answer = clerk.post(form.action, data=form.values | {"kind": "deputy"})
    assert (
        answer.status_code == 422
        and "请选择要导入的文件" in answer.text
        and 'value="deputy" required checked' in answer.text
    )
    assert "请填写此项" in clerk.post(form.action, data=form.values).text
