"""Where the web server's CPU goes: how often py-spy finds whose code holds the interpreter, under load."""

import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

RATE = 200  # samples a second, of every thread that holds its interpreter
OURS = "our own code"
OF = {
    "flask": "Flask",
    "werkzeug": "Flask",
    "apiflask": "Flask",
    "granian": "the server",
    "flask_limiter": "limits",
    "limits": "limits",
    "marshmallow": "checking of bodies",
    "sqlalchemy": "SQLAlchemy",
    "flask_sqlalchemy": "SQLAlchemy",
    "<sqlalchemy generated": "SQLAlchemy",
    "psycopg": "psycopg",
    "liaison": OURS,
}
"""Whose code a package is; of others, and of Python's own, their caller's."""

_PLACE = re.compile(r"\(([^()]+):\d+\)$|\((<sqlalchemy generated)")


def shares(server: int, seconds: int, work: Callable[[], object]) -> dict[str, float]:
    """The share of each layer while the server and its workers do this work, of at most so many seconds."""
    with tempfile.TemporaryDirectory(prefix="layers-") as folder:
        told = Path(folder) / "stacks"
        spy = [str(Path(sys.executable).with_name("py-spy")), "record", "--pid", str(server), "--subprocesses", "--gil"]
        spy += ["--rate", str(RATE), "--duration", str(seconds), "--format", "raw", "--output", str(told)]
        with subprocess.Popen(spy, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as recording:
            work()
            recording.wait()
        return _shares(told.read_text().splitlines()) if told.exists() else {}


def line(found: Mapping[str, float]) -> str:
    """The layers, the largest first."""
    told = [f"{name} {share:.0%}" for name, share in sorted(found.items(), key=lambda each: -each[1])]
    return "    the server's CPU: " + (", ".join(told) or "py-spy may not look at it here")


def _shares(stacks: Iterable[str]) -> dict[str, float]:
    found = Counter[str]()
    for stack in stacks:
        frames, _, count = stack.rpartition(" ")
        layers = (_layer(frame) for frame in reversed(frames.split(";")))
        found[next((layer for layer in layers if layer), "Python")] += int(count)
    return {name: count / found.total() for name, count in found.items()}


def _layer(frame: str) -> str | None:
    place = _PLACE.search(frame)
    return OF.get((place[1] or place[2]).partition("/")[0]) if place else None
