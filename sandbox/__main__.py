"""`python -m sandbox PORT [FOLDER]`: the sandbox on this machine, in one process with many threads."""

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
    if len(argv) not in (1, 2) or not argv[0].isdigit():
        print("usage: python -m sandbox PORT [FOLDER]", file=sys.stderr)
        return 2
    if len(argv) == 2:
        Path(argv[1]).mkdir(parents=True, exist_ok=True)
        os.environ[FOLDER] = argv[1]
    Granian(
        "sandbox.served:app",
        port=int(argv[0]),
        interface=Interfaces.WSGI,
        blocking_threads=THREADS,
        log_level=LogLevels.warning,
    ).serve()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
