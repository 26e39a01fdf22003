"""How to start what an installation consists of: web server, one worker per queue, one scheduler; a demo's sandbox."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from liaison.processes import Program
from liaison.scenery import Scenery

QUEUES = ("ticks", "notices")
WEB_WORKERS, WEB_THREADS = 2, 8
"""On two cores with 8 clients: one worker does 0.6 of it, a third one adds 130 MB and nothing else; two threads each
are too few where commits wait for the disk, 4 and 16 are as fast as 8, of which some may wait for pictures."""
FEW_ARENAS = {"MALLOC_ARENA_MAX": "2"}
"""Else C's memory keeps a pool for each thread: 5 MB a worker, and no request faster."""


def prepare(environ: Mapping[str, str], folder: Path) -> Program:
    """What migrates and seeds the database, once; it tells its steps to whoever watches our output."""
    quiet = dict(environ) | {"LIAISON_LOGGING__LEVEL": "WARNING"}
    return Program("prepare", (sys.executable, "-m", "liaison.prepare"), None, quiet, folder)


def web(host: str, port: int, environ: Mapping[str, str], logs: Path, folder: Path) -> Program:
    """The web server on `host` and `port`; a worker of its that dies is replaced by the server itself."""
    options = {
        "--interface": "wsgi",
        "--host": host,
        "--port": str(port),
        "--workers": str(WEB_WORKERS),
        "--blocking-threads": str(WEB_THREADS),
        "--respawn-interval": "0.1",
        "--workers-kill-timeout": "3",
        "--log-level": "warning",
    }
    flags = [part for pair in options.items() for part in pair]
    argv = (sys.executable, "-m", "granian", *flags, "--respawn-failed-workers", "serve:app")
    return Program("web", argv, logs / "web.log", dict(environ) | FEW_ARENAS, folder)


def background(environ: Mapping[str, str], logs: Path, folder: Path) -> tuple[Program, ...]:
    """One worker for each queue, because a worker on two can lose a job, and exactly one scheduler."""
    lines = {f"worker-{queue}": ("worker", queue) for queue in QUEUES}
    lines["scheduler"] = ("scheduler",)
    start = (sys.executable, "-m", "workers.run")
    return tuple(
        Program(name, (*start, *arguments), logs / f"{name}.log", environ, folder) for name, arguments in lines.items()
    )


def sandbox(scenery: Scenery, logs: Path, folder: Path) -> Program:
    """The outside world of a demo, where its messages go; it gets none of our settings."""
    argv = (sys.executable, "-m", "sandbox", str(scenery.port), str(scenery.folder), "--host", scenery.host)
    foreign = ("LIAISON_", "DATABASE_URL", "REDIS_URL")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return Program("sandbox", argv, logs / "sandbox.log", environ | {"PYTHONUNBUFFERED": "1"}, folder)


def telling(environ: Mapping[str, str], logs: Path, folder: Path) -> Program:
    """What tells the demo town's matters, once, while people already look around."""
    quiet = dict(environ) | {"LIAISON_LOGGING__LEVEL": "WARNING"}
    argv = (sys.executable, "-m", "liaison.demo.telling")
    return Program("demo", argv, logs / "demo.log", quiet, folder, once=True)
