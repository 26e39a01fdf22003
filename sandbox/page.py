"""The page that shows what came to whose phone."""

from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template

from sandbox.control import world
from sandbox.world import Received

routes = Blueprint("page", __name__)

SHOWN = 500
CHANNELS = {
    "wechat_subscribe": "微信订阅消息",
    "wechat_template": "微信服务号消息",
    "wecom": "企业微信",
    "sms": "短信",
}
SHANGHAI = ZoneInfo("Asia/Shanghai")


@routes.get("/")
def phones() -> str:
    """Show the newest messages by person, whoever got one last on top."""
    people: dict[str, list[Received]] = {}
    for message in islice(world().received(), SHOWN):
        people.setdefault(message.address, []).append(message)
    return render_template("phones.html", people=people, channels=CHANNELS, shown=SHOWN)


@routes.app_template_filter("moment")
def moment(seconds: float) -> str:
    """A time in Shanghai, to the second."""
    return datetime.fromtimestamp(seconds, SHANGHAI).strftime("%m-%d %H:%M:%S")
