"""The mini-program's codes against the sandbox: a picture, or what WeChat says instead of one."""

from io import BytesIO

import httpx
import pytest
import zxingcpp
from PIL import Image
from redis import Redis

from liaison.clients.letters import Kind, NotSent
from liaison.clients.wechat import Wechat, WechatAccount
from liaison.clients.wechat_codes import WIDTH, MiniProgramCodes
from tests.support.outside import Outside

PATH, TOKEN = "/wxa/getwxacodeunlimit", "/cgi-bin/stable_token"
SCENE = "x3mrry.1.2K0SQraKJBmio5aC"


@pytest.fixture
def codes(outside: Outside, redis: Redis, transport: httpx.HTTPTransport) -> MiniProgramCodes:
    account = WechatAccount("wx-sandbox", "sandbox-secret")
    return MiniProgramCodes(Wechat(account, redis, base_url=outside.url, transport=transport), "pages/station")


def refusal(codes: MiniProgramCodes, scene: str = SCENE) -> NotSent:
    with pytest.raises(NotSent) as caught:
        codes.draw(scene)
    return caught.value


def test_a_code_holds_page_and_scene(outside: Outside, codes: MiniProgramCodes) -> None:
    picture = Image.open(BytesIO(codes.draw(SCENE)))
    assert (picture.format, picture.size) == ("PNG", (WIDTH, WIDTH))
    (found,) = zxingcpp.read_barcodes(picture)
    assert found.text == f"{outside.url}/pages/station?scene={SCENE}"


@pytest.mark.parametrize("scene", ["", "a" * 33, "站点", "a b", "a%20b", "a\n"])
def test_what_is_no_scene_is_not_even_asked_for(outside: Outside, codes: MiniProgramCodes, scene: str) -> None:
    assert refusal(codes, scene).kind is Kind.FINAL
    assert outside.calls(PATH) == 0


def test_an_ended_token_is_renewed_once(outside: Outside, codes: MiniProgramCodes) -> None:
    codes.draw(SCENE)
    outside.set("tokens", **{"as": "ended"})
    assert codes.draw(SCENE).startswith(b"\x89PNG")
    assert outside.calls(TOKEN) == 2


@pytest.mark.parametrize(
    ("code", "kind"), [(41030, Kind.FINAL), (40169, Kind.FINAL), (45009, Kind.QUOTA), (-1, Kind.RETRY)]
)
def test_an_error_comes_as_json(outside: Outside, codes: MiniProgramCodes, code: int, kind: Kind) -> None:
    outside.set("answers", path=PATH, body={"errcode": code, "errmsg": "as the documents say"})
    assert refusal(codes).kind is kind


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (200, {"Content-Type": "application/json"}, {"errcode": 0}),
        (200, {"Content-Type": "text/html"}, "<html>"),
        (502, {"Content-Type": "image/png"}, "no picture"),
    ],
)
def test_only_a_picture_is_one(
    outside: Outside, codes: MiniProgramCodes, status: int, headers: dict[str, str], body: object
) -> None:
    outside.set("answers", path=PATH, body=body, status=status, headers=headers)
    assert refusal(codes).kind is Kind.RETRY
