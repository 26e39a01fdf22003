"""The world outside of a demo: which settings lead its messages to the sandbox, and what the sandbox is told.

Only a demo without a single way out of its own has one. Its accounts and secrets are made at the first start, lie in
the instance and mean nothing to any real platform.
"""

import base64
import json
import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

MINI_PROGRAM, SERVICE_ACCOUNT = "wx-sandbox", "wx-sandbox-service"
FOLDER, FILE = "sandbox", "sandbox.json"
WAYS_OUT = ("WECHAT", "SERVICE_ACCOUNT", "WECOM", "SMS", "EMAIL", "CALLBACKS", "NOTICES")
"""The sections of which a single setting says that somebody has an outside world already."""

PORT_BESIDE = 10_000  # far enough from the next demo's port, and the same at each start


@dataclass(frozen=True)
class Scenery:
    """Where the sandbox listens and what it is told; `environ` is what the installation must be told."""

    folder: Path
    host: str
    port: int
    known: Mapping[str, Any] = field(repr=False)
    environ: Mapping[str, str] = field(repr=False)

    def write(self) -> None:
        """Lay the sandbox's settings down, readable by their owner alone."""
        file = self.folder / FILE
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(f".{os.getpid()}")
        draft.touch(0o600)
        draft.write_text(json.dumps(self.known, ensure_ascii=False, indent=1), "utf-8")
        draft.rename(file)


def is_wanted(environ: Mapping[str, str]) -> bool:
    """Whether these settings are a demo's that has no way out of the house."""
    ways = tuple(f"LIAISON_{section}__" for section in WAYS_OUT)
    return environ.get("LIAISON_DEMO") == "true" and not any(name.startswith(ways) for name in environ)


def lay_out(instance: Path, host: str, *, reached: str, port: int, base_url: str) -> Scenery:
    """Choose a port, and work out whom the sandbox knows, where it pushes to and how it is reached.

    `host` is where everything listens, `reached` where we reach it ourselves, `port` the web server's.
    """
    folder, own, site = instance / FOLDER, _free_port(host, port + PORT_BESIDE), f"http://{_bracketed(reached)}"
    known = _known(folder / FILE)
    for callback in known["callbacks"]:
        callback["url"] = f"{site}:{port}/callbacks/wechat"
    known["sms_link"] = f"{base_url}/"
    shown = f"http://{_bracketed(urlsplit(base_url).hostname or reached)}:{own}"
    return Scenery(folder, host, own, known, _environ(known, f"{site}:{own}", base_url, shown))


def _known(file: Path) -> dict[str, Any]:
    """What the sandbox was told at the first start, made now if this is it."""
    if file.exists():
        return json.loads(file.read_text("utf-8"))
    shared = {"token": secrets.token_hex(16), "aes_key": base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")}
    apps = (MINI_PROGRAM, SERVICE_ACCOUNT)
    return {
        "apps": {app_id: secrets.token_hex(16) for app_id in apps},
        "corp_secret": secrets.token_hex(16),
        "key_secret": secrets.token_hex(16),
        "callbacks": [{"app_id": app_id, **shared} for app_id in apps],
    }


def _environ(known: Mapping[str, Any], url: str, base_url: str, shown: str) -> dict[str, str]:
    """The installation's settings; `shown` is where browsers find the sandbox."""
    callback = known["callbacks"][0]
    told = {
        "WECHAT": {
            "APP_ID": MINI_PROGRAM,
            "SECRET": known["apps"][MINI_PROGRAM],
            "TEMPLATE": "sandbox-subscribe",
            "PAGE": "pages/open",
            "STATION_PAGE": "pages/station",
            "BASE_URL": url,
        },
        "SERVICE_ACCOUNT": {
            "APP_ID": SERVICE_ACCOUNT,
            "SECRET": known["apps"][SERVICE_ACCOUNT],
            "TEMPLATE": "sandbox-template",
            "BASE_URL": url,
            "OPEN_URL": shown,
            "SCRIPT_URL": f"{shown}/open/js/jweixin-1.6.0.js",
        },
        "WECOM": {
            "CORP_ID": "ww-sandbox",
            "SECRET": known["corp_secret"],
            "AGENT_ID": "1000001",
            "BASE_URL": url,
            "SIGN_IN": "true",
            "LOGIN_URL": shown,
        },
        "SMS": {
            "KEY_ID": "sandbox-key",
            "KEY_SECRET": known["key_secret"],
            "SIGN_NAME": "码上联",
            "TEMPLATE": "SMS_SANDBOX",
            "LINK_FIELD": "link",
            "LINK_PREFIX": f"{base_url}/",
            "BASE_URL": url,
        },
        "CHECKS": {"WECHAT": "true"},
        "CALLBACKS": {
            "WECHAT_TOKEN": callback["token"],
            "WECHAT_AES_KEY": callback["aes_key"],
            "WECHAT_APP_ID": f"{MINI_PROGRAM} {SERVICE_ACCOUNT}",
        },
    }
    return {f"LIAISON_{section}__{name}": value for section, names in told.items() for name, value in names.items()}


def _free_port(host: str, usual: int) -> int:
    """The usual port, or any other that is free when somebody has that one."""
    for port in (usual if usual < 65536 else 0, 0):
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
                return probe.getsockname()[1]
        except OSError:
            continue
    raise OSError(f"no free port on {host}")


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host

