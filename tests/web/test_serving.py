"""The door of web servers: what it leaves out is held by no worker and missed by none."""

import json
import os
import subprocess
import sys
from pathlib import Path

from redis import Redis

from liaison.config import ROOT
from tests.house.test_imports import HEAVY
from tests.support.servers import SECRETS_TOLD, Servers

ASKED = """
import json, sys, importlib
client = importlib.import_module(sys.argv[1]).app.test_client()
described = client.get("/api/v1/openapi.json", base_url="http://testserver").json
guesser, guess = {"REMOTE_ADDR": "203.0.113.77"}, {"username": "nobody", "password": "nothing"}
tries = [client.post("/api/v1/sessions", json=guess, environ_base=guesser).status_code for _ in range(21)]
held = sorted(name for name, module in sys.modules.items() if module)
print(json.dumps({"described": described, "tries": tries, "held": held}))
"""
NEVER = {"obstore", "pygments", "rich"}


def opened(servers: Servers, database: str, folder: Path, files: str, door: str = "serve") -> dict:
    """What a process that comes by this door describes and answers to guesses, and the modules it holds."""
    told = SECRETS_TOLD | {
        "LIAISON_INSTANCE": str(folder),
        "LIAISON_FILES__URL": files,
        "LIAISON_BASE_URL": "http://testserver",
        "DATABASE_URL": database,
        "REDIS_URL": servers.redis.url,
    }
    argv = [sys.executable, "-c", ASKED, door]
    return json.loads(subprocess.run(argv, env=os.environ | told, cwd=ROOT, check=True, capture_output=True).stdout)


def test_a_web_server_does_without_what_it_leaves_out(servers: Servers, tmp_path: Path) -> None:
    database, files = servers.database("serving"), str(tmp_path / "files")
    server, command = (opened(servers, database, tmp_path, files, door) for door in ("serve", "wsgi"))
    assert len(command["described"]["paths"]) > 50
    assert server["described"] == command["described"]
    assert set(server["tries"]) == {401, 429}, "more than a minute lets pass, and the next one too"
    assert Redis.from_url(servers.redis.url).keys("LIMITS:*203.0.113.77*"), "counted where all web servers count"
    assert NEVER.union(HEAVY).intersection(server["held"]) == set()
    assert "obstore" in opened(servers, database, tmp_path, "memory:///")["held"], "it speaks to S3"
