"""The door of web servers: what it leaves out is held by no worker and missed by none."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from liaison.config import ROOT
from liaison.left_out import Nothing
from tests.house.test_imports import HEAVY
from tests.support.servers import SECRETS_TOLD, Servers

ASKED = """
import json, sys, importlib
app = importlib.import_module(sys.argv[1]).app
answer = app.test_client().get("/api/v1/openapi.json", base_url="http://testserver")
print(json.dumps({"described": answer.json, "held": sorted(name for name, module in sys.modules.items() if module)}))
"""
NEVER = {"obstore", "pydantic_core._pydantic_core", "pygments", "rich"}


def opened(servers: Servers, folder: Path, files: str, door: str = "serve") -> dict:
    """What a process that comes by this door describes, and the modules it holds."""
    told = SECRETS_TOLD | {
        "LIAISON_INSTANCE": str(folder),
        "LIAISON_FILES__URL": files,
        "LIAISON_BASE_URL": "http://testserver",
        "DATABASE_URL": servers.url("postgres"),
        "REDIS_URL": servers.redis.url,
    }
    argv = [sys.executable, "-c", ASKED, door]
    return json.loads(subprocess.run(argv, env=os.environ | told, cwd=ROOT, check=True, capture_output=True).stdout)


def test_a_web_server_describes_the_same_api_without_what_it_leaves_out(servers: Servers, tmp_path: Path) -> None:
    server, command = (opened(servers, tmp_path, str(tmp_path / "files"), door) for door in ("serve", "wsgi"))
    assert len(command["described"]["paths"]) > 50
    assert server["described"] == command["described"]
    assert NEVER.union(HEAVY).intersection(server["held"]) == set()


def test_what_speaks_to_s3_is_held_where_files_lie_there(servers: Servers, tmp_path: Path) -> None:
    assert "obstore" in opened(servers, tmp_path, "memory:///")["held"]


def test_what_was_left_out_never_works_in_silence() -> None:
    with pytest.raises(RuntimeError, match="left out"):
        Nothing("a", b="c")
    with pytest.raises(RuntimeError, match="left out"):
        Nothing.model_validate({})
    assert not isinstance("a", Nothing.Inner)
