"""A message platform that can fail: one small HTTP process, told by a file how to behave, telling a file what it took.

`POST /ours` and `POST /naive` take {client_message_id, …}. A line in the log is an effect: it stands there before
the answer goes out (`until`), as a message on a phone would. Knows nothing of Liaison.
"""

import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random

LATENCY = 0.02
SLOW = 2.0
SILENT = 8.0  # longer than anybody waits
ERROR_RATE = 0.5
AMBIGUOUS = ("drops", "silent")
"""Moods in which a message is taken but whoever sent it cannot know."""


class Provider(ThreadingHTTPServer):
    """Holds the mood, read anew for every call, and the log."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, folder: Path, host: str = "127.0.0.1") -> None:
        self.mood_file, self.log_file, self.random = folder / "mood", folder / "provider.log", Random(1)
        super().__init__((host, port), Call)

    def mood(self) -> str:
        """How to behave now."""
        try:
            return self.mood_file.read_text()
        except FileNotFoundError:
            return "well"

    def note(self, line: dict) -> None:
        """Add one whole line to the log."""
        file = os.open(self.log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(file, (json.dumps(line) + "\n").encode())
        os.close(file)


class Call(BaseHTTPRequestHandler):
    """One message handed over."""

    server: Provider

    def do_POST(self) -> None:
        """Take the message, refuse it, or do one and seem to do the other."""
        mood = self.server.mood()
        if mood == "down":
            return
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        time.sleep(LATENCY)
        taken = not (mood == "errors" and self.server.random.random() < ERROR_RATE)
        at, waits = time.time(), {"slow": SLOW, "silent": SILENT}.get(mood, 0)
        line = {"at": at, "until": at + waits, "arm": self.path.strip("/"), "id": message["client_message_id"]}
        self.server.note(line | {"taken": taken, "mood": mood})
        if mood == "drops":
            return
        time.sleep(waits)
        self.send_response(200 if taken else 503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *told: object) -> None:
        """Say nothing: the log has it."""


if __name__ == "__main__":
    Provider(int(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:]).serve_forever()
