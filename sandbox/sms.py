"""Alibaba Cloud's SMS gateway, as far as SendSms goes; it checks the signature by its own reading of the document."""

import hashlib
import hmac
import json
import re
import uuid
from collections.abc import Mapping
from urllib.parse import quote

from flask import Blueprint, jsonify, request
from werkzeug.wrappers import Response

from sandbox.control import world
from sandbox.world import World

routes = Blueprint("sms", __name__)

PER_NUMBER = ((86_400.0, 50),)
LONGEST_VALUE = 35
TEXTS = {"SMS_SANDBOX": "您有一条新消息，点击查看："}
"""What templates say before their link; the code stands for those whose text nobody needs to see."""

_NUMBER = re.compile(r"(\+?86)?1[3-9]\d{9}")
_STAMP = re.compile(r"ACS3-HMAC-SHA256 Credential=([^,]+),\s*SignedHeaders=([^,]+),\s*Signature=([0-9a-f]{64})")
_MUST = {"host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"}


@routes.post("/")
def send_sms() -> tuple[Response, int]:
    """Send a text message to one number or several."""
    here = world()
    if request.headers.get("x-acs-action") != "SendSms" or request.headers.get("x-acs-version") != "2017-05-25":
        return _answer("InvalidAction.NotFound", "Specified api is not found.", 404)
    if fault := _stamp_fault(here):
        return _answer(*fault)
    asked = request.args
    with here.lock:
        if fault := _fault(here, asked):
            return _answer(*fault)
        values = json.loads(asked.get("TemplateParam") or "{}")
        numbers = asked["PhoneNumbers"].split(",")
        if any(here.is_over(("sms", number), PER_NUMBER) for number in numbers):
            return _answer("isv.BUSINESS_LIMIT_CONTROL", "触发天级流控Permits:50")
        text = f"【{asked['SignName']}】{TEXTS.get(asked['TemplateCode'], asked['TemplateCode'])}"
        for number in numbers:
            link = str(values.get("link", ""))
            biz = here.receive("sms", number, text, detail=json.dumps(values, ensure_ascii=False), link=link,
                               ref=asked.get("OutId", ""))
    return jsonify(Code="OK", Message="OK", BizId=f"{biz}^0", RequestId=str(uuid.uuid4())), 200


def _stamp_fault(here: World) -> tuple[str, str, int] | None:
    """Check who calls, as the document of the signature says."""
    stamp = _STAMP.fullmatch(request.headers.get("Authorization", ""))
    if not stamp:
        return "IncompleteSignature", "The request signature does not conform to Aliyun standards.", 400
    key_id, names, signature = stamp.groups()
    if key_id != here.settings.key_id:
        return "InvalidAccessKeyId.NotFound", "Specified access key is not found.", 404
    headers = {name: request.headers.get(name, "").strip() for name in names.split(";")}
    body = hashlib.sha256(request.get_data()).hexdigest()
    if not headers.keys() >= _MUST or list(headers) != sorted(headers) or headers["x-acs-content-sha256"] != body:
        return "SignatureDoesNotMatch", "Specified signature is not matched with our calculation.", 400
    pairs = sorted((quote(name, safe="~"), quote(value, safe="~")) for name, value in request.args.items(multi=True))
    query = "&".join(f"{name}={value}" for name, value in pairs)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    plain = f"{request.method}\n/\n{query}\n{lines}\n{names}\n{body}"
    hashed = "ACS3-HMAC-SHA256\n" + hashlib.sha256(plain.encode()).hexdigest()
    own = hmac.new(here.settings.key_secret.encode(), hashed.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(own, signature):
        return "SignatureDoesNotMatch", "Specified signature is not matched with our calculation.", 400
    return None


def _fault(here: World, asked: Mapping[str, str]) -> tuple[str, str] | None:
    """Find what the gateway would say against a message; None when it may go."""
    if not here.sms_balance:
        return "isv.AMOUNT_NOT_ENOUGH", "账户余额不足"
    if not all(_NUMBER.fullmatch(number) for number in asked.get("PhoneNumbers", "").split(",")):
        return "isv.MOBILE_NUMBER_ILLEGAL", "非法手机号"
    if asked.get("SignName") != here.settings.sign_name:
        return "isv.SMS_SIGNATURE_ILLEGAL", "短信签名不合法"
    names = here.settings.sms_templates.get(asked.get("TemplateCode", ""))
    if names is None:
        return "isv.SMS_TEMPLATE_ILLEGAL", "短信模版不合法"
    return _parameter_fault(names, asked.get("TemplateParam") or "{}")


def _parameter_fault(names: tuple[str, ...], told: str) -> tuple[str, str] | None:
    try:
        values = json.loads(told)
    except ValueError:
        values = None
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        return "isv.INVALID_JSON_PARAM", "JSON参数不合法，只接受字符串值"
    if not all(values.get(name) for name in names):
        return "isv.TEMPLATE_MISSING_PARAMETERS", "模版缺少变量"
    if any("://" in value for value in values.values()):
        return "isv.PARAM_NOT_SUPPORT_URL", "变量不支持传入URL"
    if any(len(value) > LONGEST_VALUE for value in values.values()):
        return "isv.PARAM_LENGTH_LIMIT", "参数超出长度限制"
    return None


def _answer(code: str, text: str, status: int = 200) -> tuple[Response, int]:
    return jsonify(Code=code, Message=text, RequestId=str(uuid.uuid4())), status
