"""A closed loop of eight clients on loopback, by wrk (Debian: `apt-get install wrk`), and the CPU it cost."""

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

CLIENTS = 8
_SCRIPT = """
local parts, at, told = {}, 0, ...
local file = io.open("REQUESTS", "rb")
while true do
  local size = file:read("*l")
  if not size then break end
  parts[#parts + 1] = file:read(tonumber(size))
end
file:close()
function request()
  at = at + 1
  if at > #parts then
    if ONCE then wrk.thread:stop() end
    at = 1
  end
  return parts[at]
end
function done(summary, latency)
  local wrong = summary.errors
  print(string.format('{"requests": %d, "wrong": %d, "p50": %f, "p95": %f}', summary.requests,
    wrong.connect + wrong.read + wrong.write + wrong.status + wrong.timeout,
    latency:percentile(50) / 1000, latency:percentile(95) / 1000))
end
"""


class Wrong(Exception):
    """Some answers were not what was asked for, so that the figures mean nothing."""


@dataclass(frozen=True)
class Request:
    """One request as it goes over the wire."""

    method: str
    path: str
    headers: Mapping[str, str] = None
    body: str = ""

    def raw(self) -> bytes:
        """Its bytes, for a server on loopback."""
        body = self.body.encode()
        lines = [f"{self.method} {self.path} HTTP/1.1", "Host: 127.0.0.1"]
        lines += [f"{name}: {value}" for name, value in (self.headers or {}).items()]
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"] if body else []
        return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass(frozen=True)
class Slice:
    """What one slice of load came to: answers a second, milliseconds, CPU milliseconds an answer by part."""

    rate: float
    p50: float
    p95: float
    cpu: Mapping[str, float]
    requests: int


def is_here() -> bool:
    """Whether the tool is installed."""
    return shutil.which("wrk") is not None


def press(
    port: int, requests: Sequence[Request], seconds: float, parts: Mapping[str, Callable[[], float]], *, once: bool
) -> Slice:
    """Send the requests for so long, round and round or each `once`; raises Wrong when an answer is an error.

    `parts` tell the CPU seconds each server has used so far.
    """
    with tempfile.TemporaryDirectory(prefix="load-") as folder:
        stored, script = Path(folder) / "requests", Path(folder) / "press.lua"
        with stored.open("wb") as file:
            for raw in (request.raw() for request in requests):
                file.write(b"%d\n%b" % (len(raw), raw))
        script.write_text(_SCRIPT.replace("REQUESTS", str(stored)).replace("ONCE", "true" if once else "false"))
        argv = ["wrk", "-t1", f"-c{CLIENTS}", f"-d{seconds:g}s", "-s", str(script), f"http://127.0.0.1:{port}"]
        before, began = {name: spent() for name, spent in parts.items()}, time.monotonic()
        told = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
        lasted = time.monotonic() - began
    found = json.loads(told.strip().splitlines()[-1])
    if found["wrong"] or not found["requests"]:
        raise Wrong(f"{requests[0].method} {requests[0].path}: {found}")
    cpu = {name: (spent() - before[name]) / found["requests"] * 1000 for name, spent in parts.items()}
    return Slice(found["requests"] / lasted, found["p50"], found["p95"], cpu, found["requests"])


def cpu_of(pid: int) -> float:
    """CPU seconds of a process and all below it, those that ended included."""
    process, total = psutil.Process(pid), 0.0
    for each in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):  # it ended just now; its parent has its time
            times = each.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total
