"""The operator's commands do what they say, refuse in words, and change nothing when they refuse."""

import csv
import io
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from openpyxl import Workbook
from sqlalchemy import func, select, text

from liaison.db import session
from liaison.demo.town import CONTENT
from liaison.domain.county import TABLES
from liaison.models.audit import AuditEntry
from liaison.models.clocks import CalendarYear
from liaison.models.people import Account, Deputy
from liaison.models.stations import Station
from liaison.services.audit import FIND
from liaison.services.vault import Contact
from tests.support.life import Life
from tests.support.town import Town

Run = Callable[..., Result]
HOLIDAYS = (
    "day,kind,name\n2027-01-01,rest,元旦\n2027-10-01,rest,国庆节\n2027-10-02,rest,国庆节\n2027-10-03,rest,国庆节\n"
)


@pytest.fixture
def run(app: Flask) -> Run:
    """`run("verify")`: a command as the operator types it."""
    return lambda *words, **more: app.test_cli_runner().invoke(args=list(words), **more)


def test_an_official_table_is_loaded_and_the_years_are_told(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "2027.csv"
    table.write_bytes(HOLIDAYS.encode("gb18030"))  # as Excel on a Chinese machine saves it
    done = run("calendar", "import", str(table))
    assert done.exit_code == 0, done.output
    assert "2027" in done.output
    assert session.get(CalendarYear, 2027) is not None


def test_a_table_that_cannot_be_read_is_refused_by_line(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "2027.csv"
    table.write_text(HOLIDAYS + "2027-02-30,rest,春节\n", "utf-8")
    done = run("calendar", "import", str(table))
    assert done.exit_code == 1
    assert "6" in done.output
    assert session.get(CalendarYear, 2027) is None


def test_a_county_comes_in_whole(run: Run) -> None:
    done = run("county", "import", str(CONTENT))
    assert done.exit_code == 0, done.output
    assert session.scalar(select(func.count()).select_from(Station)) == 106
    assert session.scalar(select(func.count()).select_from(Deputy)) == 420
    again = run("county", "import", str(CONTENT))
    assert again.exit_code == 1
    assert "不能再次" in again.output


def test_a_county_comes_in_from_a_workbook_as_well(run: Run, tmp_path: Path) -> None:
    book = Workbook()
    for name in TABLES:
        page = book.create_sheet(name.removesuffix(".csv"))
        for row in csv.reader(io.StringIO((CONTENT / name).read_text("utf-8-sig"), newline="")):
            page.append(row)
    book.active.append(["说明", "这一页不是表"])
    book.save(tmp_path / "county.xlsx")
    done = run("county", "import", str(tmp_path / "county.xlsx"))
    assert done.exit_code == 0, done.output
    assert session.scalar(select(func.count()).select_from(Deputy)) == 420


def test_a_workbook_with_a_formula_is_refused_by_its_cell(run: Run, tmp_path: Path) -> None:
    book = Workbook()
    book.active.title = "regions"
    book.active.append(["code", "=1+1"])
    book.save(tmp_path / "county.xlsx")
    done = run("county", "import", str(tmp_path / "county.xlsx"))
    assert done.exit_code == 1
    assert "regions!B1" in done.output and "公式" in done.output


def test_a_faulty_county_does_not_come_in_at_all(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "county"
    shutil.copytree(CONTENT, folder)
    stations = folder / "stations.csv"
    stations.write_text(stations.read_text("utf-8").replace("qh-nt", "nowhere"), "utf-8")
    (folder / "rules.csv").unlink()
    done = run("county", "import", str(folder))
    assert done.exit_code == 1
    assert "rules.csv: 缺少这张表" in done.output
    assert session.scalar(select(func.count()).select_from(Station)) == 0


def test_an_account_is_added_and_closed(run: Run, town: Town) -> None:
    wanted = ["--name", "李敏", "--role", "handler", "--region", town.regions.county.code]
    told = {"input": "a long password\na long password\n"}
    missing = run("accounts", "add", "limin", *wanted, **told)
    assert missing.exit_code == 1
    assert "department" in missing.output
    assert run("accounts", "add", "limin", *wanted, "--department", "housing", **told).exit_code == 0
    assert "已经有人使用" in run("accounts", "add", "limin", *wanted, "--department", "housing", **told).output
    assert run("accounts", "disable", "limin").exit_code == 0
    assert session.scalars(select(Account).where(Account.username == "limin")).one().active is False


def test_only_a_department_has_a_head(run: Run, town: Town) -> None:
    told = {"input": "a long password\na long password\n"}
    wanted = ["--name", "周局长", "--region", town.regions.county.code, "--head"]
    assert "单位负责人" in run("accounts", "add", "zhou", *wanted, "--role", "office", **told).output
    housing = ("--role", "approver", "--department", "housing")
    assert run("accounts", "add", "zhou", *wanted, *housing, **told).exit_code == 0
    assert session.scalars(select(Account).where(Account.username == "zhou")).one().head is True


def test_how_an_account_is_reached_is_said_shown_and_taken_back(run: Run, town: Town) -> None:
    said = run("accounts", "reach", "office", "--email", "li.min@rd.example.cn", "--sms", "139 1234 5678")
    assert said.exit_code == 0
    assert said.output.splitlines() == [
        "1. sms 139****5678 (not set up here)", "2. email l****@rd.example.cn (not set up here)"
    ]  # fmt: skip
    wrong = run("accounts", "reach", "office", "--sms", "", "--wecom", "@all")
    assert wrong.exit_code == 1 and "企业微信" in wrong.output
    assert run("accounts", "reach", "office").output == said.output
    assert run("accounts", "reach", "office", "--sms", "").output == "1. email l****@rd.example.cn (not set up here)\n"
    assert "没有用户名" in run("accounts", "reach", "nobody").output


def test_a_short_password_is_refused(run: Run, town: Town) -> None:
    done = run(
        "accounts",
        "add",
        "limin",
        "--name",
        "李敏",
        "--role",
        "office",
        "--region",
        town.regions.county.code,
        input="short\nshort\n",
    )
    assert done.exit_code == 1
    assert "密码至少" in done.output


def test_every_station_gets_a_poster(run: Run, town: Town, tmp_path: Path) -> None:
    done = run("posters", "--all", "--out", str(tmp_path))
    assert done.exit_code == 0, done.output
    assert {path.name for path in tmp_path.iterdir()} == {"S001.pdf", "S002.pdf"}
    assert run("posters", "none", "--out", str(tmp_path)).exit_code == 1


def test_the_database_itself_refuses_to_change_an_event(life: Life) -> None:
    life.matter_in("submitted")
    with pytest.raises(Exception, match="events are only ever added"), session.begin_nested():
        session.execute(text("UPDATE events SET text = '改过的话'"))


def test_whoever_lost_the_codes_is_told_the_numbers_and_the_asking_is_kept(run: Run, life: Life) -> None:
    told = life.submit(contact=Contact("周小明", "+86 138-1234-5678"))
    asked = run("find-by-phone", "--reason", "本人持身份证到场", input="13812345678\n")
    assert asked.output.split()[-1] == told.case.number
    assert "13812345678" not in asked.output
    nobody = run("find-by-phone", "--reason", "本人持身份证到场", input="13812345679\n")
    assert nobody.exit_code == 0 and "No matter" in nobody.output
    kept = session.scalars(select(AuditEntry).where(AuditEntry.act == FIND).order_by(AuditEntry.seq)).all()
    assert [entry.data["found"] for entry in kept] == [[told.case.number], []]
    assert not any("1381234567" in str(entry.data) for entry in kept)
