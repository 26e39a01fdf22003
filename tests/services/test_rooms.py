"""Processes beside ours: one that went home is begun again without a word, one that fell is missed."""

import sys

import pytest
from structlog.testing import capture_logs

from liaison.domain.errors import Unavailable
from liaison.services import press
from liaison.services.darkroom_line import pack, unpack
from liaison.services.rooms import Room
from liaison.services.spelling import initials, spell

ONCE = """
import os, socket, sys
from liaison.services.darkroom_line import pack, receive, send
line = socket.socket(fileno=os.dup(0))
send(line, pack({"ready": True}))
send(line, receive(line, 1000))
line.close()
os._exit(int(sys.argv[1]))
"""


def room(status: int) -> Room:
    return Room((sys.executable, "-c", ONCE, str(status)), 10)


def ended(own: Room) -> None:
    own._child._child.wait(10)


def test_one_that_went_home_is_begun_again_without_a_word() -> None:
    own = room(0)
    with capture_logs() as told:
        for word in ("one", "two", "three"):
            assert unpack(own.tell(pack({"word": word}))) == ({"word": word}, [])
            ended(own)
    own.close()
    assert told == []


def test_one_that_fell_is_begun_again_and_missed() -> None:
    own = room(1)
    with capture_logs() as told:
        assert own.tell(pack({})) == pack({})
        ended(own)
        assert own.tell(pack({"again": 1})) == pack({"again": 1})
    own.close()
    assert [line["event"] for line in told] == ["room lost"]


def test_one_that_cannot_be_begun_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        Room((sys.executable, "-c", ""), 10).tell(b"")


def test_the_press_spells_names_and_says_what_it_cannot_make() -> None:
    assert (spell("王秀英"), initials("城乡建设局")) == ("wang xiu ying", "cxjsj")
    process = press.press.process
    with pytest.raises(ValueError, match="no picture"):
        press.make("redrawn", b"no picture", side=100)
    assert press.press.process == process
