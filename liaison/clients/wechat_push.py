"""Reads what WeChat pushes to us: the signed envelope, and the message that was sealed in it."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import ParseError, fromstring

from liaison.clients.letters import NotSent
from liaison.clients.pushes import CHECKED, CONSENTS, DELIVERED, DELIVERY, FAILED, Push, Unreadable
from liaison.clients.wechat_checks import finding_in
from liaison.domain.safety import Suggest

EVENT = "event"
TEMPLATE_FINISHED = "TEMPLATESENDJOBFINISH"
MEDIA_CHECKED = "wxa_media_check"
CONSENT_EVENTS = {
    "subscribe_msg_popup_event": "popup",
    "subscribe_msg_change_event": "change",
    "subscribe_msg_sent_event": "sent",
}
MOST_ENTRIES = 20  # templates in one event; a tap asks for three
SUCCESS = "success"


def sealed_in(envelope: bytes) -> str:
    """The sealed text of an envelope. Raises Unreadable, also for an envelope of the plain mode, which has none."""
    sealed = _fields(envelope).get("Encrypt")
    if not sealed:
        raise Unreadable("nothing sealed in it")
    return sealed


def message_id(message: bytes) -> str:
    """The id by which WeChat repeats a message it believes lost; empty for an event, which has none, and for noise.

    WeChat's advice to know an event by its user and second would take two reports of one second for one.
    """
    try:
        return _fields(message).get("MsgId", "")
    except Unreadable:
        return ""


def read(message: bytes) -> Push:
    """What a message says. Raises Unreadable."""
    root = _root(message)
    said = _flat(root)
    kind = _get(said, "MsgType")
    if kind != EVENT:
        return Push(f"wechat.{kind}", said)
    event = _get(said, "Event")
    if event in CONSENT_EVENTS:
        return _consents(said, root, CONSENT_EVENTS[event])
    if event in _READERS:
        return _READERS[event](said)
    return Push(f"wechat.{event}", said)


def _delivery(said: Mapping[str, str]) -> Push:
    status = _get(said, "Status")
    ended = DELIVERED if status == SUCCESS else FAILED
    return Push(DELIVERY, {"provider_id": _get(said, "MsgID"), "status": ended, "reason": status})


def _checked(said: Mapping[str, str]) -> Push:
    """What WeChat found in a file; one that it could not fetch or read was not checked, which is no finding."""
    told = {"trace_id": _get(said, "trace_id"), "suggest": Suggest.PASS, "hint": ""}
    if said.get("errcode", "0") != "0":
        return Push(CHECKED, told | {"error": f"errcode {said['errcode']}"})
    try:
        found = finding_in({"suggest": said.get("result/suggest"), "label": said.get("result/label")})
    except NotSent as error:
        raise Unreadable(error.reason) from None
    return Push(CHECKED, told | {"suggest": found.suggest, "hint": found.hint or ""})


def _consents(said: Mapping[str, str], root: Element, what: str) -> Push:
    """What a phone agreed to or not, by template; of a message that was sent, how that ended."""
    word = "ErrorStatus" if what == "sent" else "SubscribeStatusString"
    entries = list(root.iter("List"))[:MOST_ENTRIES]
    answers = {f"template:{_inner(each, 'TemplateId')}": _inner(each, word) for each in entries}
    return Push(CONSENTS, {"openid": _get(said, "FromUserName"), "what": what} | answers)


def _inner(entry: Element, name: str) -> str:
    return (entry.findtext(name) or "").strip()


_READERS: Mapping[str, Callable[[Mapping[str, str]], Push]] = MappingProxyType(
    {TEMPLATE_FINISHED: _delivery, MEDIA_CHECKED: _checked}
)
"""By event, what it means to us."""


def _get(said: Mapping[str, str], name: str) -> str:
    if not said.get(name):
        raise Unreadable(f"no {name}")
    return said[name]


def _fields(xml: bytes) -> dict[str, str]:
    return _flat(_root(xml))


def _root(xml: bytes) -> Element:
    try:
        return fromstring(xml, forbid_dtd=True)
    except (ParseError, ValueError, LookupError):  # broken, with entities or a foreign coding, with an unknown one
        raise Unreadable("not the XML it should be") from None


def _flat(root: Element) -> dict[str, str]:
    """Fields by name, and those within fields by both names."""
    fields = {child.tag: (child.text or "").strip() for child in root}
    deeper = {f"{child.tag}/{inner.tag}": (inner.text or "").strip() for child in root for inner in child}
    return fields | deeper
