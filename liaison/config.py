"""The settings of one installation: read once, checked as a whole, frozen; knows files and environment.

Later layers win: defaults below, `secrets.toml` of the instance, `config.toml`, environment. An environment
variable `LIAISON_SECTION__KEY` sets `section.key`, a table as a JSON object; `DATABASE_URL` and `REDIS_URL` are
understood, too.
"""

import base64
import binascii
import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, get_origin

from liaison.domain import keyrings, retention
from liaison.domain.access import FACTOR_ROLES
from liaison.domain.actors import Role
from liaison.domain.passwords import LONGEST
from liaison.domain.safety import WordList, read_words
from liaison.embedded import postgres_url, redis_url
from liaison.settings import Config, Database, Files, History, Redis, ServiceAccount, Site, Sms, Wechat, Wecom

ROOT = Path(__file__).resolve().parents[1]
USUAL_WORDS = ROOT / "liaison" / "content" / "safety_words.txt"
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
PLAIN = {"DATABASE_URL": "database.url", "REDIS_URL": "redis.url"}
OURS = "LIAISON_"
NOT_SETTINGS = {"LIAISON_CONFIG"}
WHOLE = {
    "wechat": ("app_id", "secret", "template"),
    "service_account": ("app_id", "secret", "template"),
    "wecom": ("corp_id", "secret", "agent_id"),
    "sms": ("key_id", "key_secret", "sign_name", "template"),
    "email": ("host", "sender"),
}
"""What a channel's section needs to be used; all of it, or nothing and the channel is not there."""
CONTACTS = ("mailto:", "https://", "tel:")
DOMAIN_FILE, DOMAIN_TEXT = re.compile(r"[A-Za-z0-9_-]{1,64}\.txt"), re.compile(r"[!-~]{1,128}")
SECURITY = ("starttls", "tls", "none")
SHORTEST_LENGTH = 8  # characters of a password: less, NIST SP 800-63B allows to nobody
MOST_REMEMBERED = 24  # passwords: each new one is hashed against all of them, a tenth of a second each

Settings = dict[str, Any]


class ConfigError(Exception):
    """The settings cannot be used; `faults` holds one English sentence for each thing wrong."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("; ".join(faults))


def find_path(environ: Mapping[str, str]) -> Path | None:
    """Find the file to load: the one `LIAISON_CONFIG` names, else a `config.toml` beside the code."""
    if named := environ.get("LIAISON_CONFIG"):
        return Path(named)
    usual = ROOT / "config.toml"
    return usual if usual.exists() else None


def load(path: Path | None, environ: Mapping[str, str]) -> Config:
    """Read and check every layer; raises ConfigError with all faults at once."""
    faults: list[str] = []
    told = _read(path, faults) | _from_environment(environ)
    instance = _instance(told)
    generated = instance / "secrets.toml"
    settings = (_read(generated, faults) if generated.exists() else {}) | told
    known = dict(_known())
    faults += [f"{key}: there is no such setting" for key in sorted(settings.keys() - known.keys())]
    typed = {key: _typed(key, settings[key], kind, faults) for key, kind in known.items() if key in settings}
    config = _settle(_build({key: value for key, value in typed.items() if value is not None}), instance)
    faults += _wrong(config)
    if faults:
        raise ConfigError(faults)
    return config


def find_instance(path: Path | None, environ: Mapping[str, str]) -> Path:
    """Find the instance folder alone, before its secrets exist; faults are left for `load` to report."""
    return _instance(_read(path, []) | _from_environment(environ))


def find_words(config: Config) -> WordList:
    """The words that make somebody look at a text: the county's own list, or the usual one.

    Raises OSError or ValueError for one that cannot be read.
    """
    path = ROOT / config.checks.words if config.checks.words else USUAL_WORDS
    return read_words(path.read_text("utf-8"))


def _instance(told: Settings) -> Path:
    return ROOT / str(told.get("instance", Config.instance))


def _known() -> Iterator[tuple[str, type]]:
    for outer in fields(Config):
        if is_dataclass(outer.type):
            for inner in fields(outer.type):
                yield f"{outer.name}.{inner.name}", inner.type
        else:
            yield outer.name, outer.type


def _read(path: Path | None, faults: list[str]) -> Settings:
    if path is None:
        return {}
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        faults.append(f"{path}: cannot be read: {error}")
        return {}
    return dict(_flat(document))


def _flat(document: Settings) -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        if isinstance(value, dict):
            yield from ((f"{name}.{inner}", deep) for inner, deep in value.items())
        else:
            yield name, value


def _from_environment(environ: Mapping[str, str]) -> Settings:
    plain = {key: environ[name] for name, key in PLAIN.items() if environ.get(name)}
    ours = {
        name.removeprefix(OURS).lower().replace("__", "."): value
        for name, value in environ.items()
        if name.startswith(OURS) and name not in NOT_SETTINGS
    }
    return plain | ours


def _typed(key: str, value: Any, kind: type, faults: list[str]) -> Any:
    if kind is Path and isinstance(value, str):
        return Path(value)
    if kind is bool and str(value).lower() in ("true", "false", "1", "0"):
        return str(value).lower() in ("true", "1")
    if kind is int and isinstance(value, str) and value.isdecimal():
        return int(value)
    if get_origin(kind) is dict:
        return _table(key, value, faults)
    if type(value) is not kind:
        faults.append(f"{key}: must be {kind.__name__}, not {type(value).__name__}")
        return None
    return value


def _table(key: str, value: Any, faults: list[str]) -> dict[str, str] | None:
    try:
        told = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        told = None
    if not isinstance(told, dict) or not all(isinstance(each, str) for each in told.values()):
        faults.append(f"{key}: must be a table of texts, from the environment as a JSON object")
        return None
    return told


def _build(values: Settings) -> Config:
    plain = {key: value for key, value in values.items() if "." not in key}
    sections: dict[str, Settings] = {}
    for key, value in values.items():
        section, dot, name = key.partition(".")
        if dot:
            sections.setdefault(section, {})[name] = value
    made = {name: getattr(Config, name).__class__(**inner) for name, inner in sections.items()}
    return Config(**plain, **made)


def _settle(config: Config, instance: Path) -> Config:
    """Fill what follows from the instance folder, so that nobody else has to know its layout."""
    return replace(
        config,
        base_url=config.base_url.rstrip("/"),
        instance=instance,
        database=Database(config.database.url or postgres_url(instance / "postgres")),
        redis=Redis(config.redis.url or redis_url(instance / "redis")),
        files=Files(config.files.url or str(instance / "files")),
        history=History(config.history.anchors or str(instance / "anchors")),
        notices=replace(config.notices, log_file=config.notices.log_file or str(instance / "logs" / "notices.log")),
    )


def _wrong(config: Config) -> list[str]:
    checks = {
        "base_url: must begin with http:// or https://": config.base_url.startswith(("http://", "https://")),
        "database.url: must begin with postgresql": config.database.url.startswith("postgresql"),
        "redis.url: must begin with redis://, rediss:// or unix://": config.redis.url.startswith(
            ("redis://", "rediss://", "unix://")
        ),
        "secrets.session: needs at least 32 characters": len(config.secrets.session) >= 32,
        "secrets.anchors: must be 32 bytes in base64": _is_key(config.secrets.anchors),
        "site.security_contact: must begin with mailto:, https:// or tel:, on one line": _is_contact(config.site),
        "web.trusted_proxies: must not be negative": config.web.trusted_proxies >= 0,
        "web.max_body_bytes: must be positive": config.web.max_body_bytes > 0,
        "accounts.second_factor_for: holds a role that does not exist": config.accounts.factor_roles <= set(Role),
        f"accounts.second_factor_for: must hold {' '.join(sorted(FACTOR_ROLES))}, except in a demo": config.demo
        or config.accounts.factor_roles >= FACTOR_ROLES,
        f"accounts.password_length: must be {SHORTEST_LENGTH} to {LONGEST}": SHORTEST_LENGTH
        <= config.accounts.password_length
        <= LONGEST,
        f"accounts.passwords_remembered: must be 0 to {MOST_REMEMBERED}": 0
        <= config.accounts.passwords_remembered
        <= MOST_REMEMBERED,
        "accounts.password_days: must not be negative": config.accounts.password_days >= 0,
        "notices.webhook_url: must begin with http:// or https://": not config.notices.webhook_url
        or config.notices.webhook_url.startswith(("http://", "https://")),
        **{
            f"{name}.base_url: must begin with http:// or https://": told.base_url.startswith(("http://", "https://"))
            for name, told in _outward(config).items()
        },
        "checks.wechat: needs wechat or service_account to be set": not config.checks.wechat
        or bool(config.wechat.app_id or config.service_account.app_id),
        "wecom.login_url: must begin with http:// or https://": config.wecom.login_url.startswith(
            ("http://", "https://")
        ),
        **{
            f"service_account.{name}: must begin with http:// or https://": told.startswith(("http://", "https://"))
            for name, told in asdict(config.service_account).items()
            if name in ("open_url", "script_url")
        },
        "callbacks: WeChat needs wechat_token, wechat_aes_key and wechat_app_id together": config.callbacks.is_whole,
        "callbacks.wechat_aes_key: must be the 43 characters of EncodingAESKey": not config.callbacks.wechat_aes_key
        or _is_key(config.callbacks.wechat_aes_key + "="),
        "callbacks.secret: needs at least 32 characters": not 0 < len(config.callbacks.secret) < 32,
        f"email.security: must be one of {', '.join(SECURITY)}": config.email.security in SECURITY,
        "sms.per_minute and sms.per_day: must be positive": min(config.sms.per_minute, config.sms.per_day) > 0,
        f"logging.level: must be one of {', '.join(LEVELS)}": config.logging.level in LEVELS,
    }
    sentences = [sentence for sentence, holds in checks.items() if not holds]
    faults = sentences + _half_told(config) + _unfit_proofs(config) + _unfit_keys(config) + _unfit_words(config)
    return faults + retention.faults(asdict(config.retention))


def _unfit_words(config: Config) -> list[str]:
    """What is wrong with a list of words that make somebody look."""
    try:
        find_words(config)
    except (OSError, ValueError) as error:
        return [f"checks.words: {error}"]
    return []


def _unfit_keys(config: Config) -> list[str]:
    """What is wrong with the rings of keys."""
    rings: dict[str, Callable[[str], object]] = {
        "vault_keys": keyrings.read_cipher_key,
        "code_keys": keyrings.read_digest_key,
        "station_keys": keyrings.read_station_key,
    }
    faults = []
    for name, read in rings.items():
        ring = getattr(config.secrets, name)
        if not ring:
            faults.append(f"secrets.{name}: needs at least one key")
        for key_id, text in ring.items():
            try:
                read(text)
            except ValueError as error:
                faults.append(f"secrets.{name}.{key_id}: {error}")
            if not keyrings.is_id(key_id):
                faults.append(f"secrets.{name}: an id has at most 16 letters, digits, - and _, unlike {key_id!r}")
    return faults


def _unfit_proofs(config: Config) -> list[str]:
    """Which files that prove to WeChat whose domain this is could not be given out."""
    told = config.wechat.domain_files.items()
    unfit = [name for name, text in told if not (DOMAIN_FILE.fullmatch(name) and DOMAIN_TEXT.fullmatch(text))]
    return [
        f"wechat.domain_files: {name!r} must end in .txt, of letters, digits, - and _, and hold one short line"
        for name in unfit
    ]


def _half_told(config: Config) -> list[str]:
    """What is missing of a channel of which something was told."""
    faults = []
    for section, names in WHOLE.items():
        told = {name: bool(getattr(getattr(config, section), name)) for name in names}
        if any(told.values()) and not all(told.values()):
            missing = ", ".join(name for name, there in told.items() if not there)
            faults.append(f"{section}: {missing} must be set as well")
    return faults


def _outward(config: Config) -> dict[str, Wechat | ServiceAccount | Wecom | Sms]:
    return {
        "wechat": config.wechat,
        "service_account": config.service_account,
        "wecom": config.wecom,
        "sms": config.sms,
    }


def _is_contact(site: Site) -> bool:
    told = site.security_contact
    return not told or (told.startswith(CONTACTS) and told.isprintable())


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == 32
    except (binascii.Error, ValueError):
        return False
