"""Puts the sandbox together, and stands at its door: what goes wrong goes wrong here."""

import time
from collections.abc import Callable
from pathlib import Path

from flask import Flask, Response, g, jsonify, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox import chat, checks, control, mini_program, oauth, page, page_codes, sms, wechat, wecom, wecom_login
from sandbox.settings import Settings
from sandbox.world import World

BUSY = {"sms": {"Code": "isp.SYSTEM_ERROR", "Message": "系统错误", "RequestId": "0"}}
BUSY_TENCENT = {"errcode": -1, "errmsg": "system error"}
BLUEPRINTS = (
    wechat.routes,
    oauth.routes,
    oauth.pages,
    chat.routes,
    checks.routes,
    page_codes.routes,
    page_codes.pages,
    mini_program.routes,
    mini_program.wires,
    wecom.routes,
    wecom_login.routes,
    sms.routes,
    control.routes,
    page.routes,
)
PROVIDERS = ("wechat", "wechat_oauth", "chat", "checks", "page_codes", "mini_program", "wecom", "wecom_login", "sms")


def create_app(
    settings: Settings | None = None, folder: Path | None = None, clock: Callable[[], float] = time.time
) -> Flask:
    """Make a sandbox with a world of its own; what is received is also written to a file in `folder`, when given."""
    app = Flask(__name__)
    app.json.ensure_ascii = False
    app.extensions["sandbox"] = World(settings or Settings(), folder, clock)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.before_request(control.refuse_strangers)
    app.before_request(_meet_faults)
    app.after_request(_lose_answer)
    return app


def _meet_faults() -> AnyResponse | None:
    if request.blueprint not in PROVIDERS:
        return None
    world: World = control.world()
    with world.lock:
        world.calls[request.path] += 1
        faults, canned = world.faults, _take_canned(world)
        fails, g.drops = faults.fails(), faults.drops()
    if faults.latency_ms:
        time.sleep(faults.latency_ms / 1000)
    if faults.down:
        return Response("down for maintenance", 503)
    if canned:
        return Response(canned["body"], canned["status"], canned["headers"])
    return jsonify(BUSY.get(request.blueprint, BUSY_TENCENT)) if fails else None


def _take_canned(world: World) -> dict | None:
    """Take the next answer that was ordered for this path."""
    for canned in world.canned:
        if canned["path"] == request.path:
            canned["times"] -= 1
            if canned["times"] <= 0:
                world.canned.remove(canned)
            return canned
    return None


def _lose_answer(response: AnyResponse) -> AnyResponse:
    """Let the connection break where the answer should come, after the call took effect."""
    if not g.get("drops"):
        return response
    return Response(iter((b"{",)), 200, {"Content-Length": "1000"})
