"""How people of the demo town are reached, and what its sandbox is told of them: whose phone is whose.

Addresses are given only in channels the installation has; those of WeChat are what the sandbox makes of app and user.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from uuid import UUID

from liaison.db import session, told
from liaison.models.notices import Consent
from liaison.models.people import Account
from liaison.services import vault
from liaison.services.channels import CHANNELS, SUBSCRIBE, TEMPLATE, WECOM
from liaison.services.sealing import Keys
from liaison.services.vault import OPENID, USERID
from liaison.settings import Config

PEOPLE = "people.json"
RESIDENTS = ("李秀英", "张国强", "王桂芳", "陈建平", "刘玉珍", "赵志明", "孙丽华", "周德福")
BY_WECHAT = ("deputy", "liaison", "supervisor")
"""Who is no staff of an office, and so has no WeCom; of them deputies have agreed to subscribe messages as well."""

KNOWN_BY = {SUBSCRIBE: OPENID, WECOM: USERID}
"""Where people are reached they also sign in."""

CONSENTS = 3  # as many as a phone grants in a week of taps
LABELS = {
    "office_lead": "人大办负责人",
    "office": "人大办工作人员",
    "handler": "经办人",
    "approver": "签发人",
    "deputy": "人大代表",
    "liaison": "联络员",
    "supervisor": "监督委员",
    "administrator": "系统管理员",
    "security_administrator": "安全管理员",
    "auditor": "审计员",
}


def mobile(who: int) -> str:
    """The mobile number of a made-up resident; no operator was ever given 154."""
    return f"154000000{who + 1:02}"


def reach(accounts: Iterable[Account], config: Config, keys: Keys, now: datetime) -> None:
    """Give each account its addresses in the channels there are, and deputies some consents."""
    apps = {SUBSCRIBE: config.wechat.app_id, TEMPLATE: config.service_account.app_id}
    addresses: dict[tuple[UUID, str], str] = {}
    for account in accounts:
        usual = [SUBSCRIBE] * (account.role == "deputy") + [TEMPLATE if account.role in BY_WECHAT else WECOM]
        account.channels = [channel for channel in usual if channel in told(CHANNELS)]
        for channel in account.channels:
            user = account.username
            addresses[account.id, channel] = user if channel == WECOM else openid(apps[channel], user)
    consent = {"template": config.wechat.template, "stock": CONSENTS, "changed_at": now}
    agreed = [owner for owner, channel in addresses if channel == SUBSCRIBE]
    session.add_all(Consent(recipient_id=owner, **consent) for owner in agreed)
    session.flush()
    marks = {(owner, KNOWN_BY[each]): address for (owner, each), address in addresses.items() if each in KNOWN_BY}
    vault.keep_many(addresses, marks, keys, now)


def openid(app_id: str, user: str) -> str:
    """The openid the sandbox knows a user by at an app."""
    return "o" + hashlib.sha256(f"{app_id} {user}".encode()).hexdigest()[:27]


def write_people(file: Path, staff: Iterable[tuple[str, str, str, str]]) -> None:
    """Tell the sandbox who is behind which phone: residents, then staff by username, name, role and place."""
    residents = [
        {"user": f"resident{who + 1}", "name": name, "about": "群众", "phone": mobile(who)}
        for who, name in enumerate(RESIDENTS)
    ]
    others = [
        {
            "user": username,
            "name": name,
            "about": f"{place} {LABELS[role]}".strip(),
            "consents": CONSENTS if role == "deputy" else 0,
            "staff": True,
        }
        for username, name, role, place in staff
    ]
    file.write_text(json.dumps(residents + others, ensure_ascii=False, indent=1), "utf-8")
