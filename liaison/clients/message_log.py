"""The simplest way out of the house: one line per letter in a file, until people's phones can be reached."""

import json
import os
from pathlib import Path

from liaison.clients.letters import Letter


class MessageLog:
    """A file of JSON lines that several processes may add to at once."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path

    def send(self, letter: Letter) -> None:
        """Add one letter as a whole line; a single write in append mode never mixes with another."""
        line = {
            "at": letter.at.isoformat(timespec="seconds"),
            "topic": letter.topic,
            "recipient": letter.recipient,
            "message": letter.client_message_id,
        }
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(file, f"{json.dumps(line, ensure_ascii=False)}\n".encode())
        finally:
            os.close(file)
