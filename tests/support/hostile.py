"""A darkroom whose tasks do what a decoder does once somebody took it over.

`python -m tests.support.hostile [SECONDS]`, where SECONDS are the longest a task may take.
"""

import ctypes
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from liaison.services.darkroom_line import Limits
from liaison.services.darkroom_process import Found, Task, serve

CPU_SECONDS, WALL_SECONDS, MEMORY_BYTES = 1, 4, 150 * 1024 * 1024


def echo(data: bytes) -> Found:
    """Nothing wrong."""
    return {}, [data]


def crash(data: bytes) -> Found:
    """Write where nothing may be written."""
    ctypes.memset(1, 0, 1)
    return {}, []


def raise_(data: bytes) -> Found:
    """Fail in a way nobody thought of."""
    raise RuntimeError("x")


def spin(data: bytes) -> Found:
    """Never end."""
    while True:
        pass


def wait(data: bytes) -> Found:
    """Never end, without doing anything."""
    threading.Event().wait()
    return {}, []


def devour(data: bytes) -> Found:
    """Take more memory than there is to be had."""
    return {"taken": len(bytearray(400 * 1024 * 1024))}, []


def flood(data: bytes) -> Found:
    """Say more than anybody wants to hear."""
    return {}, [bytes(20 * 1024 * 1024)]


def forge(data: bytes) -> Found:
    """Answer past the end of the answer, for the next file."""
    return {"why": "pixels", "limit": "no number"}, [b""]


def leave(data: bytes) -> Found:
    """End as if all were well, having said nothing."""
    os._exit(0)


def reach(data: bytes) -> Found:
    """Try everything that leads outside; names what worked."""
    attempts: dict[str, Callable[[], object]] = {
        "read a file": lambda: Path("/etc/hostname").read_bytes(),
        "write a file": lambda: Path("/tmp/hostile").write_bytes(b"x"),
        "list a folder": lambda: list(Path("/").iterdir()),
        "network": lambda: socket.socket(socket.AF_INET),
        "local socket": lambda: socket.socketpair(),
        "copy": os.fork,
        "program": lambda: subprocess.run(["/bin/true"], check=True),
        "become a program": lambda: os.execv("/bin/true", ["true"]),
        "signal": lambda: os.kill(os.getppid(), 0),
        "nicer": lambda: os.nice(0),
        "the line": lambda: os.write(3, b"x"),
    }
    return {"worked": [name for name, attempt in attempts.items() if _works(attempt)]}, []


def thread(data: bytes) -> Found:
    """What the decoder of HEIC does: have a thread do the work."""
    done: list[int] = []
    worker = threading.Thread(target=done.append, args=(1,))
    worker.start()
    worker.join()
    return {"done": done}, []


def _works(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OSError:
        return False
    return True


TASKS: dict[str, Task] = {
    task.__name__.strip("_"): task
    for task in (echo, crash, raise_, spin, wait, devour, flood, forge, leave, reach, thread)
}

if __name__ == "__main__":
    longest = float(sys.argv[1]) if sys.argv[1:] else WALL_SECONDS
    sys.exit(serve(TASKS, Limits(CPU_SECONDS, longest, MEMORY_BYTES)))
