"""The darkroom: whatever a file does in it, the next one is fine, and nothing of it reaches outside."""

import hashlib
import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from structlog.testing import capture_logs

from liaison.domain.errors import Invalid, Unavailable
from liaison.processes import LIBC, wait_until
from liaison.services import darkroom as door
from liaison.services.darkroom import Darkroom
from liaison.services.darkroom_line import Closed, OnDisk, Refused, Why, pack, unpack
from liaison.services.photos import prepare, prepare_all
from tests.support.pictures import photo

PATIENCE = 20.0
HOSTILE = (sys.executable, "-m", "tests.support.hostile")
PARENT = """
import os, sys, threading, psutil
from liaison.services.darkroom import Darkroom
task, *program = sys.argv[1:]
room = Darkroom(program)
room.ask(b"x", task="echo")
asked = threading.Thread(target=room.ask, args=(b"x",), kwargs={"task": task}, daemon=True)
asked.start()
darkroom = psutil.Process(room.process)
while task == "wait" and not darkroom.children():
    pass
print(darkroom.pid, *(copy.pid for copy in darkroom.children() if task == "wait"), flush=True)
os.kill(os.getpid(), 9)
"""
SEALED = pytest.mark.skipif(LIBC is None, reason="only Linux seals a process")


@pytest.fixture(scope="module")
def hostile() -> Iterator[Darkroom]:
    """A darkroom whose tasks misbehave."""
    room = Darkroom(HOSTILE)
    yield room
    room.close()


def refused(room: Darkroom, task: str) -> Why:
    """Why the file with that task is refused; the next file is fine, in the same process."""
    room.ask(b"warm", task="echo")
    process = room.process
    with pytest.raises(Refused) as caught:
        room.ask(b"x", task=task)
    assert room.ask(b"next", task="echo").frames == [b"next"]
    assert room.process == process, "nothing had to be begun again"
    return caught.value.why


@pytest.mark.parametrize("task", ["crash", "raise", "forge", "leave"])
def test_a_crash_costs_its_own_file_only(hostile: Darkroom, task: str) -> None:
    assert refused(hostile, task) is Why.CRASHED


@pytest.mark.parametrize("task", ["devour", "flood"])
def test_what_takes_too_much_is_ended(hostile: Darkroom, task: str) -> None:
    assert refused(hostile, task) is Why.HEAVY


@pytest.mark.parametrize(("task", "seconds", "ended"), [("spin", "600", signal.SIGXCPU), ("wait", "1", signal.SIGKILL)])
def test_processor_time_and_time_are_limits_of_their_own(task: str, seconds: str, ended: int) -> None:
    room = Darkroom((*HOSTILE, seconds))
    with capture_logs() as lines:
        assert refused(room, task) is Why.HEAVY
    room.close()
    assert [(line["task"], line["ended"], line["late"]) for line in lines] == [(task, -ended, True)]


@SEALED
def test_nothing_leads_outside(hostile: Darkroom) -> None:
    assert hostile.ask(b"x", task="reach").head["worked"] == []


def test_a_decoder_may_use_a_thread(hostile: Darkroom) -> None:
    assert hostile.ask(b"x", task="thread").head["done"] == [1]


def test_it_does_not_see_our_environment_nor_keep_our_rights(hostile: Darkroom) -> None:
    hostile.ask(b"x", task="echo")
    process = psutil.Process(hostile.process)
    assert set(process.environ()) <= {"PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LC_CTYPE", "GLIBC_TUNABLES"}
    assert os.geteuid() != 0 or process.uids().effective != 0
    assert process.nice() > psutil.Process().nice()


def test_a_process_found_dead_is_replaced_unnoticed(hostile: Darkroom) -> None:
    hostile.ask(b"x", task="echo")
    before = hostile.process
    os.kill(before, signal.SIGKILL)
    assert hostile.ask(b"next", task="echo").frames == [b"next"]
    assert hostile.process != before


def test_a_file_on_disk_is_handed_to_whoever_replaces_it(hostile: Darkroom, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"bytes" * 100_000)
    hostile.ask(b"x", task="echo")
    os.kill(hostile.process, signal.SIGKILL)
    with (tmp_path / "file").open("rb") as file:
        answer = hostile.ask(OnDisk(file.fileno(), 500_000), task="echo")
    assert answer.frames == [b"bytes" * 100_000]
    assert answer.sha256 == hashlib.sha256(answer.frames[0]).hexdigest()


def test_a_file_that_is_shorter_than_was_said_is_not_taken(hostile: Darkroom, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"short")
    with (tmp_path / "file").open("rb") as file, pytest.raises(Unavailable):
        hostile.ask(OnDisk(file.fileno(), 6), task="echo")
    assert hostile.ask(b"next", task="echo").frames == [b"next"]


def test_what_cannot_be_begun_is_unavailable_and_no_fault_of_the_file() -> None:
    room = Darkroom((sys.executable, "-c", ""))
    with pytest.raises(Unavailable):
        room.ask(b"x", task="echo")
    assert room.process is None


def test_ending_it_ends_what_it_works_on(hostile: Darkroom) -> None:
    hostile.ask(b"x", task="echo")
    process = psutil.Process(hostile.process)
    with ThreadPoolExecutor(1) as thread:
        asked = thread.submit(hostile.ask, b"x", task="wait")
        wait_until(lambda: bool(process.children()), PATIENCE, "the copy")
        [copy] = process.children()
        process.kill()
        wait_until(lambda: not _lives(copy.pid), PATIENCE, "its end")
        assert isinstance(asked.exception(PATIENCE), Refused), "tried again, and in vain"


@pytest.mark.parametrize("task", ["echo", "wait"])
def test_it_ends_with_whoever_began_it(task: str) -> None:
    argv = [sys.executable, "-c", PARENT, task, *HOSTILE, "600"]
    with psutil.Popen(argv, stdout=-1) as parent:
        orphans = [int(number) for number in parent.stdout.readline().split()]
    assert len(orphans) == (2 if task == "wait" else 1)
    for orphan in orphans:
        wait_until(lambda pid=orphan: not _lives(pid), PATIENCE, "its end")


def test_many_threads_take_turns(hostile: Darkroom) -> None:
    hostile.close()
    files = [str(number).encode() * 1000 for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda data: hostile.ask(data, task="echo").frames, files)
        assert list(answers) == [[data] for data in files]


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_copy_of_the_program_begins_its_own() -> None:
    prepare(photo())
    ours = door.darkroom.process
    reader, writer = os.pipe()
    copy = os.fork()
    if copy == 0:
        os.write(writer, b"none" if door.darkroom.process is None else b"ours")
        os._exit(0)
    os.close(writer)
    os.waitpid(copy, 0)
    with os.fdopen(reader, "rb") as told:
        assert told.read() == b"none"
    assert prepare(photo()).height == 1200
    assert door.darkroom.process == ours


def test_the_real_one_is_sealed_and_says_what_a_file_took() -> None:
    answer = door.darkroom.ask(photo(), task="develop", mime="image/jpeg", sides=[100], qualities=[80])
    assert answer.head["sealed"] == (LIBC is not None)
    assert 5_000_000 < answer.peak_bytes < 100_000_000


def test_a_bad_file_among_good_ones_is_the_one_named() -> None:
    with pytest.raises(Invalid) as caught:
        prepare_all([photo(), photo()[:3000], photo()])
    [sentence] = caught.value.errors["photos"]
    assert sentence.startswith("第 2 张")


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\x00\x00\x00\x00",
        b"\x00\x00\x00\x01",
        b"\xff\xff\xff\xff" * 3,
        pack({"a": 1})[:-1],
        pack({"a": 1}) + b"x",
        pack({"a": 1}).replace(b"{", b"["),
        b"\x00\x00\x00\x01\x00\x00\x00\x02[]",
    ],
)
def test_what_is_no_message_is_not_read_as_one(message: bytes) -> None:
    with pytest.raises(Closed):
        unpack(message)


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
