"""What the tracking page tells a resident at a glance: until when, what an answer means, what can be done now."""

import re

import pytest
from flask.testing import FlaskClient

from tests.support.life import HAPPY, Life


def told(client: FlaskClient, life: Life, state: str, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """A matter brought to `state` and opened in this browser; its number and its page."""
    submitted = life.submit()
    monkeypatch.setattr(life, "submit", lambda: submitted)
    number = life.matter_in(state)
    return number, client.get(f"/m/{number}?c={submitted.secret}", follow_redirects=True).text


@pytest.mark.parametrize(
    ("days", "words"),
    [(0, "还有 5 个工作日"), (4, "还有 1 个工作日"), (7, "就在今天"), (9, "已经过了 2 个工作日，系统在催办")],
)
def test_the_page_counts_the_working_days_that_are_left(
    client: FlaskClient, life: Life, monkeypatch: pytest.MonkeyPatch, days: int, words: str
) -> None:
    number, _ = told(client, life, "assigned", monkeypatch)
    life.clock.advance(days=days)
    page = client.get(f"/m/{number}").text
    assert "2026年3月9日（周一）" in page and words in page and "这个日期怎么算的" in page


def test_an_answer_is_explained_and_a_rating_stays_to_be_read(
    client: FlaskClient, life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, page = told(client, life, "rating", monkeypatch)
    assert "A 已解决或基本解决" in page and "您看看是不是真的办好了" in page
    assert re.findall(r'<a class="button big" href="#(\w+)"', page) == ["rate"] and 'id="rate"' in page
    assert page.index("不满意时请写明") < page.index("提交评价")
    life.rate(number, HAPPY)
    done = client.get(f"/m/{number}").text
    assert "，态度 5 分，速度 5 分" in done and "要求重新办理" in done and 'id="rate"' not in done


def test_large_letters_show_fewer_things_at_once(
    client: FlaskClient, life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, page = told(client, life, "assigned", monkeypatch)
    client.get("/display?size=large")
    large = client.get(f"/m/{number}").text
    folded = re.compile(r"<summary>经过</summary>")
    assert folded.search(large) and not folded.search(page) and "代表上交" in large
