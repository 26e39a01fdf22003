"""The overview and the board: every figure opens a list of just so many, and a wall shows no matter and nobody."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests.support.life import TEXT, Life

FIGURE = re.compile(r'<a(?: class="card[^"]*")? href="(/console/\?[^"]+)">(?:<b>)?(\d+)<')


@pytest.fixture
def town_at_work(life: Life) -> Life:
    """Matters in many states, some of them late, one handed out twice and one given back."""
    for state in ("closed", "assigned", "needs_info", "rating", "not_accepted"):
        life.matter_in(state)
    life.clock.advance(days=12)
    again = life.matter_in("reopened")
    life.dispatch(again, "water")
    life.work(f"{again}.2", "water")
    for station in ("S001", "S002"):
        life.submit(station)
    life.clock.advance(days=3)
    return life


def count_rows(office: FlaskClient, address: str) -> int:
    """How many rows the list of that address has, page after page."""
    told = 0
    while address:
        answer = office.get(address.replace("&amp;", "&"))
        assert answer.status_code == 200, address
        told += answer.text.count("<tr data-row>")
        onward = re.search(r'rel="next" href="([^"]+)"', answer.text)
        address = onward[1] if onward else ""
    return told


@pytest.mark.parametrize("period", ["days90", "today"])
def test_every_figure_opens_a_list_of_just_so_many(
    town_at_work: Life, browser: Callable[[str], FlaskClient], period: str
) -> None:
    office = browser("office")
    figures = FIGURE.findall(office.get(f"/console/overview?period={period}").text)
    assert len(figures) > 12
    assert [(address, count) for address, count in figures if count_rows(office, address) != int(count)] == []
    told = office.get("/console/?box=all&figure=late&told_from=2026-03-01&told_until=2026-03-31").text
    assert "只看“超期过” 2026年3月1日（周日）至2026年3月31日（周二）提交的" in told


def test_a_department_has_figures_of_its_own_assignments(
    town_at_work: Life, browser: Callable[[str], FlaskClient]
) -> None:
    handler = browser("housing_handler")
    figures = FIGURE.findall(handler.get("/console/duties").text)
    assert [int(count) for _, count in figures] == [4, 1, 1, 3, 3, 1]
    assert [(address, count) for address, count in figures if count_rows(handler, address) != int(count)] == []
    assert handler.get("/console/?figure=dissatisfied").status_code == 422
    assert handler.get("/console/duties?period=century").status_code == 422


def test_the_overview_of_a_period_there_is_not_is_refused(life: Life, browser: Callable[[str], FlaskClient]) -> None:
    answer = browser("office").get("/console/overview?period=century")
    assert answer.status_code == 422 and "没有这个时间范围" in answer.text
    assert browser("deputy").get("/console/?figure=late").status_code == 422


def test_the_board_names_no_matter_and_nobody(town_at_work: Life, browser: Callable[[str], FlaskClient]) -> None:
    office = browser("office")
    for address in ("/console/board", "/console/board/figures"):
        shown = office.get(address).text
        assert "住建局" in shown and "城东人大代表联络站" in shown
        assert TEXT[:6] not in shown and "刘在岗" not in shown and "/console/cases/" not in shown


def test_a_board_nobody_sits_before_is_signed_out(life: Life, browser: Callable[[str], FlaskClient]) -> None:
    office, piece = browser("office"), {"HX-Request": "true"}
    assert office.get("/console/board").status_code == 200
    life.clock.advance(minutes=20)
    assert office.get("/console/board/figures", headers=piece).status_code == 200
    life.clock.advance(minutes=11)  # half an hour since anybody did anything
    answer = office.get("/console/board/figures", headers=piece)
    assert answer.status_code == 401 and "<" not in answer.text
