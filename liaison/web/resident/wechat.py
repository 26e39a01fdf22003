"""The way round by WeChat: out with a state that only this browser knows, back with a code that only WeChat can read.

Whatever goes wrong on the way, the page behind it opens as it does without WeChat.
"""

import hmac
import secrets

from flask import Blueprint, Response, current_app, jsonify, redirect, request, url_for
from itsdangerous import BadSignature, URLSafeTimedSerializer

from liaison.clients.letters import NotSent
from liaison.services import visitors as visits
from liaison.web.bursts import may_ask_wechat
from liaison.web.guards import guard
from liaison.web.local_paths import resident_path
from liaison.web.resident import visitors
from liaison.web.wiring import now, unit_of_work, wiring

blueprint = Blueprint("wechat", __name__, url_prefix="/wechat")
STATE_BYTES = 32  # 64 letters and digits of the 128 WeChat carries


@blueprint.get("/enter")
@guard("session.enter")
def enter() -> Response:
    """Send the browser to WeChat; straight on to the page where there is no service account, or too much of this."""
    to, oauth = resident_path(request.args.get("to", "")) or url_for("own.listing"), wiring().oauth
    if oauth is None or not may_ask_wechat():
        answer = redirect(to, 303)
        visitors.mark_round(answer, visitors.MISSED)
        return answer
    state = secrets.token_hex(STATE_BYTES)
    answer = redirect(oauth.address(f"{wiring().config.base_url}{url_for('wechat.back')}", state))
    visitors.mark_round(answer, _sealer().dumps([state, to]))
    return answer


@blueprint.get("/back")
@guard("session.enter")
def back() -> Response:
    """Take the browser back: begin a visit if state and code are good, and lead on to the page in any case."""
    state, to = _round()
    openid = _openid() if state and _is_mine(state) else None
    answer = redirect(to, 303)
    if openid is None:
        visitors.mark_round(answer, visitors.DONE if visitors.current() else visitors.MISSED)
        return answer
    with unit_of_work():
        entered = visits.enter(openid, wiring().keys, now(), instead_of=visitors.token())
    visitors.carry(answer, entered.token, entered.until)
    visitors.mark_round(answer, visitors.DONE)
    return answer


@blueprint.get("/page")
@guard("session.enter")
def page() -> Response | tuple[str, int]:
    """What WeChat's script must be told on a page of ours; nothing for any other, and while WeChat is away."""
    own, sdk = resident_path(request.args.get("page", "")), wiring().js_sdk
    if sdk is None or not own:
        return "", 204
    try:
        return jsonify(sdk.signed(wiring().config.base_url + own, now()))
    except NotSent as error:
        current_app.logger.warning("no ticket of WeChat: %s", error.reason)
        return "", 204


def _round() -> tuple[str, str]:
    """The state this browser went out with and the page it wants; nothing and the list when it did not go out."""
    try:
        state, to = _sealer().loads(request.cookies.get(visitors.ROUND, ""), max_age=visitors.ROUND_SECONDS)
    except (BadSignature, ValueError, TypeError):
        return "", url_for("own.listing")
    return state, resident_path(to) or url_for("own.listing")


def _is_mine(state: str) -> bool:
    """Whether WeChat brings back this browser's very state, for the first time."""
    told = request.args.get("state", "")
    if not hmac.compare_digest(told.encode(), state.encode()):
        return False
    return wiring().once(f"wechat:{state}", visitors.ROUND_SECONDS)


def _openid() -> str | None:
    """Who came, as WeChat says; None without a code (somebody refused), for a bad one, and while WeChat is away."""
    code, oauth = request.args.get("code", ""), wiring().oauth
    if not code or oauth is None or not may_ask_wechat():
        return None
    try:
        return oauth.openid_of(code)
    except NotSent as error:
        current_app.logger.warning("nobody came by WeChat: %s", error.reason)
        return None


def _sealer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key, salt="round by wechat")
