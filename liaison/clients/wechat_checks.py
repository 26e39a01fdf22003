"""Asks WeChat what it thinks of a text, a picture or a sound, and reads the answer it pushes later.

Both ask for an openid that was in the mini-program within two hours. A label of WeChat's becomes a hint of ours here.
Source: WeChat's documentation of msg_sec_check and media_check_async, version 2.
"""

from collections.abc import Mapping
from typing import Any

from liaison.clients.letters import NotSent
from liaison.clients.wechat import Wechat
from liaison.domain.safety import CLEAN, Finding, Hint, Suggest, worst

TEXT, MEDIA = "/wxa/msg_sec_check", "/wxa/media_check_async"
LONGEST = 2500  # characters of one text
LARGEST = 10 * 1024 * 1024  # bytes of one medium
SCENE = 2  # of 1 profile, 2 comment, 3 forum, 4 social log: words about something, for those who deal with it
AUDIO, IMAGE = 1, 2
REFUSED_BY_VERSION_1 = "errcode 87014"
"""What the first version answers to risky content, and WeChat at times to the second."""

HINTS = {
    10001: Hint.AD,
    20001: Hint.POLITICS,
    20002: Hint.PORN,
    20003: Hint.ABUSE,
    20006: Hint.CRIME,
    20008: Hint.FRAUD,
    20012: Hint.VULGAR,
    20013: Hint.RIGHTS,
}
"""WeChat's labels; 100 is none, and one that is not here is `other`."""


class ContentCheck:
    """Checks by the account whose openids are asked with; shared by threads."""

    def __init__(self, wechat: Wechat) -> None:
        self._wechat = wechat

    def check_text(self, openid: str, text: str) -> Finding:
        """What WeChat finds in a text, however long; raises NotSent, final when it never will for this openid."""
        parts = [text[start : start + LONGEST] for start in range(0, len(text), LONGEST)]
        return worst(self._check(openid, part) for part in parts)

    def ask_about(self, openid: str, url: str, mime: str) -> str:
        """Have WeChat fetch and check a medium; returns the name under which the result comes. Raises NotSent."""
        kind = AUDIO if mime.startswith("audio/") else IMAGE
        body = {"media_url": url, "media_type": kind, "version": 2, "scene": SCENE, "openid": openid}
        answer = self._wechat.post(MEDIA, body)
        trace_id = answer.get("trace_id")
        if not isinstance(trace_id, str) or not trace_id:
            raise NotSent("an answer without a trace_id")
        return trace_id

    def _check(self, openid: str, text: str) -> Finding:
        body = {"content": text, "version": 2, "scene": SCENE, "openid": openid}
        try:
            answer = self._wechat.post(TEXT, body)
        except NotSent as error:
            if error.reason == REFUSED_BY_VERSION_1:
                return Finding(Suggest.RISKY, Hint.OTHER)
            raise
        return finding_in(answer.get("result"))


def finding_in(result: object) -> Finding:
    """Read a result {suggest, label}; raises NotSent, to be asked again, for one that says neither."""
    said: Mapping[str, Any] = result if isinstance(result, Mapping) else {}
    suggest, label = str(said.get("suggest", "")), str(said.get("label", ""))
    if suggest not in set(Suggest):
        raise NotSent("a result without a suggestion")
    if suggest == Suggest.PASS:
        return CLEAN
    return Finding(Suggest(suggest), HINTS.get(int(label), Hint.OTHER) if label.isdecimal() else Hint.OTHER)
