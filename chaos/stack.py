"""The installation under test: `liaison.standalone` as people run it, in a folder, on a port and on sockets of ours.

Whatever is to be hurt is looked up here, and proven to be ours first: a descendant of the process we started,
whose environment or working folder names our folder. Servers are asked for their data folder besides.
"""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import psutil
import psycopg
from redis import Redis

from chaos.work import patient_redis
from liaison.config import ROOT
from liaison.embedded import postgres_url, redis_url
from liaison.processes import Child, Program, spawn

PARTS = {
    "postgres": "bin/postgres",
    "redis": "redis-server",
    "web server": "granian",
    "worker ticks": "workers.run worker ticks",
    "worker notices": "workers.run worker notices",
    "scheduler": "workers.run scheduler",
}
PASSWORD = ("--password", "steady lanterns at dusk")
OFFICE = ("accounts", "add", "office", "--name", "办公室", "--role", "office", "--region", "qh")


class NotOurs(Exception):
    """Something that was to be hurt does not belong to this run."""


class Stack:
    """One installation in `folder/instance`, without demo, whose reminders go to the provider's port."""

    def __init__(self, folder: Path, provider_port: int) -> None:
        self.instance, self.port = folder / "instance", free_port()
        self.files = self.instance / "files"
        self.log = folder / "standalone.log"
        self.database = postgres_url(self.instance / "postgres")
        settings = folder / "config.toml"
        settings.write_text(
            f'base_url = "http://127.0.0.1:{self.port}"\ninstance = "{self.instance}"\n'
            "[web]\nrate_limits = false\n"  # all clients come from one address
            f'[notices]\nwebhook_url = "http://127.0.0.1:{provider_port}/ours"\n[logging]\nlevel = "WARNING"\n'
        )
        foreign = ("LIAISON_", "DATABASE_URL", "REDIS_URL", "HOST", "PORT")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        self.environ = kept | {"LIAISON_CONFIG": str(settings), "PORT": str(self.port), "PYTHONUNBUFFERED": "1"}
        self.child: Child | None = None

    def start(self, extra: dict[str, str]) -> None:
        """Start everything; `is_ready` tells when it is up. All its processes get `extra`, too."""
        argv = (sys.executable, "-m", "liaison.standalone")
        self.child = spawn(Program("liaison", argv, self.log, self.environ | extra, ROOT))

    def is_ready(self) -> bool:
        """Whether the program has said that it is ready; raises NotOurs when it ended instead."""
        if self.child.poll() is not None:
            raise NotOurs(f"the installation ended:\n{self.log.read_text()}")
        return "ready after" in self.log.read_text()

    def found(self) -> None:
        """Lay out a county with one clerk, by the program's own commands."""
        for told in (("county", "import", str(ROOT / "liaison/demo/content")), (*OFFICE, *PASSWORD)):
            argv = [sys.executable, "-m", "flask", "--app", "wsgi", *told]
            subprocess.run(argv, cwd=ROOT, env=self.environ, check=True, stdout=subprocess.DEVNULL)

    def prove(self) -> None:
        """Raise NotOurs unless the servers behind our addresses are the ones we started, on our folders."""
        with psycopg.connect(self.database, connect_timeout=5) as connection:
            (data,) = connection.execute("SHOW data_directory").fetchone()
        with self.redis() as redis:
            folder = redis.config_get("dir")["dir"]
        postmaster = int((self.instance / "postgres" / "postmaster.pid").read_text().split()[0])
        facts = (
            data == str(self.instance / "postgres"),
            folder == str(self.instance / "redis"),
            postmaster == self.part("postgres").pid,
            all(self.part(name) for name in PARTS),
        )
        if not all(facts):
            raise NotOurs(f"{data}, {folder}, {postmaster}: {facts}")

    def redis(self) -> Redis:
        """A connection to its Redis, by the socket in our folder."""
        return patient_redis(redis_url(self.instance / "redis"))

    def part(self, name: str) -> psutil.Process | None:
        """The living process of that part, proven ours; None while it is being started anew."""
        if name == "web worker":
            return self._below(self.part("web server"), lambda line: "resource_tracker" not in line)
        if name == "backend":
            return self._below(self.part("postgres"), lambda line: "[local]" in line)
        return self._below(psutil.Process(self.child.pid), lambda line: PARTS[name] in line)

    def _below(self, parent: psutil.Process | None, wanted: Callable[[str], bool]) -> psutil.Process | None:
        try:
            for child in parent.children() if parent else ():
                if wanted(" ".join(child.cmdline())) and self._is_ours(child):
                    return child
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            return None
        return None

    def _is_ours(self, process: psutil.Process) -> bool:
        if self.child.pid not in [above.pid for above in process.parents()]:
            return False
        if process.environ().get("LIAISON_CONFIG") == self.environ["LIAISON_CONFIG"]:
            return True
        return Path(process.cwd()).is_relative_to(self.instance)

    def answers(self) -> bool:
        """Whether it says of itself that it is well."""
        line = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            line.request("GET", "/readyz")
            return line.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            line.close()


def left_over(folder: Path) -> list[psutil.Process]:
    """The processes that still work in our folder or were told of it."""
    found = []
    for process in psutil.process_iter():
        try:
            named = process.environ().get("LIAISON_CONFIG", "")
            if process.pid != os.getpid() and (named.startswith(f"{folder}/") or folder in Path(process.cwd()).parents):
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def remove(folder: Path) -> None:
    """Delete what the run has made."""
    shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """A port nobody uses just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
