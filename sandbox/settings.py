"""Who is known to the sandbox, and how generous it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field

FOLDER = "SANDBOX_FOLDER"
"""The environment variable that tells `python -m sandbox` where to write down what is received."""

APPS = {"wx-sandbox": "sandbox-secret", "wx-sandbox-service": "sandbox-secret"}
TEMPLATES = {"sandbox-subscribe": ("thing1", "time2"), "sandbox-template": ("thing1", "time2")}
SMS_TEMPLATES = {"SMS_SANDBOX": ("link",), "SMS_PLAIN": ()}

Names = tuple[str, ...]


@dataclass(frozen=True)
class Settings:
    """Accounts, templates with the names of their fields, and limits; all secrets here are play money."""

    apps: Mapping[str, str] = field(default_factory=lambda: dict(APPS))
    templates: Mapping[str, Names] = field(default_factory=lambda: dict(TEMPLATES))
    corp_id: str = "ww-sandbox"
    corp_secret: str = "sandbox-corp-secret"
    agent_id: int = 1000001
    key_id: str = "sandbox-key"
    key_secret: str = "sandbox-key-secret"
    sign_name: str = "码上联"
    sms_templates: Mapping[str, Names] = field(default_factory=lambda: dict(SMS_TEMPLATES))
    token_seconds: int = 7200
    token_overlap: int = 300
    day_quota: int = 100_000
