"""The instance folder of one machine: its secrets, made once, and the lock that keeps a second start out."""

import base64
import fcntl
import os
import re
import secrets
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from liaison.domain.keyrings import AES, SHA256

UNFINISHED = "demo.unfinished"
"""A file that stands in the instance while the demo is being filled; found on a start, the filling goes on."""


_SECTION = re.compile(r"^\[secrets\].*$", re.MULTILINE)


class Taken(Exception):
    """Somebody else already runs on this instance folder; carries the process id it left, if any."""


def ensure_secrets(instance: Path) -> None:
    """Write `secrets.toml`, readable by its owner alone; one that is there gets what an older version did not make."""
    target = instance / "secrets.toml"
    if target.exists():
        _complete(target)
        return
    instance.mkdir(parents=True, exist_ok=True)
    lines = ["# Made on the first start. Without the vault's keys no sealed name or phone can be read: keep a copy."]
    lines += ["[secrets]", f'session = "{secrets.token_urlsafe(32)}"', f'anchors = "{_key()}"', ""]
    lines += ["[secrets.vault_keys]", f'1 = "{AES}:{_key()}"', ""]
    lines += ["[secrets.code_keys]", f'1 = "{SHA256}:{secrets.token_urlsafe(32)}"', ""]
    lines += ["[secrets.station_keys]", f'1 = "{secrets.token_urlsafe(32)}"']
    _replace(target, "\n".join(lines) + "\n")


def _complete(target: Path) -> None:
    text = target.read_text("utf-8")
    try:
        told = tomllib.loads(text).get("secrets", {})
    except tomllib.TOMLDecodeError:
        return  # whoever loads it says what is wrong
    if "anchors" not in told and (head := _SECTION.search(text)):
        _replace(target, f'{text[: head.end()]}\nanchors = "{_key()}"{text[head.end() :]}')


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _replace(target: Path, text: str) -> None:
    draft = target.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(target)


@contextmanager
def hold(instance: Path) -> Iterator[None]:
    """Hold the folder's lock, which ends with our process; raises Taken when another process holds it."""
    instance.mkdir(parents=True, exist_ok=True)
    with (instance / "standalone.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise Taken(lock.read().strip()) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield
