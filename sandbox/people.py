"""The WeChat users of the sandbox: a name, and for each app another openid, as WeChat has it."""

import hashlib
from collections.abc import Mapping

PEOPLE: Mapping[str, str] = {
    "wang": "王秀英（退休教师）",
    "li": "李建国（菜场摊主）",
    "zhao": "赵小军（外卖骑手）",
}
"""Who may be chosen where WeChat would know who holds the phone."""


def openid_of(appid: str, user: str) -> str:
    """The openid of a user at an app."""
    return "o" + hashlib.sha256(f"{appid} {user}".encode()).hexdigest()[:27]


def name_of(openid: str, apps: Mapping[str, str]) -> str | None:
    """The name of the user with that openid at one of these apps, if there is one."""
    found = (name for appid in apps for user, name in PEOPLE.items() if openid_of(appid, user) == openid)
    return next(found, None)
