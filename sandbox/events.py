"""What WeChat tells a developer's server unasked, as the messages it pushes; texts only, nothing is sent here."""

import secrets
import time
from collections.abc import Mapping
from xml.sax.saxutils import escape

Fields = Mapping[str, object]
ACCOUNT = "gh_sandbox00001"
"""The account's own name in WeChat, to which every message is addressed."""

SUCCESS = "success"


def event(name: str, openid: str, **fields: object) -> dict[str, object]:
    """An event of that name about a person; nested fields are mappings, repeated ones lists of them."""
    told = {"ToUserName": ACCOUNT, "FromUserName": openid, "CreateTime": int(time.time()), "MsgType": "event"}
    return told | {"Event": name} | fields


def template_finished(openid: str, message_id: str, status: str = SUCCESS) -> dict[str, object]:
    """A template message ended: "success", "failed:user block" or "failed: system failed"."""
    return event("TEMPLATESENDJOBFINISH", openid, MsgID=message_id, Status=status)


def subscribe_popup(openid: str, answers: Mapping[str, str]) -> dict[str, object]:
    """A person answered the question for consent: by template id "accept" or "reject"."""
    asked = [
        {"TemplateId": template, "SubscribeStatusString": answer, "PopupScene": 0}
        for template, answer in answers.items()
    ]
    return event("subscribe_msg_popup_event", openid, SubscribeMsgPopupEvent={"List": asked})


def subscribe_change(openid: str, template: str, answer: str = "reject") -> dict[str, object]:
    """A person changed the consent in the phone's settings."""
    changed = {"TemplateId": template, "SubscribeStatusString": answer}
    return event("subscribe_msg_change_event", openid, SubscribeMsgChangeEvent={"List": changed})


def subscribe_sent(openid: str, template: str, message_id: str, status: str = SUCCESS) -> dict[str, object]:
    """A subscribe message ended; ErrorCode is 0 for success."""
    ended = {
        "TemplateId": template,
        "MsgID": message_id,
        "ErrorCode": 0 if status == SUCCESS else 1,
        "ErrorStatus": status,
    }
    return event("subscribe_msg_sent_event", openid, SubscribeMsgSentEvent={"List": ended})


def text_from(openid: str, text: str) -> dict[str, object]:
    """A person wrote to the account."""
    said = {"ToUserName": ACCOUNT, "FromUserName": openid, "CreateTime": int(time.time()), "MsgType": "text"}
    return said | {"Content": text, "MsgId": secrets.randbelow(10**18)}


def xml(fields: Fields) -> str:
    """A message as WeChat writes it: texts in CDATA, numbers bare."""
    return f"<xml>{_inner(fields)}</xml>"


def _inner(fields: Fields) -> str:
    return "".join(
        f"<{name}>{_value(each)}</{name}>"
        for name, value in fields.items()
        for each in (value if isinstance(value, list) else [value])
    )


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return _inner(value)
    if isinstance(value, int):
        return str(value)
    text = str(value)
    return escape(text) if "]]>" in text else f"<![CDATA[{text}]]>"
