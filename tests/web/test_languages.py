"""Residents read their own language: every sentence of their pages has a key, and English a word for each."""

import re

import pytest
from babel.messages.pofile import read_po
from flask import Flask
from flask.testing import FlaskClient

from liaison.catalogues import keys
from liaison.web.languages import CHINESE, LANGUAGES, path_of, translated
from tests.support.town import Town

FOREIGN = [each for each in LANGUAGES.values() if each is not CHINESE]
FILLED_IN = re.compile(r"%\(\w+\)s|#|</?\w+")
"""What is put into a sentence, and the elements that stand in it."""


def catalogue(locale: str) -> dict[str, str]:
    """The translations into a locale as they stand in the repository, by key."""
    with path_of(locale).open("rb") as written:
        return {message.id: message.string for message in read_po(written) if message.id}


@pytest.mark.parametrize("locale", [each.locale for each in FOREIGN])
def test_a_catalogue_holds_what_pages_say_and_nothing_else(locale: str) -> None:
    written, said = set(catalogue(locale)), set(keys())
    assert len(said) > 300 and {"查询进度", "部门办理中", "至少需要 # 个字，现在只有 # 个字，请再说明一些。"} <= said
    assert (sorted(said - written), sorted(written - said)) == ([], []), "run `make translations`"


@pytest.mark.parametrize("locale", [each.locale for each in FOREIGN])
def test_a_translation_is_filled_in_with_the_same_things(locale: str) -> None:
    told = {key: words for key, words in catalogue(locale).items() if words}
    odd = [key for key, words in told.items() if sorted(FILLED_IN.findall(key)) != sorted(FILLED_IN.findall(words))]
    assert odd == []


def test_english_is_whole() -> None:
    assert [key for key, words in catalogue("en").items() if not words] == []


def test_a_language_is_chosen_once_and_kept(client: FlaskClient, town: Town) -> None:
    assert 'lang="zh-CN"' in client.get("/public").text
    chosen = client.get("/display?language=en&next=/public%3Fq%3D%25E7%2581%25AF")
    assert (chosen.status_code, chosen.location) == (303, "/public?q=%E7%81%AF")
    page = client.get(chosen.location)
    assert 'lang="en"' in page.text and "No answers contain" in page.text
    assert page.headers["Cache-Control"].startswith("public") and {"accept-language", "cookie"} <= page.vary.as_set()
    assert "登录" in client.get("/console/sign-in").text, "staff read Chinese"
    client.get("/display?language=mn")
    vertical = client.get("/m").text
    assert 'lang="mn-Mong"' in vertical and "ᠬᠠᠢᠬᠤ" in vertical
    assert "为了保护您" in vertical, "what has no translation yet is Chinese"


@pytest.mark.parametrize(
    ("asked", "shown"),
    [("en-GB,en;q=0.9", "en"), ("mn", "mn-Mong"), ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"), ("fr", "zh-CN"), ("", "zh-CN")],
)
def test_the_first_guess_is_what_the_browser_asks_for(client: FlaskClient, asked: str, shown: str) -> None:
    assert f'lang="{shown}"' in client.get("/public", headers={"Accept-Language": asked}).text


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", ""])
def test_a_choice_leads_nowhere_else(client: FlaskClient, elsewhere: str) -> None:
    answer = client.get("/display", query_string={"size": "large", "language": "xx", "next": elsewhere})
    assert answer.location == "/" and client.get_cookie("language", "testserver") is None
    assert client.get_cookie("size", "testserver").value == "large"
    assert 'class="large"' in client.get("/public").text


def test_sentences_with_numbers_are_found_whatever_the_numbers(app: Flask) -> None:
    with app.test_request_context("/public", headers={"Cookie": "language=en"}):
        told = translated("至少需要 10 个字，现在只有 3 个字，请再说明一些。")
        assert told == "At least 10 characters are needed and there are 3 now. Please say a little more."
        assert translated("2026 年") == "2026 年" and translated("") == ""
