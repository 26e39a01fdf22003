"""The server's keys as `secrets.toml` has them, read again when it was changed, and the changes that are made to it.

So keys are added, put to use and taken out while everybody works: a process takes them up with its next request or
tick. Rings that `config.toml` or the environment tells stay as they were told until the process ends.
"""

import logging
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from liaison.domain import keyrings
from liaison.folder import new_key, read_secrets, write_secrets
from liaison.services.sealing import Keys
from liaison.settings import Config, Secrets

VAULT, CODES, STATIONS = "vault", "codes", "stations"
RINGS = {VAULT: "vault_keys", CODES: "code_keys", STATIONS: "station_keys"}
"""What the commands call the rings, and what the settings do."""

TAKEN_UP = 60
"""Seconds after which whatever began before a change of the file has ended as good as surely, or read the file."""
LAST_SEALED = 600
"""Seconds after which nothing is committed any more that was sealed by the keys of before; a tick ends before that."""

_log = logging.getLogger(__name__)

Ring = dict[str, str]


class Refused(Exception):
    """The keys cannot be changed so; the message says why, in English, for the operator."""


class KeyReader:
    """Hands out the keys as they stand; costs a look at the file's date.

    It follows those rings that are the file's when it is made.
    """

    def __init__(self, config: Config) -> None:
        self._instance, self._secrets = config.instance, config.secrets
        self._keys, self._seen = _keys_of(config.secrets), _date(config.instance)
        told = _found(config.instance)
        self._followed = [name for name in RINGS.values() if told.get(name) == getattr(config.secrets, name)]

    def __call__(self) -> Keys:
        seen = _date(self._instance)
        if seen != self._seen:
            self._take_up()
            self._seen = seen
        return self._keys

    def _take_up(self) -> None:
        try:
            told = read_secrets(self._instance)
            self._keys = _keys_of(replace(self._secrets, **{name: told[name] for name in self._followed}))
        except (OSError, ValueError, KeyError) as error:
            _log.error("secrets.toml cannot be used, the keys stay as they were: %s", error)


def add(config: Config, keys: Keys, name: str, algorithm: str) -> str:
    """Make a key that opens but is not used yet; returns its id."""
    told, ring = _own(config, keys, name)
    key_id = str(max((int(known) for known in ring if known.isdecimal()), default=0) + 1)
    *older, newest = ring.items()
    _write(config, told, name, dict([*older, (key_id, new_key(algorithm)), newest]))
    return key_id


def put_to_use(config: Config, keys: Keys, name: str, key_id: str) -> None:
    """Have a key used for whatever is made from now on."""
    told, ring = _own(config, keys, name)
    _refuse_unknown(ring, key_id)
    _wait(config, TAKEN_UP, "so that nobody works on without it")
    key = ring.pop(key_id)
    _write(config, told, name, ring | {key_id: key})


def take_out(config: Config, keys: Keys, name: str, key_id: str) -> None:
    """Take a key out for good; the caller has checked that nothing is under it."""
    told, ring = _own(config, keys, name)
    _refuse_unknown(ring, key_id)
    if keyrings.newest(ring) == key_id:
        raise Refused(f"key {key_id} is the one in use")
    _wait(config, LAST_SEALED, "so that nothing is on its way that was sealed before")
    del ring[key_id]
    _write(config, told, name, ring)


def _own(config: Config, keys: Keys, name: str) -> tuple[dict, Ring]:
    """What the file holds and the ring in it; raises Refused when the keys that are used are not from there."""
    told = _found(config.instance)
    ring = told.get(RINGS[name], {})
    if getattr(_keys_of(Secrets(**{RINGS[name]: ring})), name) != getattr(keys, name):
        raise Refused(f"secrets.{RINGS[name]} is told by config.toml or the environment: change it there")
    return told, dict(ring)


def _found(instance: Path) -> dict[str, Any]:
    """What the file holds, nothing when there is none or it cannot be used."""
    try:
        return read_secrets(instance)
    except (OSError, ValueError):
        return {}


def _write(config: Config, told: dict, name: str, ring: Ring) -> None:
    write_secrets(config.instance, told | {RINGS[name]: ring})


def _refuse_unknown(ring: Ring, key_id: str) -> None:
    if key_id not in ring:
        raise Refused(f"there is no key {key_id}, only {', '.join(ring)}")


def _wait(config: Config, seconds: int, reason: str) -> None:
    since = time.time() - (config.instance / "secrets.toml").stat().st_mtime
    if since < seconds:
        raise Refused(f"the keys were changed {since:.0f} s ago: wait for {seconds - since:.0f} s more, {reason}")


def _date(instance: Path) -> tuple[int, int] | None:
    try:
        found = (instance / "secrets.toml").stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino


def _keys_of(secrets: Secrets) -> Keys:
    return Keys(vault=secrets.vault_ring, codes=secrets.code_ring, stations=secrets.station_ring)
