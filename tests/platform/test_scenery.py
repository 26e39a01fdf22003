"""A demo alone has an outside world: the sandbox, under accounts made at the first start, told to both sides."""

import socket
import stat
from pathlib import Path

import pytest

from liaison import standalone
from liaison.config import ROOT, load
from liaison.demo.phones import openid
from liaison.scenery import PORT_BESIDE, WAYS_OUT, is_wanted, lay_out
from liaison.ways_out import installed
from sandbox.people import openid_of
from sandbox.settings import settings_in
from tests.support.servers import SECRETS_TOLD

DEMO = {"LIAISON_DEMO": "true"}


def laid(instance: Path, port: int = 5000, base_url: str = "http://127.0.0.1:5000") -> dict[str, str]:
    scenery = lay_out(instance, "127.0.0.1", reached="127.0.0.1", port=port, base_url=base_url)
    scenery.write()
    return dict(scenery.environ)


def test_only_a_demo_has_one() -> None:
    assert is_wanted(DEMO)
    assert not is_wanted({}) and not is_wanted({"LIAISON_DEMO": "false"})


@pytest.mark.parametrize("section", WAYS_OUT)
def test_a_demo_with_a_way_out_has_none(section: str) -> None:
    assert not is_wanted(DEMO | {f"LIAISON_{section}__X": "y"})


def test_a_configuration_file_never_has_one_even_for_a_demo(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f'demo = true\ninstance = "{tmp_path / "instance"}"\n', "utf-8")
    setting = standalone.settle(DEMO | {"LIAISON_CONFIG": str(file)})
    assert setting.scenery is None and not (tmp_path / "instance" / "sandbox").exists()
    assert not setting.config.wechat.app_id


def test_nothing_of_a_real_installation_starts_one() -> None:
    told = [each.read_text("utf-8") for each in sorted((ROOT / "deploy").rglob("*")) if each.is_file()]
    assert len(told) > 2 and not [text for text in told if "sandbox" in text.lower()]


def test_both_sides_are_told_the_same_and_keep_it(tmp_path: Path) -> None:
    first, second = laid(tmp_path), laid(tmp_path, 6000, "http://127.0.0.1:6000")
    known, config = settings_in(tmp_path / "sandbox"), load(None, SECRETS_TOLD | DEMO | second)
    made = {name for name in first if name.rpartition("__")[2] in ("SECRET", "KEY_SECRET", "WECHAT_TOKEN")}
    assert len(made) == 5 and all(first[name] == second[name] and len(first[name]) == 32 for name in made)
    assert known.apps[config.wechat.app_id] == config.wechat.secret
    assert known.apps[config.service_account.app_id] == config.service_account.secret
    assert (known.corp_id, known.corp_secret) == (config.wecom.corp_id, config.wecom.secret)
    assert (known.key_id, known.key_secret) == (config.sms.key_id, config.sms.key_secret)
    assert known.sms_link == config.sms.link_prefix == "http://127.0.0.1:6000/"
    assert {each["url"] for each in known.callbacks} == {"http://127.0.0.1:6000/callbacks/wechat"}
    assert {each["aes_key"] for each in known.callbacks} == {config.callbacks.wechat_aes_key}
    assert {each["app_id"] for each in known.callbacks} == set(config.callbacks.wechat_app_id.split())
    assert set(installed(config)) == {"wechat_subscribe", "wechat_template", "wecom", "sms"}
    assert stat.S_IMODE((tmp_path / "sandbox" / "sandbox.json").stat().st_mode) == 0o600


def test_a_port_somebody_has_is_left_to_them(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        scenery = lay_out(tmp_path, "127.0.0.1", reached="127.0.0.1", port=port - PORT_BESIDE, base_url="http://x")
    assert scenery.port != port


def test_the_demo_and_its_sandbox_know_people_by_the_same_openids() -> None:
    assert openid("wx-sandbox", "n001") == openid_of("wx-sandbox", "n001") != openid_of("wx-sandbox-service", "n001")
