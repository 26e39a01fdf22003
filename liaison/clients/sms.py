"""Text messages through Alibaba Cloud's SMS service (Dysmsapi 2017-05-25, SendSms), signed with ACS3-HMAC-SHA256.

Source of signature and codes: help.aliyun.com, "V3 版本请求体&签名机制" and "国内消息 API 错误码".
"""

import hashlib
import hmac
import json
import re
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote

import httpx

from liaison.clients.calls import FINAL, RETRY, Caller, Meaning, document, quota
from liaison.clients.letters import Letter, NotSent

HOST = "https://dysmsapi.aliyuncs.com"
ACTION, VERSION = "SendSms", "2017-05-25"
ALGORITHM = "ACS3-HMAC-SHA256"

CODES = {
    # the gateway's limit for this one number, per minute, hour or day
    "isv.BUSINESS_LIMIT_CONTROL": FINAL,
    # this number, this text
    "isv.MOBILE_NUMBER_ILLEGAL": FINAL,
    "isv.MOBILE_COUNT_OVER_LIMIT": FINAL,
    "isv.DOMESTIC_NUMBER_NOT_SUPPORTED": FINAL,
    "isv.BLACK_KEY_CONTROL_LIMIT": FINAL,
    "isv.SMS_CONTENT_ILLEGAL": FINAL,
    "isv.PARAM_LENGTH_LIMIT": FINAL,
    "isv.PARAM_NOT_SUPPORT_URL": FINAL,
    "isv.INVALID_PARAMETERS": FINAL,
    "isv.INVALID_JSON_PARAM": FINAL,
    "isv.TEMPLATE_MISSING_PARAMETERS": FINAL,
    "isv.TEMPLATE_PARAMS_ILLEGAL": FINAL,
    "isv.SMS_TEMPLATE_ILLEGAL": FINAL,
    "isv.SMS_SIGNATURE_ILLEGAL": FINAL,
    "isv.SMS_SIGNATURE_SCENE_ILLEGAL": FINAL,
    # the whole account: nothing goes out until somebody pays or the day is over
    "isv.AMOUNT_NOT_ENOUGH": quota(minutes=30),
    "isv.OUT_OF_SERVICE": quota(minutes=30),
    "isv.DAY_LIMIT_CONTROL": quota(hours=1),
    "isv.MONTH_LIMIT_CONTROL": quota(hours=1),
}
"""What the gateway's codes mean; a code that neither stands here nor begins as below can be tried again."""

FAMILIES = {"Throttling": quota(seconds=10)}
"""The same for codes that begin so, such as Throttling.User and Throttling.Api."""

_NUMBER = re.compile(r"\+?[0-9]{5,20}")  # one, never a list; RETRY is left to what the gateway may still take
_CODE = re.compile(r"[\w.]{1,64}", re.ASCII)


@dataclass(frozen=True)
class SmsAccount:
    """An access key."""

    key_id: str = field(repr=False)
    key_secret: str = field(repr=False)


@dataclass(frozen=True)
class SmsTemplate:
    """An approved signature and template; `link_field` is its variable for the link, if it has one.

    The gateway takes no whole address in a variable, so the template's own text ends with `link_prefix` and the
    variable brings the rest.
    """

    sign_name: str
    code: str
    link_field: str = ""
    link_prefix: str = ""

    def parameters(self, letter: Letter) -> dict[str, str]:
        """Return what a letter says to the template."""
        return {self.link_field: letter.link.removeprefix(self.link_prefix)} if self.link_field else {}


class SmsOutlet:
    """Text messages to mobile phones; shared by threads. The gateway does not recognise repeats."""

    def __init__(
        self,
        account: SmsAccount,
        template: SmsTemplate,
        *,
        base_url: str = HOST,
        transport: httpx.BaseTransport | None = None,
        inside: Collection[str] = (),
    ) -> None:
        self._account, self._template = account, template
        self._caller = Caller(base_url, transport, inside)

    def send(self, letter: Letter) -> str | None:
        """Hand the letter over to one mobile number; returns the gateway's BizId."""
        if not _NUMBER.fullmatch(letter.address):
            raise FINAL.error("not a number")
        query = {
            "PhoneNumbers": letter.address,
            "SignName": self._template.sign_name,
            "TemplateCode": self._template.code,
            "OutId": letter.client_message_id,
        }
        if parameters := self._template.parameters(letter):
            query["TemplateParam"] = json.dumps(parameters, ensure_ascii=False)
        encoded = canonical(query)
        headers = signed(self._account, self._caller.host, encoded, datetime.now(UTC), uuid.uuid4().hex)
        response = self._caller.call("POST", f"/?{encoded}", headers=headers)
        answer = document(response)
        if response.status_code == 200 and answer.get("Code") == "OK":
            return str(answer["BizId"]) if "BizId" in answer else None
        raise _error(response.status_code, str(answer.get("Code", "")))


def canonical(query: Mapping[str, str]) -> str:
    """Return parameters as the signature wants them and as they are sent: in order, everything but `-_.~` encoded."""
    return "&".join(f"{quote(name, safe='')}={quote(query[name], safe='')}" for name in sorted(query))


def signed(
    account: SmsAccount, host: str, query: str, at: datetime, nonce: str, action: str = ACTION, version: str = VERSION
) -> dict[str, str]:
    """Return the headers of a POST to `/` without a body, its signature among them."""
    headers = {
        "host": host,
        "x-acs-action": action,
        "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
        "x-acs-date": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": nonce,
        "x-acs-version": version,
    }
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    request = "\n".join(["POST", "/", query, lines, names, headers["x-acs-content-sha256"]])
    hashed = f"{ALGORITHM}\n{hashlib.sha256(request.encode()).hexdigest()}"
    signature = hmac.new(account.key_secret.encode(), hashed.encode(), hashlib.sha256).hexdigest()
    stamp = f"{ALGORITHM} Credential={account.key_id},SignedHeaders={names},Signature={signature}"
    return headers | {"authorization": stamp}


def _error(status: int, code: str) -> NotSent:
    if not _CODE.fullmatch(code):  # a text of some other make, which might quote what we sent
        return NotSent(f"HTTP {status} without a code")
    return _meaning(code).error(code)


def _meaning(code: str) -> Meaning:
    family = code.partition(".")[0]
    return CODES.get(code) or FAMILIES.get(family, RETRY)
