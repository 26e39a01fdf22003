"""What asking WeChat about content promises, against the sandbox: labels become hints, codes their meaning."""

import httpx
import pytest
from redis import Redis

from liaison.clients.letters import Kind, NotSent
from liaison.clients.pushes import CHECKED, Unreadable
from liaison.clients.wechat import Wechat, WechatAccount
from liaison.clients.wechat_checks import LONGEST, MEDIA, TEXT, ContentCheck
from liaison.clients.wechat_push import read
from liaison.domain.safety import CLEAN, Finding, Hint, Suggest
from sandbox.checks import media_checked
from sandbox.events import xml
from tests.support.outside import OPENID, Outside

URL = "https://lianluo.example.gov.cn/checked/1"


@pytest.fixture
def check(outside: Outside, redis: Redis, transport: httpx.HTTPTransport) -> ContentCheck:
    account = WechatAccount("wx-sandbox", "sandbox-secret")
    return ContentCheck(Wechat(account, redis, base_url=outside.url, transport=transport))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("路灯坏了三盏，晚上看不见路。", CLEAN),
        ("有人打电话诈骗老人。", Finding(Suggest.REVIEW, Hint.FRAUD)),
        ("楼上有人卖冰毒。", Finding(Suggest.RISKY, Hint.CRIME)),
        ("灯" * LONGEST + "裸聊", Finding(Suggest.RISKY, Hint.PORN)),
    ],
)
def test_a_label_becomes_a_hint_wherever_in_a_text_it_stands(check: ContentCheck, text: str, found: Finding) -> None:
    assert check.check_text(OPENID, text) == found


def test_a_long_text_is_asked_about_in_pieces_that_wechat_takes(outside: Outside, check: ContentCheck) -> None:
    check.check_text(OPENID, "灯" * (LONGEST + 1))
    assert [len(each) for each in outside.checks()["texts"]] == [LONGEST, 1]


@pytest.mark.parametrize(
    ("code", "kind"),
    [(40003, Kind.FINAL), (61010, Kind.FINAL), (45009, Kind.QUOTA), (45011, Kind.QUOTA), (-1, Kind.RETRY)],
)
@pytest.mark.parametrize("path", [TEXT, MEDIA])
def test_a_code_means_the_same_for_texts_and_media(
    outside: Outside, check: ContentCheck, path: str, code: int, kind: Kind
) -> None:
    outside.set("answers", path=path, body={"errcode": code, "errmsg": "no"}, times=2)
    with pytest.raises(NotSent) as caught:
        check.check_text(OPENID, "灯坏了") if path == TEXT else check.ask_about(OPENID, URL, "image/jpeg")
    assert caught.value.kind is kind


def test_what_version_one_calls_risky_is_a_finding_and_no_failure(outside: Outside, check: ContentCheck) -> None:
    outside.set("answers", path=TEXT, body={"errcode": 87014, "errmsg": "risky content"})
    assert check.check_text(OPENID, "灯坏了") == Finding(Suggest.RISKY, Hint.OTHER)


@pytest.mark.parametrize("result", [None, {}, {"suggest": "maybe", "label": 1}])
def test_an_answer_that_says_nothing_is_asked_for_again(outside: Outside, check: ContentCheck, result: object) -> None:
    outside.set("answers", path=TEXT, body={"errcode": 0, "errmsg": "ok", "result": result})
    with pytest.raises(NotSent) as caught:
        check.check_text(OPENID, "灯坏了")
    assert caught.value.kind is Kind.RETRY


def test_who_was_not_in_the_mini_program_is_told_apart_from_who_does_not_exist(
    outside: Outside, check: ContentCheck
) -> None:
    outside.set("people", address=OPENID, away=True)
    with pytest.raises(NotSent, match="61010"):
        check.check_text(OPENID, "灯坏了")
    outside.set("people", address=OPENID, away=False)
    outside.set("people", address=OPENID)
    with pytest.raises(NotSent, match="40003"):
        check.check_text(OPENID, "灯坏了")


def test_a_picture_is_named_and_its_result_is_read_from_the_event(outside: Outside, check: ContentCheck) -> None:
    trace_id = check.ask_about(OPENID, URL, "image/jpeg")
    assert outside.checks()["media"] == {trace_id: URL}
    push = read(xml(media_checked(OPENID, "wx-sandbox", trace_id, "risky", 20002)).encode())
    assert (push.kind, push.said) == (CHECKED, {"trace_id": trace_id, "suggest": "risky", "hint": "porn"})


def test_a_file_wechat_could_not_fetch_is_no_finding() -> None:
    fields = media_checked(OPENID, "wx-sandbox", "t1", "pass", 100) | {"errcode": -1008}
    push = read(xml(fields).encode())
    assert (push.said["suggest"], push.said["error"]) == ("pass", "errcode -1008")


@pytest.mark.parametrize("spoilt", ["trace_id", "result"])
def test_a_result_that_names_no_file_or_says_nothing_is_unreadable(spoilt: str) -> None:
    fields = media_checked(OPENID, "wx-sandbox", "t1", "risky", 20002)
    del fields[spoilt]
    with pytest.raises(Unreadable):
        read(xml(fields).encode())
