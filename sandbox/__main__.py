"""`python -m sandbox PORT [FOLDER] [--host ADDRESS]`: the sandbox on this machine, in one process with many threads.

FOLDER may hold `sandbox.json` and `people.json` (`settings`, `book`); what is received is written down there.
"""

import argparse
import os
import sys
from pathlib import Path

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from sandbox.settings import FOLDER

THREADS = 64


def main(argv: list[str]) -> int:
    """Serve until told to stop."""
    asked = _parse(argv)
    if asked.folder:
        asked.folder.mkdir(parents=True, exist_ok=True)
        os.environ[FOLDER] = str(asked.folder)
    Granian(
        "sandbox.served:app",
        address=asked.host,
        port=asked.port,
        interface=Interfaces.WSGI,
        blocking_threads=THREADS,
        log_level=LogLevels.warning,
    ).serve()
    return 0


def _parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="WeChat, WeCom and an SMS gateway to try.")
    parser.add_argument("port", type=int)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--host", default="127.0.0.1")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
