"""People write to the service account, and it answers: api.weixin.qq.com's customer-service messages."""

import re

from flask import Blueprint, jsonify
from markupsafe import Markup, escape
from werkzeug.wrappers import Response

from sandbox.control import world
from sandbox.wechat import asked_for, refuse, token_fault

routes = Blueprint("chat", __name__)

WITHIN = 48 * 3600.0
LONGEST = 2048  # bytes
LINK = re.compile(r'<a href="(https?://[^"<>\s]+)">([^<>]*)</a>')


@routes.post("/cgi-bin/message/custom/send")
def say() -> Response:
    """Put a text on the phone of somebody who wrote within 48 hours."""
    asked, here = asked_for(), world()
    openid, told = asked.get("touser"), asked.get("text")
    text = told.get("content") if isinstance(told, dict) else None
    with here.lock:
        if fault := token_fault(here):
            return refuse(*fault)
        if openid in here.gone:
            return refuse(40003, "invalid openid")
        if here.wrote.get(openid, float("-inf")) < here.now() - WITHIN:
            return refuse(45015, "response out of time limit or subscription is canceled")
        if asked.get("msgtype") != "text" or not isinstance(text, str) or not 0 < len(text.encode()) <= LONGEST:
            return refuse(40007, "invalid text")
        first = LINK.search(text)
        here.receive("wechat_chat", openid, text, link=first.group(1) if first else "")
    return jsonify(errcode=0, errmsg="ok")


def linked(text: str) -> Markup:
    """A text with its links, all else as it stands."""
    parts, end = [], 0
    for found in LINK.finditer(text):
        parts += [escape(text[end : found.start()]), _anchor(*found.groups())]
        end = found.end()
    return Markup("").join([*parts, escape(text[end:])])


def _anchor(address: str, words: str) -> Markup:
    return Markup('<a href="%s" target="_blank" rel="noopener noreferrer">%s</a>') % (address, words)
