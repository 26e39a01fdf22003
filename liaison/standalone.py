"""One command for a whole installation: `python -m liaison.standalone` starts, supervises and ends it.

Loads as little as it can: everything heavy runs in the processes it starts.
"""

import http.client
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType
from typing import NoReturn

from psycopg import OperationalError

from liaison import embedded, programs, scenery
from liaison.config import ROOT, ConfigError, find_instance, find_path, load
from liaison.database_state import is_prepared
from liaison.folder import UNFINISHED, Taken, ensure_secrets, hold
from liaison.processes import NotReady, Program, spawn, stop, wait_until
from liaison.scenery import Scenery
from liaison.settings import Config
from liaison.supervisor import Supervisor
from liaison.welcome import welcome

STEP = 0.05
READY_SECONDS = 120.0
STORE_SECONDS = 60.0
HOPELESS = 4
LOG_LIMIT = 20_000_000


class Ended(BaseException):
    """Somebody asked us to end."""


class Failed(Exception):
    """The installation cannot start; the message says why and what to do."""


@dataclass(frozen=True)
class Setting:
    """What one start needs: configuration, where the web server listens, the children's environment."""

    config: Config
    host: str
    port: int
    environ: Mapping[str, str]
    owns_database: bool
    owns_redis: bool
    scenery: Scenery | None

    @property
    def logs(self) -> Path:
        """The folder that holds one log per process."""
        return self.config.instance / "logs"


def main() -> int:
    """Run until told to end; 0 after that, 1 when it cannot start, 2 when the settings are wrong."""
    began = time.monotonic() - time.process_time()  # what loading this program took counts, too
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _end)
    try:
        setting = settle(os.environ)
        _refuse_taken_port(setting.host, setting.port)
        with hold(setting.config.instance):
            _run(setting, began)
    except ConfigError as error:
        print("The settings cannot be used · 配置有误：", *error.faults, sep="\n  - ", file=sys.stderr)
        return 2
    except (Failed, NotReady) as error:
        print(f"Liaison cannot start · 无法启动：{error}", file=sys.stderr)
        return 1
    except Taken as error:
        print(f"Liaison already runs here (process {error}) · 本目录中已有一个正在运行", file=sys.stderr)
        return 1
    except Ended:
        print("  stopped · 已停止", flush=True)
    return 0


def settle(environ: Mapping[str, str]) -> Setting:
    """Work out one start from the environment; a machine without a configuration file becomes a demo."""
    path = find_path(environ)
    host, port = environ.get("HOST") or "127.0.0.1", environ.get("PORT") or "8000"
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise ConfigError([f"PORT: must be a number from 1 to 65535, not {port!r}"])
    told = dict(environ)
    if path is None:
        told = {
            "LIAISON_DEMO": "true",
            # Everybody may look around with the printed passwords; a demo's residents are made up.
            "LIAISON_ACCOUNTS__SECOND_FACTOR_FOR": "",
            "LIAISON_ACCOUNTS__PASSWORD_DAYS": "0",
            "LIAISON_SITE__REGION": "清和市",
            "LIAISON_BASE_URL": f"http://{_visible(host)}:{port}",
        } | told
    else:
        told["LIAISON_CONFIG"] = str(path.resolve())
    instance = find_instance(path, told)
    ensure_secrets(instance)
    outside = _scenery(instance, host, int(port), told) if path is None else None
    told |= outside.environ if outside else {}
    config = load(path, told)
    postgres, redis = config.instance / "postgres", config.instance / "redis"
    children = told | {
        "DATABASE_URL": config.database.url,
        "REDIS_URL": config.redis.url,
        "TZ": "Asia/Shanghai",
        "PYTHONUNBUFFERED": "1",
    }
    return Setting(
        config,
        host,
        int(port),
        children,
        owns_database=config.database.url == embedded.postgres_url(postgres),
        owns_redis=config.redis.url == embedded.redis_url(redis),
        scenery=outside,
    )


def _scenery(instance: Path, host: str, port: int, told: Mapping[str, str]) -> Scenery | None:
    """The sandbox of a demo; a real installation has none."""
    if not scenery.is_wanted(told):
        return None
    return scenery.lay_out(instance, host, reached=_reachable(host), port=port, base_url=told["LIAISON_BASE_URL"])


def _run(setting: Setting, began: float) -> NoReturn:
    supervisor = Supervisor(_say)
    _shorten(setting.logs)
    try:
        if setting.scenery:
            setting.scenery.write()
        _start_stores(setting, supervisor)
        _prepare(setting)
        # People first: the background starts when pages answer, or all would share two cores and come late.
        supervisor.start(programs.web(setting.host, setting.port, setting.environ, setting.logs, ROOT))
        _wait_for_web(setting, supervisor)
        supervisor.start(*programs.background(setting.environ, setting.logs, ROOT))
        if setting.scenery:
            supervisor.start(programs.sandbox(setting.scenery, setting.logs, ROOT))
        config, columns = setting.config, shutil.get_terminal_size().columns
        if (config.instance / UNFINISHED).exists():
            _say("the demo's 300 matters are being told meanwhile · 示范事项正在陆续生成")
            supervisor.start(programs.telling(setting.environ, setting.logs, ROOT))
        phones = setting.scenery and f"http://{_visible(setting.host)}:{setting.scenery.port}"
        print(welcome(config.base_url, config.instance / "demo.json", columns, config.secrets.station_ring, phones))
        _say(f"logs · 日志: {setting.logs}")
        _say(f"ready after {time.monotonic() - began:.1f} s, Ctrl-C ends · 已就绪，按 Ctrl-C 结束")
        while True:
            supervisor.tend()
            time.sleep(STEP)
    finally:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        supervisor.stop()


def _start_stores(setting: Setting, supervisor: Supervisor) -> None:
    postgres, redis = setting.config.instance / "postgres", setting.config.instance / "redis"
    wanted: list[Program] = []
    waits: list[tuple[str, Callable[[], bool]]] = []
    if setting.owns_database:
        wanted.append(embedded.postgres_program(postgres))
        waits.append(("PostgreSQL", partial(embedded.postgres_ready, postgres)))
    if setting.owns_redis:
        wanted.append(embedded.redis_program(redis))
        waits.append(("Redis", partial(embedded.redis_ready, redis)))
    supervisor.start(*wanted)
    for name, ready in waits:
        wait_until(partial(_tended, supervisor, ready), STORE_SECONDS, f"{name} (see {setting.logs})")


def _tended(supervisor: Supervisor, ready: Callable[[], bool]) -> bool:
    supervisor.tend()
    return ready()


def _prepare(setting: Setting) -> None:
    try:
        prepared = is_prepared(setting.config.database.url, demo=setting.config.demo)
    except OperationalError as error:
        raise Failed(f"the database cannot be reached · 数据库无法连接: {error}") from None
    if prepared:
        return
    _say("preparing the database · 正在准备数据库")
    program = programs.prepare(setting.environ, ROOT)
    child = spawn(program)
    try:
        child.wait()
    finally:
        stop([(program, child)])
    if child.returncode:
        raise Failed("the database could not be prepared, see above · 数据库准备失败，原因见上")


def _wait_for_web(setting: Setting, supervisor: Supervisor) -> None:
    def answers() -> bool:
        supervisor.tend()
        if supervisor.deaths("web") >= HOPELESS:
            raise Failed(f"the web server ends again and again:\n{_tail(setting.logs / 'web.log')}")
        return _is_alive(_reachable(setting.host), setting.port)

    wait_until(answers, READY_SECONDS, f"web server (see {setting.logs / 'web.log'})")


def _is_alive(host: str, port: int) -> bool:
    line = http.client.HTTPConnection(host, port, timeout=5)
    try:
        line.request("GET", "/healthz")
        return line.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()


def _refuse_taken_port(host: str, port: int) -> None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise Failed(
            f"port {port} on {host} cannot be used ({error.strerror}); "
            f"try another one: PORT={port + 1} make run · 端口 {port} 无法使用，请换一个端口"
        ) from None


def _reachable(host: str) -> str:
    """Where we ourselves reach the web server."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


def _visible(host: str) -> str:
    """Where a phone on the same network reaches the web server, when it listens on every address."""
    if host not in ("0.0.0.0", "::"):
        return f"[{host}]" if ":" in host else host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: only asks which address of ours leads outside
            return probe.getsockname()[0]
        except OSError:
            return "127.0.0.1"


def _shorten(logs: Path) -> None:
    """Set aside logs that have grown large, keeping one older part of each."""
    for log in logs.glob("*.log"):
        if log.stat().st_size > LOG_LIMIT:
            log.replace(log.with_suffix(".log.1"))


def _tail(log: Path, lines: int = 20) -> str:
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-lines:])


def _say(sentence: str) -> None:
    print(f"  {sentence}", flush=True)


def _end(number: int, frame: FrameType | None) -> NoReturn:
    raise Ended


if __name__ == "__main__":
    sys.exit(main())
