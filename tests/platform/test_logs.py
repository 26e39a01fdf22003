"""What logs promise: a JSON object a line, the request's id on each, and nothing about people."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from liaison.logs import begin_request, set_up

PHONE = "13800001234"


@pytest.fixture(autouse=True)
def written() -> Iterator[io.StringIO]:
    """What the logs of a test write."""
    handlers, level = logging.root.handlers, logging.root.level
    stream = io.StringIO()
    set_up("INFO", as_json=True, stream=stream)
    yield stream
    logging.root.handlers = handlers
    logging.root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def lines(written: io.StringIO) -> list[dict]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_every_line_carries_the_request_id(written: io.StringIO) -> None:
    begin_request("r-1")
    structlog.get_logger("ours").info("case moved", number="A1")
    logging.getLogger("library").warning("something %s", "odd")
    ours, library = lines(written)
    assert (ours["event"], ours["number"], ours["logger"]) == ("case moved", "A1", "ours")
    assert (library["event"], library["logger"]) == ("something odd", "library")
    assert ours["request_id"] == library["request_id"] == "r-1"
    assert ours["timestamp"].endswith("Z")


def test_values_about_people_are_hidden_however_deep(written: io.StringIO) -> None:
    structlog.get_logger().info(
        "posted",
        phone=PHONE,
        contact={"name": "张三"},
        session_token="t0ken",
        forms=[{"reply_text": "井盖坏了", "size": 3}],
        status_code=201,
    )
    (line,) = lines(written)
    assert line["forms"] == [{"reply_text": "***", "size": 3}]
    assert line["status_code"] == 201
    assert not {PHONE, "张三", "井盖坏了", "t0ken"} & set(json.dumps(line, ensure_ascii=False).split('"'))


@pytest.mark.parametrize("name", ["ours", "library"])
def test_exceptions_tell_kind_and_place_but_not_their_message(written: io.StringIO, name: str) -> None:
    log = structlog.get_logger(name) if name == "ours" else logging.getLogger(name)
    try:
        raise ValueError(PHONE)
    except ValueError:
        log.exception("failed")
    text = written.getvalue()
    line = json.loads(text)
    assert line["exception"] == "builtins.ValueError"
    assert line["at"][-1].startswith("test_logs.py:")
    assert PHONE not in text


def test_lines_below_the_level_are_left_out(written: io.StringIO) -> None:
    structlog.get_logger().debug("detail")
    logging.getLogger("library").debug("detail")
    assert lines(written) == []
