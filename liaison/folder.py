"""The instance folder of one machine: its secrets, made once, and the lock that keeps a second start out."""

import base64
import fcntl
import json
import os
import re
import secrets
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from liaison.domain.keyrings import AES, CIPHERS, SHA256

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
    made = {"session": secrets.token_urlsafe(32), "anchors": _key()}
    rings = {"vault_keys": new_key(AES), "code_keys": new_key(SHA256), "station_keys": secrets.token_urlsafe(32)}
    write_secrets(instance, made | {name: {"1": key} for name, key in rings.items()})


def read_secrets(instance: Path) -> dict[str, Any]:
    """The texts and tables of `secrets.toml`; raises OSError, or ValueError when it holds anything else."""
    document = tomllib.loads((instance / "secrets.toml").read_text("utf-8"))
    told = document.pop("secrets", {})
    if document or not all(isinstance(value, str | dict) for value in told.values()):
        raise ValueError("holds something besides secrets")
    return told


def write_secrets(instance: Path, told: Mapping[str, str | Mapping[str, str]]) -> None:
    """Put `secrets.toml` in place as a whole, readable by its owner alone."""
    lines = ["# Made on the first start. Without the vault's keys no sealed name or phone can be read: keep a copy."]
    lines += ["[secrets]", *(_line(name, value) for name, value in told.items() if isinstance(value, str))]
    for name, value in told.items():
        if not isinstance(value, str):
            lines += ["", f"[secrets.{name}]", *(_line(*each) for each in value.items())]
    _replace(instance / "secrets.toml", "\n".join(lines) + "\n")


def new_key(algorithm: str) -> str:
    """A new key for a cipher or a keyed digest, as the configuration writes it."""
    if algorithm in CIPHERS:
        return f"{algorithm}:{base64.b64encode(secrets.token_bytes(CIPHERS[algorithm])).decode()}"
    return f"{algorithm}:{secrets.token_urlsafe(32)}"


def _complete(target: Path) -> None:
    text = target.read_text("utf-8")
    try:
        told = tomllib.loads(text).get("secrets", {})
    except tomllib.TOMLDecodeError:
        return  # whoever loads it says what is wrong
    if "anchors" not in told and (head := _SECTION.search(text)):
        _replace(target, f'{text[: head.end()]}\nanchors = "{_key()}"{text[head.end() :]}')


def _line(name: str, value: str) -> str:
    return f"{name} = {json.dumps(value)}"  # a basic string of TOML is written like one of JSON


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
