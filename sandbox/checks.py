"""What api.weixin.qq.com says of content: of a text by its words, of a picture, later, by how red it is."""

import io
import re
import threading
import uuid
from collections.abc import Mapping

import httpx
from flask import Blueprint, jsonify
from PIL import Image
from werkzeug.wrappers import Response

from sandbox.control import world
from sandbox.events import event
from sandbox.wechat import appid, asked_for, refuse, token_fault
from sandbox.world import World

routes = Blueprint("checks", __name__)

LONGEST = 2500
PER_MINUTE = ((60.0, 4000),)
PASS = ("pass", 100)
WORDS = {
    "颜色革命": ("review", 20001),
    "集体上访": ("review", 20001),
    "诈骗": ("review", 20008),
    "裸聊": ("risky", 20002),
    "傻逼": ("risky", 20003),
    "冰毒": ("risky", 20006),
    "加微信": ("review", 10001),
}
"""Which words of a text give which suggestion and label."""

RED = (("risky", 20002), 0.6), (("review", 20001), 0.4)
"""From which share of red on a picture gives which; a usual one has a third."""

PATIENCE = 5.0
NOT_FETCHED = -1008
_OPENID = re.compile(r"o[A-Za-z0-9_-]{5,63}")
_URL = re.compile(r"https://.+|http://(127\.0\.0\.1|localhost)[:/].*")  # WeChat fetches by https; tests are at home


@routes.post("/wxa/msg_sec_check")
def check_text() -> Response:
    """Say what a text may be."""
    asked, here = asked_for(), world()
    content = asked.get("content")
    with here.lock:
        if fault := _fault(here, asked):
            return refuse(*fault)
        if not isinstance(content, str) or not 0 < len(content) <= LONGEST:
            return refuse(44991, "invalid content")
        here.checked.append(content)
    suggest, label = next((found for word, found in WORDS.items() if word in content), PASS)
    result = {"suggest": suggest, "label": label}
    detail = [{"strategy": "content_model", "errcode": 0, "prob": 90} | result]
    return jsonify(errcode=0, errmsg="ok", detail=detail, result=result, trace_id=uuid.uuid4().hex)


@routes.post("/wxa/media_check_async")
def check_media() -> Response:
    """Take a medium in; it is fetched meanwhile, and the result is pushed, as late as deliveries are."""
    asked, here = asked_for(), world()
    url = asked.get("media_url")
    with here.lock:
        if fault := _fault(here, asked):
            return refuse(*fault)
        if not isinstance(url, str) or not _URL.fullmatch(url) or asked.get("media_type") not in (1, 2):
            return refuse(44991, "invalid media_url")
        trace_id = uuid.uuid4().hex
        here.media[trace_id] = url
    looking = threading.Thread(target=_look, args=(here, appid(here), asked["openid"], url, trace_id), daemon=True)
    looking.start()
    return jsonify(errcode=0, errmsg="ok", trace_id=trace_id)


def _look(here: World, app_id: str, openid: str, url: str, trace_id: str) -> None:
    """Fetch a medium and tell what it may be; a sound passes."""
    found, error = PASS, 0
    try:
        answer = httpx.get(url, timeout=PATIENCE, trust_env=False).raise_for_status()
        if answer.headers["Content-Type"].startswith("image/"):
            red = redness(answer.content)
            found = next((told for told, least in RED if red > least), PASS)
    except (httpx.HTTPError, OSError):
        error = NOT_FETCHED
    here.postman.push(app_id, media_checked(openid, app_id, trace_id, *found) | {"errcode": error})


def redness(picture: bytes) -> float:
    """The share of red among a picture's colours."""
    with Image.open(io.BytesIO(picture)) as opened:
        pixel = opened.convert("RGB").resize((1, 1)).getpixel((0, 0))
    return pixel[0] / (sum(pixel) or 1)


def media_checked(openid: str, app_id: str, trace_id: str, suggest: str, label: int) -> dict[str, object]:
    """The event that tells what a medium may be."""
    result = {"suggest": suggest, "label": label}
    return event(
        "wxa_media_check",
        openid,
        appid=app_id,
        trace_id=trace_id,
        version=2,
        detail={"strategy": "content_model", "errcode": 0} | result,
        errcode=0,
        errmsg="ok",
        result=result,
    )


def _fault(here: World, asked: Mapping) -> tuple[int, str] | None:
    """What WeChat says against a call, in its order; None when it may go on."""
    if fault := token_fault(here):
        return fault
    openid = asked.get("openid")
    if not isinstance(openid, str) or not _OPENID.fullmatch(openid) or openid in here.gone:
        return 40003, "invalid openid"
    if asked.get("version") != 2 or asked.get("scene") not in (1, 2, 3, 4):
        return 40097, "invalid args"
    if openid in here.away:
        return 61010, "code is expired"
    if here.day_quota <= 0 or here.is_over("checks", PER_MINUTE):
        return 45009, "reach max api daily quota limit"
    return None
