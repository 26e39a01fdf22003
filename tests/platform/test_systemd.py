"""The shipped units start the same processes as `make run`, and start them again when they end."""

from configparser import ConfigParser
from pathlib import Path

import pytest

from liaison import programs
from liaison.config import ROOT

UNITS = ROOT / "deploy" / "systemd"
FOLDER = Path("/opt/liaison")


def unit(name: str) -> ConfigParser:
    """One unit file."""
    read = ConfigParser(strict=False, interpolation=None)
    read.optionxform = str
    read.read_string((UNITS / name).read_text("utf-8"))
    return read


def command(name: str, instance: str = "") -> tuple[str, ...]:
    """What a unit starts, without the interpreter."""
    return tuple(unit(name)["Service"]["ExecStart"].replace("%i", instance).split()[1:])


def test_the_web_unit_starts_what_make_run_starts() -> None:
    assert command("liaison-web.service") == programs.web("127.0.0.1", 8000, {}, FOLDER, FOLDER).argv[1:]


def test_the_other_units_start_one_worker_for_each_queue_and_one_scheduler() -> None:
    started = {program.argv[1:] for program in programs.background({}, FOLDER, FOLDER)}
    units = {command("liaison-worker@.service", queue) for queue in programs.QUEUES} | {
        command("liaison-scheduler.service")
    }
    assert started == units


def test_the_target_wants_them_all() -> None:
    wanted = set(unit("liaison.target")["Unit"]["Wants"].split())
    workers = {f"liaison-worker@{queue}.service" for queue in programs.QUEUES}
    assert wanted == {"liaison-web.service", "liaison-scheduler.service"} | workers


@pytest.mark.parametrize("name", sorted(path.name for path in UNITS.glob("*.service")))
def test_each_is_started_again_whenever_it_ends(name: str) -> None:
    service, start = unit(name)["Service"], unit(name)["Unit"]
    assert service["Restart"] == "always"
    assert start["StartLimitIntervalSec"] == "0", "systemd would give up otherwise"
    assert service["User"] == "liaison"
