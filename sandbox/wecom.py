"""qyapi.weixin.qq.com, as far as cards to members go."""

import json
import secrets
from collections.abc import Mapping

from flask import Blueprint, jsonify, request
from werkzeug.wrappers import Response

from sandbox.control import world
from sandbox.tokens import Standing
from sandbox.world import World

routes = Blueprint("wecom", __name__)

MOST = 1000
PER_MEMBER = ((60.0, 30), (3600.0, 1000))
TITLE, DESCRIPTION = 128, 512
TOKEN_FAULTS = {
    Standing.ENDED: (42001, "access_token expired"),
    Standing.UNKNOWN: (40014, "invalid access_token"),
}


@routes.get("/cgi-bin/gettoken")
def get_token() -> Response:
    """Give the token of the application."""
    here = world()
    if request.args.get("corpid") != here.settings.corp_id:
        return refuse(40013, "invalid corpid")
    if request.args.get("corpsecret") != here.settings.corp_secret:
        return refuse(40001, "invalid credential")
    with here.lock:
        token, seconds = here.tokens.issue("wecom")
    return jsonify(errcode=0, errmsg="ok", access_token=token, expires_in=seconds)


@routes.post("/cgi-bin/message/send")
def send() -> Response:
    """Send a card to members; whoever is unknown is named in the answer, and over their limit they get nothing."""
    body = request.get_json(force=True, silent=True)
    asked, here = body if isinstance(body, Mapping) else {}, world()
    with here.lock:
        if fault := _fault(here, asked):
            return refuse(*fault)
        named = [each for each in str(asked.get("touser", "")).split("|") if each]
        known = [each for each in named if each not in here.gone]
        if not known or len(named) > MOST:
            return refuse(81013, "user & party & tag all invalid")
        if here.day_quota < len(known):
            return refuse(45009, "api freq out of limit")
        here.day_quota -= len(known)
        number = [_give(here, member, asked) for member in known][-1]
    invalid = "|".join(each for each in named if each not in known)
    answer = {"errcode": 0, "errmsg": "ok", "msgid": f"msg-{number}"}
    return jsonify(answer | ({"invaliduser": invalid} if invalid else {}))


def _fault(here: World, asked: Mapping) -> tuple[int, str] | None:
    standing = here.tokens.standing("wecom", request.args.get("access_token", ""))
    if standing is not Standing.GOOD:
        return TOKEN_FAULTS[standing]
    if asked.get("agentid") != here.settings.agent_id:
        return 40056, "invalid agentid"
    card = asked.get("textcard")
    if asked.get("msgtype") != "textcard" or not isinstance(card, Mapping):
        return 40008, "invalid message type"
    if not all(card.get(name) for name in ("title", "description", "url")):
        return 40058, "missing argument in textcard"
    if len(card["title"].encode()) > TITLE or len(card["description"].encode()) > DESCRIPTION:
        return 45002, "content size out of limit"  # stricter than WeCom, which cuts
    return None


def _give(here: World, member: str, asked: Mapping) -> str:
    """Put the card on a member's phone unless it repeats a recent one or breaks the member's limit."""
    card = asked["textcard"]
    key = ("wecom", member, json.dumps(card, sort_keys=True))
    within = asked.get("duplicate_check_interval", 1800) if asked.get("enable_duplicate_check") else 0
    if known := here.repeated(key, within):
        return known
    if here.is_over(("wecom", member), PER_MEMBER):
        return "0"
    number = here.receive("wecom", member, card["title"], detail=card["description"], link=card["url"])
    here.remember(key, number)
    return number


def refuse(code: int, text: str) -> Response:
    """Answer with an error as WeCom words it."""
    hint = secrets.randbelow(10**24)
    return jsonify(errcode=code, errmsg=f"{text}, hint: [{hint:024}], from ip: 203.0.113.7")
