"""Who is known to the sandbox, how generous it is, and what its folder says about both."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = "SANDBOX_FOLDER"
"""The environment variable that tells `python -m sandbox` where its settings are and what is received is written."""

SETTINGS, PEOPLE = "sandbox.json", "people.json"
"""Files of the folder that somebody else may lay down before the start; without them the defaults hold."""

APPS = {"wx-sandbox": "sandbox-secret", "wx-sandbox-service": "sandbox-secret"}
TEMPLATES = {"sandbox-subscribe": ("thing1", "time2"), "sandbox-template": ("thing1", "time2")}
SMS_TEMPLATES = {"SMS_SANDBOX": ("link",), "SMS_PLAIN": ()}

Names = tuple[str, ...]


@dataclass(frozen=True)
class Settings:
    """Accounts, templates with the names of their fields, and limits; all secrets here are play money.

    `apps` holds secrets by app id, the mini-program first and the service account second. `sms_link` is how the text
    of the SMS template begins its link. `callbacks` holds for each app that has one {app_id, url, token, aes_key}.
    """

    apps: Mapping[str, str] = field(default_factory=lambda: dict(APPS))
    templates: Mapping[str, Names] = field(default_factory=lambda: dict(TEMPLATES))
    corp_id: str = "ww-sandbox"
    corp_secret: str = "sandbox-corp-secret"
    agent_id: int = 1000001
    key_id: str = "sandbox-key"
    key_secret: str = "sandbox-key-secret"
    sign_name: str = "码上联"
    sms_templates: Mapping[str, Names] = field(default_factory=lambda: dict(SMS_TEMPLATES))
    sms_link: str = ""
    callbacks: tuple[Mapping[str, str], ...] = ()
    token_seconds: int = 7200
    token_overlap: int = 300
    day_quota: int = 100_000


def settings_in(folder: Path) -> Settings:
    """The settings a folder holds; whatever it does not name has its default."""
    told = _read(folder / SETTINGS, {})
    return Settings(**told)


def people_in(folder: Path) -> list[dict[str, object]]:
    """The people a folder names, as `book` takes them."""
    return _read(folder / PEOPLE, [])


def _read(path: Path, otherwise: Any) -> Any:
    return json.loads(path.read_text("utf-8")) if path.exists() else otherwise
