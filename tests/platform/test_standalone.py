"""What one command promises: all parts run, the dead come back, the end leaves nothing, refusals say why."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil
import psycopg
import pytest

from liaison.config import ROOT
from liaison.embedded import postgres_url
from liaison.processes import wait_until

pytestmark = pytest.mark.xdist_group("standalone")

ENDING = 120  # four groups end one after the other, each within its grace, on a machine that may be busy
PATIENCE = 240  # the machine may be busy with the rest of the suite, and a cold start seeds a whole town
PARTS = {
    "postgres": "bin/postgres",
    "redis": "redis-server",
    "web": "granian",
    "worker-ticks": "workers.run worker ticks",
    "worker-notices": "workers.run worker notices",
    "scheduler": "workers.run scheduler",
    "sandbox": "-m sandbox",
}


@dataclass(frozen=True)
class Run:
    """One started installation."""

    process: subprocess.Popen[bytes]
    port: int
    output: Path

    @property
    def text(self) -> str:
        return self.output.read_text("utf-8")

    def family(self) -> list[psutil.Process]:
        """Every process it started, also those that started one another."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def part(self, name: str) -> psutil.Process | None:
        """The living process that plays this part, if there is one just now."""
        for child in psutil.Process(self.process.pid).children():
            try:
                if PARTS[name] in " ".join(child.cmdline()):
                    return child
            except (psutil.NoSuchProcess, psutil.ZombieProcess):
                continue
        return None

    def get(self, path: str) -> int:
        """Status of a page, 0 while nobody answers."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            line.request("GET", path)
            return line.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            line.close()

    def signs_in(self, account: dict[str, str]) -> int:
        """The status of signing in with name and password."""
        told = json.dumps({name: account[name] for name in ("username", "password")})
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            line.request("POST", "/api/v1/sessions", told, {"Content-Type": "application/json"})
            return line.getresponse().status
        finally:
            line.close()

    def is_ready(self) -> bool:
        return self.get("/readyz") == 200


def _read(address: str) -> str:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return answer.read().decode()
    except OSError:
        return ""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environ(instance: Path, **more: str) -> dict[str, str]:
    """Our own environment without any setting of Liaison, for a run on this instance folder."""
    ours = ("LIAISON_", "DATABASE_URL", "REDIS_URL", "PORT", "HOST")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | {"LIAISON_INSTANCE": str(instance), "PYTHONPATH": ""} | more


@contextmanager
def running(instance: Path, output: Path) -> Iterator[Run]:
    """Start everything, wait for its word that it is ready, and end it if the test has not."""
    port = free_port()
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "liaison.standalone"],
            cwd=ROOT,
            env=environ(instance, PORT=str(port)),
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    run = Run(process, port, output)
    try:
        wait_until(lambda: "ready after" in run.text or process.poll() is not None, PATIENCE, "the start")
        assert process.poll() is None, run.text
        yield run
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(ENDING)


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance folder in which one cold start has prepared and seeded the database."""
    folder = tmp_path_factory.mktemp("standalone")
    with running(folder / "instance", folder / "cold.txt"):
        return folder / "instance"


@pytest.fixture(scope="class")
def run(instance: Path) -> Iterator[Run]:
    """A warm start that the tests of one class share."""
    with running(instance, instance.parent / "warm.txt") as run:
        yield run


def gone(processes: list[psutil.Process]) -> bool:
    return not any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in processes)


def started(instance: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Start and wait for the end."""
    return subprocess.run(
        [sys.executable, "-m", "liaison.standalone"],
        cwd=ROOT,
        env=environ(instance, **more),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


def refused(instance: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Start where starting must fail, and see that nothing was left running."""
    done = started(instance, **more)
    commands = [str(each.info["cmdline"]) for each in psutil.process_iter(["cmdline"])]
    assert not [command for command in commands if str(instance) in command]
    return done


class TestRunning:
    """What holds while it runs."""

    def test_it_prints_address_accounts_and_a_code_to_scan(self, run: Run, instance: Path) -> None:
        demo = json.loads((instance / "demo.json").read_text("utf-8"))
        assert f"http://127.0.0.1:{run.port}/s/{demo['stations'][0]}" in run.text
        assert demo["accounts"][0]["username"] in run.text
        assert demo["accounts"][0]["password"] in run.text

    def test_the_printed_accounts_sign_in_with_their_password_alone(self, run: Run, instance: Path) -> None:
        demo = json.loads((instance / "demo.json").read_text("utf-8"))
        by_role = {account["role"]: account for account in demo["accounts"]}
        assert {"office_lead", "administrator", "security_administrator", "auditor", "deputy"} <= set(by_role)
        for account in by_role.values():
            assert run.signs_in(account) == 201, account["role"]
        assert "█▀▀▀▀▀█" in run.text

    def test_a_second_start_prepares_nothing(self, run: Run) -> None:
        assert "preparing" not in run.text

    def test_everything_becomes_ready_heartbeats_included(self, run: Run) -> None:
        wait_until(run.is_ready, PATIENCE, "/readyz")

    @pytest.mark.parametrize("name", PARTS)
    def test_a_part_that_is_killed_comes_back(self, run: Run, name: str) -> None:
        wait_until(lambda: run.part(name) is not None, PATIENCE, name)
        before = run.part(name)
        assert before is not None
        before.kill()
        wait_until(lambda: run.part(name) not in (None, before), PATIENCE, f"a new {name}")
        wait_until(run.is_ready, PATIENCE, "/readyz")

    def test_after_all_that_the_whole_clockwork_beats_on(self, run: Run, instance: Path) -> None:
        killed_at = datetime.now(UTC)

        def beats_on() -> bool:
            with psycopg.connect(postgres_url(instance / "postgres")) as connection:
                ((oldest,),) = connection.execute("SELECT min(at) FROM heartbeats").fetchall()
            return oldest > killed_at

        wait_until(beats_on, PATIENCE, "a heartbeat of every part")

    def test_the_sandbox_shows_whose_phones_there_are(self, run: Run) -> None:
        page = re.search(r"Phones · 手机消息 +(http://\S+)", run.text)[1]
        wait_until(lambda: "人大代表" in _read(f"{page}/people"), PATIENCE, "the sandbox's page")

    def test_a_second_run_on_the_same_folder_is_refused(self, run: Run, instance: Path) -> None:
        done = started(instance, PORT=str(free_port()))
        assert done.returncode == 1
        assert f"already runs here (process {run.process.pid})" in done.stderr
        assert run.get("/healthz") == 200


def test_a_taken_port_is_named_in_both_languages(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = refused(tmp_path / "instance", PORT=str(port))
    assert done.returncode == 1
    assert f"port {port}" in done.stderr
    assert f"端口 {port} 无法使用" in done.stderr


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1"])
def test_a_port_that_is_none_is_a_wrong_setting(tmp_path: Path, port: str) -> None:
    done = refused(tmp_path / "instance", PORT=port)
    assert (done.returncode, "PORT:" in done.stderr) == (2, True)


def test_wrong_settings_are_listed_together_and_exit_2(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('demo = "maybe"\ncolour = "red"\n', "utf-8")
    done = refused(tmp_path / "instance", LIAISON_CONFIG=str(config), LIAISON_LOGGING__LEVEL="loud")
    assert done.returncode == 2
    assert all(key in done.stderr for key in ("demo:", "colour:", "logging.level:"))


def test_a_database_out_of_reach_is_said(tmp_path: Path) -> None:
    nowhere = "postgresql://127.0.0.1:1/absent"
    done = refused(tmp_path / "instance", DATABASE_URL=nowhere, PORT=str(free_port()))
    assert done.returncode == 1
    assert "数据库无法连接" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_end_leaves_no_process(instance: Path, tmp_path: Path, number: signal.Signals) -> None:
    with running(instance, tmp_path / "out.txt") as run:
        family = run.family()
        assert len(family) >= len(PARTS)
        run.process.send_signal(number)
        assert run.process.wait(ENDING) == 0
        assert gone(family)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can tie a child to its parent")
def test_a_killed_supervisor_takes_all_along(instance: Path, tmp_path: Path) -> None:
    with running(instance, tmp_path / "out.txt") as run:
        family = run.family()
        run.process.kill()
        wait_until(lambda: gone(family), 30, "the end of all parts")
