"""The deputy's phone: the mini-program signs in, is bound and unbound, and reports to which messages it agreed."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response
from marshmallow import INCLUDE, Schema, ValidationError, fields, validate, validates_schema

from liaison.clients.wechat_mini import MiniProgram
from liaison.db import told
from liaison.domain.access import Need
from liaison.domain.errors import NotAllowed, NotFound
from liaison.models.people import Account
from liaison.services import binding_desk, bindings, channels, second_factors, sign_in
from liaison.services.claims import TEMPLATES
from liaison.services.vault import OPENID
from liaison.web.answers import ActorOut, SessionOut
from liaison.web.described import describe
from liaison.web.errors import problem
from liaison.web.fields import Input
from liaison.web.guards import NotSignedIn, current_actor, guard
from liaison.web.limits import binding_limit, platform_limit
from liaison.web.platforms import asking
from liaison.web.projections import moment
from liaison.web.schemas import one_of
from liaison.web.sessions import actor_json
from liaison.web.uploads import read_body
from liaison.web.whereabouts import origin
from liaison.web.wiring import now, unit_of_work, wiring

api = APIBlueprint("phones", __name__, url_prefix="/api/v1", tag="Deputy")

LONGEST = 512  # characters of what WeChat or we have given out; none of theirs is so long
ANSWERS = ("accept", "reject", "ban", "filter", "acceptWithAudio", "acceptWithAlert", "acceptWithForcePush")
HOW_IT_WENT = "errMsg"
MOST_ANSWERS = 5  # WeChat asks for three templates at a time, and says besides how the asking went
NO_MINI_PROGRAM = "本系统没有开通小程序登录，请用用户名和密码登录工作台。"
SPENT = "微信登录凭证无效或已过期，请重新打开小程序再试。"
PHONE_SPENT = "手机号授权无效或已过期，请再点一次授权手机号。"
NOT_BOUND = "这个微信还没有绑定代表账号。请授权手机号，由人大办确认；或输入人大办给您的邀请码。"
WAITING = "已提交绑定申请，正在等人大办确认；着急的，可以向人大办要邀请码。"
NOT_INVITED = "邀请码不正确，或已经过期、用过，请核对后再输入，或请人大办重新发给您。"
ONE_OF_TWO = "请授权手机号，或输入邀请码。"


def _given(words: str) -> validate.Length:
    return validate.Length(1, LONGEST, error=words)


class CodeIn(Input):
    """The code of `wx.login`; for a deputy with a second factor its code, too."""

    code = fields.String(required=True, validate=_given(SPENT))
    otp = fields.String(load_default=None, allow_none=True, validate=validate.Length(0, 40, error="验证码太长。"))


class BindingIn(Input):
    """A ticket, and whose phone it is: by the number WeChat vouches for, by an invitation, or by both."""

    ticket = fields.String(required=True, validate=_given(bindings.ENDED))
    phone_code = fields.String(load_default=None, allow_none=True, validate=_given(PHONE_SPENT))
    invitation = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 40, error=NOT_INVITED))

    @validates_schema
    def need_one(self, data: dict[str, Any], **more: Any) -> None:
        """Refuse a ticket alone."""
        if not (data.get("phone_code") or data.get("invitation")):
            raise ValidationError(ONE_OF_TWO, "phone_code")


class ConsentsIn(Input):
    """What `wx.requestSubscribeMessage` answered, as it is: what its owner chose, by the template's id."""

    class Meta:
        """The names are the templates', so that none is unknown."""

        unknown = INCLUDE

    @validates_schema
    def check_answers(self, data: dict[str, Any], **more: Any) -> None:
        """Refuse what WeChat never answers; how the asking went is not of interest."""
        if len(data) > MOST_ANSWERS:
            raise ValidationError("一次最多三个模板。", "template")
        if any(value not in ANSWERS for name, value in data.items() if name != HOW_IT_WENT):
            raise ValidationError("每个模板的结果应当是 accept、reject 或 ban。", "template")


class BindingOut(Schema):
    """How the binding stands; where it is made, a session, whose token is shown this once."""

    state = fields.String(required=True, validate=one_of(("bound", "waiting")))
    token = fields.String(required=True, allow_none=True)
    expires_at = fields.DateTime(required=True, allow_none=True)
    actor = fields.Nested(ActorOut, required=True, allow_none=True)


class ConsentsOut(Schema):
    """How many messages of each template the deputy has agreed to and not yet got."""

    stock = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


@api.post("/deputy/sessions")
@api.post("/sessions/wechat")
@describe(SessionOut, status=201, takes=CodeIn, refuses=(401, 403, 404, 429))
@guard("session.open")
@platform_limit
def sign_in_by_phone() -> Any:
    """Open a session with the code of `wx.login`; 403 with a `ticket` where no account is bound to that phone yet."""
    body, mini = read_body(CodeIn()), _mini_program()
    with asking("code", SPENT):
        openid = mini.openid(body["code"])
    account = bindings.find_bound(OPENID, openid, wiring().keys)
    return _opened(account, body["otp"]) if account else _ticket(openid)


@api.post("/deputy/bindings")
@describe(BindingOut, status=201, takes=BindingIn, refuses=(403, 404, 409, 429))
@guard("session.open")
@binding_limit
def bind_phone() -> Any:
    """Bind this phone: at once by the office's invitation, else by its number, once the office has confirmed that."""
    body, mini, phone = read_body(BindingIn()), _mini_program(), None
    if body["phone_code"]:
        with asking("phone_code", PHONE_SPENT):
            phone = mini.phone(body["phone_code"])
    if not body["invitation"]:
        with unit_of_work():
            bindings.ask(body["ticket"], phone, wiring().keys, now())
        return {"state": "waiting", "token": None, "expires_at": None, "actor": None}, 201
    with unit_of_work():
        account = bindings.accept(body["ticket"], body["invitation"], phone, wiring().keys, now())
    if account is None:
        raise NotAllowed(NOT_INVITED)
    session, status = _opened(account, None)
    return {"state": "bound"} | session, status


@api.delete("/deputy/bindings/current")
@describe(None, status=204)
@guard("binding.end")
def unbind_phone() -> Any:
    """Unbind one's phone; all one's sessions end."""
    with unit_of_work():
        binding_desk.end_own(current_actor(), OPENID, now=now())
    return "", 204


@api.get("/deputy/consents")
@describe(ConsentsOut)
@guard("consent.report")
def consents() -> Any:
    """The templates whose messages need consent, and how many of each are agreed to."""
    return {"stock": channels.consents(current_actor().account_id, _templates())}


@api.post("/deputy/consents")
@describe(ConsentsOut, takes=ConsentsIn)
@guard("consent.report")
def report_consents() -> Any:
    """Count what was just agreed to: each `accept` is one message."""
    answers = read_body(ConsentsIn())
    with unit_of_work():
        stock = channels.report_consents(current_actor().account_id, answers, _templates(), now())
    return {"stock": stock}


def _mini_program() -> MiniProgram:
    found = wiring().mini_program
    if found is None:
        raise NotFound(NO_MINI_PROGRAM)
    return found


def _templates() -> list[str]:
    return [template for template in told(TEMPLATES).values() if template]


def _opened(account: Account, code: str | None) -> tuple[dict[str, Any], int]:
    """A session. Raises NotSignedIn for what it lacks, NotAllowed while the account is shut."""
    proven = False
    if code and account.otp_since:
        with unit_of_work():
            proven = second_factors.prove(account.id, code, wiring().keys, now())
    if need := sign_in.need_of(account, now(), proven=proven, by=sign_in.WECHAT):
        raise NotSignedIn(second_factors.WRONG if need is Need.CODE and code else None, needs=need)
    with unit_of_work():
        signed = bindings.enter(account.id, OPENID, now(), proven=proven, origin=origin())
    told_of = {"token": signed.token, "expires_at": moment(signed.expires_at), "actor": actor_json(signed.account)}
    return told_of, 201


def _ticket(openid: str) -> Response:
    """The refusal that says what to do next, and with what."""
    with unit_of_work():
        ticket = bindings.offer(openid, origin().device, wiring().keys, now())
    words, needs = (WAITING, "confirmation") if ticket.waits else (NOT_BOUND, "binding")
    return problem(403, words, needs=needs, ticket=ticket.token, ticket_expires_at=moment(ticket.until))
