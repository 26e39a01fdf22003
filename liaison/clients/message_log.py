"""The simplest way out of the house: one line per message in a file, until people's phones can be reached."""

import json
import os
from collections.abc import Mapping
from pathlib import Path


class MessageLog:
    """A file of JSON lines that several processes may add to at once."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path

    def append(self, message: Mapping[str, str]) -> None:
        """Add one message as a whole line; a single write in append mode never mixes with another."""
        line = json.dumps(dict(message), ensure_ascii=False) + "\n"
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(file, line.encode())
        finally:
            os.close(file)
