"""The pages that show what came to whose phone, and let a person agree to messages or not, as on a phone."""

from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from sandbox.book import Person
from sandbox.chat import linked
from sandbox.control import world
from sandbox.events import subscribe_change, subscribe_popup, text_from
from sandbox.people import openid_of
from sandbox.world import Received

routes = Blueprint("page", __name__)

SHOWN = 500  # messages, the newest: more nobody reads
CHANNELS = {
    "wechat_subscribe": "小程序订阅消息",
    "wechat_template": "服务号消息",
    "wechat_chat": "公众号回复",
    "wecom": "企业微信",
    "sms": "短信",
}
ACTIONS = {"wechat_subscribe": "进入小程序查看", "wechat_template": "查看详情", "wecom": "详情", "sms": "打开链接"}
SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Phone:
    """Somebody's phone with what it got, newest first."""

    person: Person
    messages: list[Received]


@routes.get("/")
def phones() -> str:
    """Whose phones got something, whoever got it last on top, and beside it the phone that was picked."""
    found = _phones()
    picked = request.args.get("user", "")
    shown = found.get(picked) or Phone(world().book.get(picked), [])
    return render_template("phones.html", phones=found.values(), picked=shown if picked else None, **_words(picked))


@routes.get("/people")
def everybody() -> str:
    """Everybody there is, to pick one who got nothing yet; stands still, so that one can search."""
    query, found = request.args.get("q", "").strip(), _phones()
    people = [each for each in world().book.people.values() if query in f"{each.name} {each.about} {each.user}"]
    return render_template("everybody.html", people=people, query=query, found=found)


@routes.post("/people/<user>/consents")
def answer_consent(user: str) -> Response:
    """Agree to one more message of a template, or to none at all, as the phone asks; the callback is told."""
    here, template, answer = world(), request.form.get("template", ""), request.form.get("answer", "")
    appid = _mini_program()
    openid = openid_of(appid, user)
    if template in here.settings.templates and answer in ("accept", "reject"):
        with here.lock:
            here.consents[openid, template] = here.consents[openid, template] + 1 if answer == "accept" else 0
        told = subscribe_popup(openid, {template: answer}) if answer == "accept" else subscribe_change(openid, template)
        here.postman.push(appid, told, delay=0)
    return redirect(url_for("page.phones", user=user), 303)


@routes.get("/people/<user>/words")
def writing(user: str) -> str:
    """Where somebody writes to the service account; stands still, so that one can."""
    return render_template("writing.html", user=user)


@routes.post("/people/<user>/words")
def write(user: str) -> Response:
    """Write to the service account, whose callback is told."""
    here, text = world(), request.form.get("text", "").strip()
    apps = list(here.settings.apps)
    if text and len(apps) > 1:
        openid = openid_of(apps[1], user)
        with here.lock:
            here.wrote[openid] = here.now()
        here.postman.push(apps[1], text_from(openid, text), delay=0)
    return redirect(url_for("page.phones", user=user), 303)


routes.add_app_template_filter(linked, "linked")


@routes.app_template_filter("moment")
def moment(seconds: float) -> str:
    """A time in Shanghai, to the second."""
    return datetime.fromtimestamp(seconds, SHANGHAI).strftime("%m-%d %H:%M:%S")


@routes.app_template_filter("opens")
def opens(message: Received) -> str:
    """The address a message opens in a browser; empty when it opens none."""
    link = message.link
    if message.channel == "sms" and link:
        link = world().settings.sms_link + link
    if link.startswith("pages/"):  # the mini-program shows the page it is given
        link = parse_qs(urlsplit(link).query).get("link", [""])[0]
    return link if link.startswith(("http://", "https://")) else ""


def _phones() -> dict[str, Phone]:
    found: dict[str, Phone] = {}
    for message in islice(world().received(), SHOWN):
        person = world().book.behind(message.address)
        found.setdefault(person.user, Phone(person, [])).messages.append(message)
    return found


def _words(user: str) -> dict[str, object]:
    here = world()
    openid = openid_of(_mini_program(), user)
    stock = {template: here.consents[openid, template] for template in list(here.settings.templates)[:1]}
    return {"channels": CHANNELS, "actions": ACTIONS, "shown": SHOWN, "stock": stock}


def _mini_program() -> str:
    return next(iter(world().settings.apps))
