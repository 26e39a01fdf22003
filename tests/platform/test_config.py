"""What a configuration promises: all faults at once, later layers win, the example tells the truth."""

import base64
import json
import re
import tomllib
from dataclasses import asdict
from pathlib import Path

import pytest

from liaison.config import ROOT, ConfigError, load
from liaison.domain.keyrings import SM4, Key, newest
from liaison.embedded import postgres_url
from liaison.folder import ensure_secrets
from liaison.settings import Accounts, Config

LONG = "x" * 32
VAULT = base64.b64encode(bytes(32)).decode()


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """The least environment a start needs: an instance folder with its secrets."""
    ensure_secrets(tmp_path)
    return {"LIAISON_INSTANCE": str(tmp_path)}


def told(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(text, "utf-8")
    return path


def test_example_holds_every_key_with_its_default() -> None:
    text = (ROOT / "config.example.toml").read_text("utf-8")
    example = tomllib.loads(re.sub(r"^# (?=[a-z_]+ = )", "", text, flags=re.MULTILINE))
    assert example == asdict(Config()) | {"instance": str(Config.instance)}


def test_example_as_it_stands_changes_nothing(environ: dict[str, str]) -> None:
    assert load(ROOT / "config.example.toml", environ) == load(None, environ)


def test_all_faults_are_reported_at_once(tmp_path: Path) -> None:
    path = told(tmp_path, 'colour = 1\ndemo = "maybe"\nbase_url = "liaison.cn"\n[web]\nmax_body_bytes = "1k"')
    environ = {"LIAISON_LOGGING__LEVEL": "loud", "LIAISON_SITE__SIZE": "3"}
    with pytest.raises(ConfigError) as caught:
        load(path, environ | {"LIAISON_INSTANCE": str(tmp_path)})
    assert sorted(fault.partition(":")[0] for fault in caught.value.faults) == [
        "base_url",
        "colour",
        "demo",
        "logging.level",
        "secrets.anchors",
        "secrets.code_keys",
        "secrets.session",
        "secrets.station_keys",
        "secrets.vault_keys",
        "site.size",
        "web.max_body_bytes",
    ]


@pytest.mark.parametrize("text", ["[site", "site = 3", "[site.name]\nfirst = 1", "\ufeff[site]"])
def test_unreadable_files_are_faults(environ: dict[str, str], tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError):
        load(told(tmp_path, text), environ)


def test_a_file_that_is_named_must_exist(environ: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.toml: cannot be read"):
        load(tmp_path / "absent.toml", environ)


def test_environment_wins_over_file_and_file_over_generated_secrets(environ: dict[str, str], tmp_path: Path) -> None:
    path = told(tmp_path, f'[site]\nname = "甲"\nregion = "乙"\n[secrets]\nsession = "{LONG}"')
    config = load(path, environ | {"LIAISON_SITE__NAME": "丙", "LIAISON_WEB__TRUSTED_PROXIES": "2"})
    assert (config.site.name, config.site.region) == ("丙", "乙")
    assert config.web.trusted_proxies == 2
    assert config.secrets.session == LONG
    assert config.secrets.code_keys["1"] != LONG


def test_plain_addresses_of_databases_are_understood(environ: dict[str, str]) -> None:
    plain = {"DATABASE_URL": "postgresql://a/b", "REDIS_URL": "redis://c"}
    config = load(None, environ | plain)
    assert (config.database.url, config.redis.url) == ("postgresql://a/b", "redis://c")


def test_what_is_not_set_lies_in_the_instance(environ: dict[str, str], tmp_path: Path) -> None:
    config = load(None, environ)
    assert config.files.url == str(tmp_path / "files")
    assert config.notices.log_file == str(tmp_path / "logs" / "notices.log")
    assert config.database.url == postgres_url(tmp_path / "postgres")


def test_a_message_platform_needs_an_address_of_the_web(environ: dict[str, str]) -> None:
    url = "https://platform.example/in"
    assert load(None, environ | {"LIAISON_NOTICES__WEBHOOK_URL": url}).notices.webhook_url == url
    with pytest.raises(ConfigError, match=r"notices\.webhook_url"):
        load(None, environ | {"LIAISON_NOTICES__WEBHOOK_URL": "platform.example"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SITE__SECURITY_CONTACT", "security@example.cn"),
        ("SITE__SECURITY_CONTACT", "mailto:a@example.cn\nExpires: never"),
        ("SMS__BASE_URL", "file:///etc/passwd"),
        ("WECHAT__BASE_URL", "api.weixin.qq.com"),
    ],
)
def test_addresses_that_cannot_be_meant_stop_the_start(environ: dict[str, str], name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name.lower().replace("__", r"\.")):
        load(None, environ | {f"LIAISON_{name}": value})


def test_generated_secrets_are_private_lasting_and_unprinted(environ: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "secrets.toml"
    before = file.read_bytes()
    ensure_secrets(tmp_path)
    config = load(None, environ)
    assert file.read_bytes() == before
    assert file.stat().st_mode & 0o777 == 0o600
    assert config.secrets.vault_ring.keys() == config.secrets.code_ring.keys() == config.secrets.station_ring.keys()
    assert config.secrets.session not in repr(config)
    assert all(key not in repr(config) for key in _keys(config))


def _keys(config: Config) -> list[str]:
    secrets = config.secrets
    return [key for ring in (secrets.vault_keys, secrets.code_keys, secrets.station_keys) for key in ring.values()]


@pytest.mark.parametrize(
    ("ring", "key"),
    [
        ("vault_keys", ""),
        ("vault_keys", VAULT),
        ("vault_keys", f"aes-256-gcm:{VAULT[:-4]}"),
        ("vault_keys", f"aes-256-gcm:{VAULT}!"),
        ("vault_keys", f"aes-256-gcm:{'密' * 32}"),
        ("vault_keys", f"sm4-gcm:{VAULT}"),
        ("code_keys", LONG),
        ("code_keys", f"hmac-sm3:{LONG[1:]}"),
        ("station_keys", LONG[1:]),
    ],
)
def test_a_key_says_its_algorithm_and_has_its_length(environ: dict[str, str], ring: str, key: str) -> None:
    with pytest.raises(ConfigError, match=rf"secrets\.{ring}\.2: "):
        load(None, environ | {f"LIAISON_SECRETS__{ring.upper()}": json.dumps({"2": key})})


ODD = json.dumps({"a b": f"aes-256-gcm:{VAULT}"})


def test_proofs_of_the_domain_are_files_of_one_line_by_plain_names(environ: dict[str, str]) -> None:
    told = environ | {"LIAISON_WECHAT__DOMAIN_FILES": '{"MP_verify_aB3.txt": "aB3"}'}
    assert load(None, told).wechat.domain_files == {"MP_verify_aB3.txt": "aB3"}
    names = ('{"a.html": "x"}', '{"../a.txt": "x"}', '{"站.txt": "x"}')
    for wrong in (*names, '{"a.txt": ""}', '{"a.txt": "x\\ny"}', '["a"]'):
        with pytest.raises(ConfigError, match=r"wechat\.domain_files"):
            load(None, environ | {"LIAISON_WECHAT__DOMAIN_FILES": wrong})


@pytest.mark.parametrize("ring", ["{}", '["a"]', '{"1": 2}', "aes-256-gcm", ODD])
def test_a_ring_is_a_table_of_at_least_one_key_with_a_plain_id(environ: dict[str, str], ring: str) -> None:
    with pytest.raises(ConfigError, match=r"secrets\.vault_keys"):
        load(None, environ | {"LIAISON_SECRETS__VAULT_KEYS": ring})


def test_the_last_key_of_a_ring_is_the_newest(environ: dict[str, str]) -> None:
    ring = {"9": f"aes-256-gcm:{VAULT}", "1": f"sm4-gcm:{VAULT[:22]}=="}
    config = load(None, environ | {"LIAISON_SECRETS__VAULT_KEYS": json.dumps(ring)})
    assert newest(config.secrets.vault_ring) == "1" and config.secrets.vault_ring["1"] == Key(SM4, bytes(16))


def test_wechats_callbacks_are_told_as_a_whole_or_not_at_all(environ: dict[str, str]) -> None:
    told = {
        "LIAISON_CALLBACKS__WECHAT_TOKEN": "AAAAA",
        "LIAISON_CALLBACKS__WECHAT_AES_KEY": "A" * 43,
        "LIAISON_CALLBACKS__WECHAT_APP_ID": "wxba5fad812f8e6fb9",
    }
    config = load(None, environ | told)
    assert config.callbacks.wechat_aes_key == "A" * 43 and "A" * 5 not in repr(config)
    for missing in told:
        with pytest.raises(ConfigError, match="together"):
            load(None, environ | {name: value for name, value in told.items() if name != missing})


@pytest.mark.parametrize(
    ("key", "value"), [("wechat_aes_key", "A" * 42), ("wechat_aes_key", "密" * 43), ("secret", "s" * 31)]
)
def test_short_keys_of_callbacks_are_faults(environ: dict[str, str], key: str, value: str) -> None:
    with pytest.raises(ConfigError, match=rf"callbacks\.{key}"):
        load(None, environ | {f"LIAISON_CALLBACKS__{key.upper()}": value})


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('second_factor_for = "office_lead auditor"', "must hold"),
        ('second_factor_for = ""', "must hold"),
        (f'second_factor_for = "{Accounts().second_factor_for} nobody"', "does not exist"),
        ("password_length = 7", "password_length"),
        ("passwords_remembered = 25", "passwords_remembered"),
        ("password_days = -1", "password_days"),
    ],
)
def test_weak_rules_of_signing_in_are_refused(tmp_path: Path, environ: dict[str, str], line: str, fault: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load(told(tmp_path, f"[accounts]\n{line}\n"), environ)
    assert len(refused.value.faults) == 1 and fault in refused.value.faults[0]


def test_only_a_demo_does_without_second_factors(tmp_path: Path, environ: dict[str, str]) -> None:
    config = load(told(tmp_path, 'demo = true\n[accounts]\nsecond_factor_for = ""\n'), environ)
    assert config.accounts.factor_roles == frozenset()
