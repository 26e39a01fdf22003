"""The wires behind the scenery: tests and the demo say what the outside world is like. All under `/_/`."""

from dataclasses import asdict, fields
from ipaddress import ip_address
from typing import Any

import httpx
from flask import Blueprint, abort, current_app, jsonify, request
from werkzeug.wrappers import Response

from sandbox.events import SUCCESS, subscribe_popup, text_from
from sandbox.faults import Faults
from sandbox.pushing import PATIENCE, Callback, Delivery, check
from sandbox.world import World

routes = Blueprint("control", __name__, url_prefix="/_")

FAULTS = {each.name for each in fields(Faults) if each.init}


def refuse_strangers() -> None:
    """Leave the wires to this machine: a demo's pages may be open to a whole network."""
    is_wire = request.path.startswith(f"{routes.url_prefix}/")
    if is_wire and not ip_address(request.remote_addr or "0.0.0.0").is_loopback:
        abort(403, "only from this machine")


def world() -> World:
    """The world of this application."""
    return current_app.extensions["sandbox"]


@routes.post("/faults")
def set_faults() -> Response:
    """Set {errors, latency_ms, drop, down, seed}; whatever is left out is well again."""
    asked = _asked()
    if set(asked) - FAULTS:
        abort(400, f"there are only {sorted(FAULTS)}")
    faults = Faults(**asked)
    with world().lock:
        world().faults = faults
    return jsonify(asked)


@routes.post("/answers")
def order_answer() -> Response:
    """Order {path, body, status 200, headers {}, times 1}: the next calls of that path get this and have no effect.

    {forget true} takes every order back.
    """
    if _asked().get("forget"):
        with world().lock:
            world().canned.clear()
        return jsonify(ordered=False)
    asked = {"status": 200, "headers": {"Content-Type": "application/json"}, "times": 1} | _asked()
    if not isinstance(asked["body"], str):
        asked["body"] = current_app.json.dumps(asked["body"])
    with world().lock:
        world().canned.append(asked)
    return jsonify(ordered=True)


@routes.post("/consents")
def grant_consent() -> Response:
    """Let a user agree to {openid, template_id, count 1} more messages; returns the stock.

    With an {app_id}, its callback is told of it.
    """
    asked = _asked()
    openid, template = asked["openid"], asked["template_id"]
    with world().lock:
        world().consents[openid, template] += int(asked.get("count", 1))
        stock = world().consents[openid, template]
    world().postman.push(str(asked.get("app_id", "")), subscribe_popup(openid, {template: "accept"}))
    return jsonify(stock=stock)


@routes.post("/callbacks")
def set_callback() -> Response:
    """Have the messages of {app_id} pushed to {url}, sealed and signed with {token, aes_key}; says whether it answers.

    The check is made as WeChat makes it when the address is entered; `check false` leaves it out.
    """
    asked = _asked()
    callback = Callback(asked["url"], asked["token"], asked["aes_key"], asked["app_id"])
    world().postman.callbacks[callback.app_id] = callback
    if not asked.get("check", True):
        return jsonify(answers=None)
    with httpx.Client(timeout=PATIENCE, trust_env=False) as http:
        return jsonify(answers=check(http, callback))


@routes.post("/deliveries")
def set_delivery() -> Response:
    """Let messages end as {status "success", delay 0 seconds, times 1} from now on, as the callbacks are told.

    Each is told so many times, as WeChat does when it believes that it was not heard.
    """
    asked = _asked()
    status, delay, times = str(asked.get("status", SUCCESS)), float(asked.get("delay", 0)), int(asked.get("times", 1))
    world().delivery = Delivery(status, delay, times)
    return jsonify(asdict(world().delivery))


@routes.post("/pushes")
def push_event() -> Response:
    """Push any message {app_id, fields {}, delay 0} to the app's callback."""
    asked = _asked()
    world().postman.push(asked["app_id"], asked["fields"], float(asked.get("delay", 0)))
    return jsonify(pushed=asked["app_id"] in world().postman.callbacks)


@routes.post("/words")
def write() -> Response:
    """Let somebody {openid} write {text} to {app_id}, whose callback is told."""
    asked = _asked()
    with world().lock:
        world().wrote[asked["openid"]] = world().now()
    world().postman.push(asked["app_id"], text_from(asked["openid"], asked["text"]), delay=0)
    return jsonify(done=True)


@routes.get("/pushes")
def pushes() -> Response:
    """Every push so far with the HTTP status it was answered with, 0 for none; oldest first."""
    return jsonify([asdict(each) for each in list(world().postman.done)])


@routes.post("/people")
def move_people() -> Response:
    """Let {address, gone true} leave: the openid or member id is unknown from now on, or known again.

    Instead of `gone`, `away` says whether somebody was in the mini-program within the last two hours.
    """
    asked = _asked()
    if "away" in asked:
        with world().lock:
            (world().away.add if asked["away"] else world().away.discard)(asked["address"])
        return jsonify(away=sorted(world().away))
    with world().lock:
        (world().gone.add if asked.get("gone", True) else world().gone.discard)(asked["address"])
    return jsonify(gone=sorted(world().gone))


@routes.post("/limits")
def set_limits() -> Response:
    """Set {day_quota, sms_balance, per_person}.

    How many messages are left today, whether the text messages are paid for, and whether one member gets 30 cards a
    minute and one number 50 texts a day at most; the last is switched off for benchmarks.
    """
    here, asked = world(), _asked()
    with here.lock:
        here.day_quota = int(asked.get("day_quota", here.day_quota))
        here.sms_balance = bool(asked.get("sms_balance", here.sms_balance))
        here.per_person = bool(asked.get("per_person", here.per_person))
    return jsonify(day_quota=here.day_quota, sms_balance=here.sms_balance, per_person=here.per_person)


@routes.post("/tokens")
def spoil_tokens() -> Response:
    """Do {as: "ended"} or {as: "refused"} to every token given out so far."""
    book = world().tokens
    with world().lock:
        {"ended": book.end_all, "refused": book.refuse_all}[_asked()["as"]]()
    return jsonify(done=True)


@routes.post("/clock")
def advance_clock() -> Response:
    """Let {seconds} pass."""
    world().advance(float(_asked()["seconds"]))
    return jsonify(now=world().now())


@routes.get("/messages")
def messages() -> Response:
    """Everything received, newest first; `?channel=` and `?address=` narrow it."""
    wanted = {name: request.args[name] for name in ("channel", "address") if name in request.args}
    found = [asdict(each) for each in world().received()]
    return jsonify([each for each in found if wanted.items() <= each.items()])


@routes.delete("/messages")
def clear_messages() -> Response:
    """Forget what was received and counted."""
    world().clear()
    return jsonify(done=True)


@routes.get("/checks")
def checks() -> Response:
    """The texts that were shown to the content check, and the addresses of media by the name of their result."""
    with world().lock:
        return jsonify(texts=list(world().checked), media=dict(world().media))


@routes.get("/counts")
def counts() -> Response:
    """How often each path was called, and how many tokens were made."""
    with world().lock:
        return jsonify(calls=dict(world().calls), renewals=world().tokens.renewals, received=len(world().received()))


def _asked() -> dict[str, Any]:
    body = request.get_json(force=True, silent=True)
    return body if isinstance(body, dict) else abort(400, "a JSON object, please")
