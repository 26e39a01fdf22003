"""A token that is no longer good meets several processes with hundreds of letters: no storm on the platform."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from redis import Redis

from liaison.config import ROOT
from tests.support.outside import Outside

TOKEN, SEND = "/cgi-bin/stable_token", "/cgi-bin/message/template/send"
PROCESSES, EACH = 3, 70


@contextmanager
def storm(outside: Outside, redis_url: str, name: str) -> Iterator[subprocess.Popen[str]]:
    """A process that has the token and waits for a line."""
    argv = [sys.executable, "-m", "tests.support.storm", outside.url, redis_url, str(EACH), name]
    with subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("shared", [True, False], ids=["with Redis", "without Redis"])
@pytest.mark.parametrize("spoiled", ["ended", "refused"])
def test_hundreds_of_letters_in_three_processes_renew_the_token_once(
    outside: Outside, redis: Redis, _redis_url: str, shared: bool, spoiled: str
) -> None:
    with ExitStack() as stack:
        url = _redis_url if shared else "none"
        processes = [stack.enter_context(storm(outside, url, f"p{number}")) for number in range(PROCESSES)]
        before = outside.counts()
        outside.set("tokens", **{"as": spoiled})
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        sent = [int(process.stdout.readline()) for process in processes]
    after = outside.counts()
    asked = after["calls"][TOKEN] - before["calls"][TOKEN]
    assert sent == [EACH] * PROCESSES
    assert after["renewals"] - before["renewals"] == 1
    once = 1 if spoiled == "ended" else 2  # asked for, and forced when the same came again
    assert asked == once if shared else asked <= PROCESSES * (once if spoiled == "ended" else 3)
