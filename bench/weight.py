"""What it weighs: to load, to start warm, in memory, and the first look at a station over the wire."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from socket import create_connection

import psutil

from bench.places import STATION, Site, environ
from bench.report import Figure
from chaos.stack import free_port
from liaison.config import ROOT
from liaison.processes import Program, spawn, stop, wait_until

BARE, OURS = "import flask, sqlalchemy", "import serve"
START = 60.0  # seconds for an installation to come up
LINKS = {"link": "href", "script": "src", "img": "src"}
FETCHED = ("stylesheet", "icon", "apple-touch-icon", "manifest")


def figures(site: Site) -> list[Figure]:
    """What the web server holds after the load, and the bytes of a station's page."""
    page, parts = first_look(site.ours)
    print(f"station page  {page / 1000:.1f} kB; with {len(parts)} files of its first load:", flush=True)
    for path, size in parts.items():
        print(f"    {size / 1000:6.1f} kB  {path}", flush=True)
    whole = page + sum(parts.values())
    return [*_held(site.pids["ours"]), Figure("station page's first load, kB", whole / 1000, 60, least=False)]


def start_figures(folder: Path, rounds: int) -> list[Figure]:
    """What loading and a warm start take, on an installation that is there and has been stopped."""
    loaded = {code: _loaded(code, environ(folder), folder, rounds) for code in (BARE, OURS)}
    for code, (wall, cpu) in loaded.items():
        print(f"{code:26} {wall:.2f} s, of that CPU {cpu:.2f} s", flush=True)
    starts = [_warm_start(folder) for _ in range(rounds)]
    print("warm start    " + ", ".join(f"{seconds:.2f}" for seconds in starts) + " s", flush=True)
    return [
        Figure("import, CPU s", loaded[OURS][1], 0.8, least=False),
        Figure("warm start, s", statistics.median(starts), 3, least=False),
    ]


def first_look(port: int) -> tuple[int, dict[str, int]]:
    """Bytes of a station's page and of each file a browser fetches for it, heads and packing included."""
    page = _fetched(port, f"/s/{STATION}")
    named = _Links()
    named.feed(_fetched(port, f"/s/{STATION}", packed=False).decode())
    return len(page), {path: len(_fetched(port, path)) for path in sorted(named.paths)}


class _Links(HTMLParser):
    """The files a page is shown with."""

    def __init__(self) -> None:
        super().__init__()
        self.paths: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        path = told.get(LINKS.get(tag, ""))
        if path and path.startswith("/") and (tag != "link" or told.get("rel") in FETCHED):
            self.paths.add(path)


def _fetched(port: int, path: str, *, packed: bool = True) -> bytes:
    asked = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close"]
    asked += ["Accept-Encoding: gzip"] if packed else []
    with create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall("\r\n".join([*asked, "", ""]).encode())
        return b"".join(iter(lambda: line.recv(65536), b""))


def _held(server: int) -> list[Figure]:
    """Memory of the web server's processes: RSS counts a page shared by several for each, PSS once, USS not at all."""
    main = psutil.Process(server)
    held = [each.memory_full_info() for each in (main, *main.children(recursive=True))]
    for name in ("rss", "pss", "uss"):
        parts = " + ".join(f"{getattr(each, name) / 2**20:.0f}" for each in held)
        print(f"web {name}       {sum(getattr(each, name) for each in held) / 2**20:.0f} MB = {parts}", flush=True)
    return [
        Figure(f"web server's {name}, MB", sum(getattr(each, name.lower()) for each in held) / 2**20, 250, least=False)
        for name in ("RSS", "PSS")
    ]


def _loaded(code: str, told: Mapping[str, str], folder: Path, rounds: int) -> tuple[float, float]:
    """Seconds and CPU seconds of a fresh interpreter that does this, its bytecode kept as everywhere."""
    kept = dict(told) | {"PYTHONPYCACHEPREFIX": str(folder / "bytecode"), "PYTHONDONTWRITEBYTECODE": ""}
    found = []
    for _ in range(rounds + 1):
        before, began = os.times(), time.perf_counter()
        subprocess.run([sys.executable, "-c", code], env=kept, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        wall, after = time.perf_counter() - began, os.times()
        spent = after.children_user + after.children_system - before.children_user - before.children_system
        found.append((wall, spent))
    return tuple(statistics.median(values) for values in zip(*found[1:], strict=True))  # the first made the bytecode


def _warm_start(folder: Path) -> float:
    """Seconds from the command until a station's page answers, on a demo's settings as `make run` has them."""
    port = free_port()
    outer = {name: value for name, value in os.environ.items() if not name.startswith(("LIAISON_", "DATABASE_URL"))}
    told = outer | {
        "LIAISON_INSTANCE": str(folder),
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
        "PYTHONDONTWRITEBYTECODE": "",
    }
    program = Program("run", (sys.executable, "-m", "liaison.standalone"), folder / "run.log", told, ROOT)
    began = time.monotonic()
    child = spawn(program)
    try:
        wait_until(lambda: _shows_station(port), START, f"the page (see {program.log})", child)
        return time.monotonic() - began
    finally:
        stop([(program, child)])


def _shows_station(port: int) -> bool:
    try:
        return _fetched(port, f"/s/{STATION}").startswith(b"HTTP/1.1 200")
    except OSError:
        return False
