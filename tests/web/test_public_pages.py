"""What everybody may read: published answers found by words, category and station, and the roster of deputies."""

import re

from flask.testing import FlaskClient

from liaison.db import session, transaction
from liaison.models.cases import Publication
from liaison.services import consents, publication
from tests.support.life import SAID, Life

PUBLISHED = "北街路灯 3 盏已经更换 <新>"


def publish(life: Life, title: str = PUBLISHED, answer: str = SAID, **more: object) -> str:
    """The number of a matter that was told, answered and published."""
    number = life.matter_in("rating", **more)
    words = {"title": title, "text": "北街的路灯不亮，晚上看不见路。", "answer": answer, "consent": True}
    life.act("office", publication.publish, number, **words)
    return number


def titles(client: FlaskClient, query: str) -> list[str]:
    """What a list of answers shows, without marks."""
    page = client.get(f"/public?{query}")
    assert page.status_code == 200
    return [re.sub(r"</?mark>", "", found) for found in re.findall(r'<a class="row"[^>]*><b>(.*?)</b>', page.text)]


def test_answers_are_found_by_every_word_and_the_words_are_marked(client: FlaskClient, life: Life) -> None:
    publish(life)
    publish(life, "公园长椅", "已经修好长椅两张，请放心使用，欢迎继续监督。")
    assert titles(client, "q=") == ["公园长椅", "北街路灯 3 盏已经更换 &lt;新&gt;"]
    assert titles(client, "q=路灯 更换") == ["北街路灯 3 盏已经更换 &lt;新&gt;"]
    assert titles(client, "q=路灯 三轮车") == [] == titles(client, "q=路更灯换") == titles(client, "q=%25")
    page = client.get("/public?q=路灯").text
    assert "北街<mark>路灯</mark> 3 盏" in page and "<新>" not in page and "<mark><mark>" not in page
    assert "没有找到含“下水道”的答复" in client.get("/public?q=下水道").text


def test_answers_are_narrowed_and_pages_keep_what_was_asked(client: FlaskClient, life: Life) -> None:
    numbers = [publish(life, f"路灯 {n}", category="roads") for n in range(3)]
    publish(life, "水管", category="pipes")
    assert titles(client, "category=pipes") == ["水管"]
    assert titles(client, "category=roads&station=S002") == [] == titles(client, "station=S404&category=x")
    page = client.get("/public?q=路灯&category=roads&station=S001&limit=2").text
    following = re.search(r'href="(/public\?[^"]*after=[^"]*)"', page)[1].replace("&amp;", "&")
    rest = client.get(following).text
    assert all(number in page for number in numbers[1:]) and numbers[0] not in page
    assert numbers[0] in rest and "水管" not in rest and 'value="roads" selected' in rest


def test_the_roster_shows_everybody_and_only_what_is_published(client: FlaskClient, life: Life) -> None:
    number = publish(life)
    life.matter_in("rating")
    roster = client.get("/deputies").text
    assert [name for name in ("常在外", "无账号", "刘在岗", "陈接手") if name not in roster] == []
    assert roster.count("公开答复 1 件") == 1
    assert "刘在岗" not in client.get("/deputies?station=S002").text
    assert "没有找到含“某某”的代表" in client.get("/deputies?q=某某").text
    own = client.get("/deputies/D003").text
    assert PUBLISHED.partition(" <")[0] in own and "城东人大代表联络站" in own and "公开答复 1 件" in own
    assert client.get(f"/public/{number}").text.count("/deputies/D003") == 1
    life.act(life.resident(number), consents.change, number, "publication", False, life.keys)
    assert session.query(Publication).count() == 0
    assert "还没有公开的答复" in client.get("/deputies/D003").text
    assert "公开答复 1 件" not in client.get("/deputies").text


def test_who_has_left_office_is_on_no_roster(client: FlaskClient, life: Life) -> None:
    number = publish(life)
    with transaction():
        life.town.deputies.present.active = False
    assert "刘在岗" not in client.get("/deputies").text
    assert client.get("/deputies/D003").status_code == client.get("/deputies/D404").status_code == 404
    assert "/deputies/D003" not in client.get(f"/public/{number}").text
