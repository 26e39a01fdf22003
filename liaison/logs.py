"""Logs as lines of JSON: one event each, with the request's id and without personal data."""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, TextIO

import structlog
from structlog.contextvars import bind_contextvars, clear_contextvars, merge_contextvars

HIDDEN = "***"
ENDINGS = ("text", "phone", "openid", "secret", "password", "token")
NAMES = frozenset({"name", "contact", "place", "lat", "lng", "otp", "cookie", "authorization", "address"})
FRAMES = 8

Event = MutableMapping[str, Any]


def set_up(level: str, *, as_json: bool, stream: TextIO = sys.stderr) -> None:
    """Send whatever we and the libraries log to `stream` in one form, from `level` upwards."""
    shared = [
        merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        trace,
        mask,
    ]
    line = structlog.processors.JSONRenderer(ensure_ascii=False)
    form = line if as_json else structlog.dev.ConsoleRenderer()
    last = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, form]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last))
    logging.root.handlers = [handler]
    logging.root.setLevel(level)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def begin_request(request_id: str) -> None:
    """Let every line logged from here on carry this request's id."""
    clear_contextvars()
    bind_contextvars(request_id=request_id)


def mask(logger: Any, method: str, event: Event) -> Event:
    """Hide values whose names tell of a person or a secret, also inside mappings and lists."""
    return _masked(event)


def trace(logger: Any, method: str, event: Event) -> Event:
    """Replace an exception by its kind and where it rose: its message may quote what people wrote."""
    raised = event.pop("exc_info", None)
    if raised is True:
        raised = sys.exc_info()
    error = raised[1] if isinstance(raised, tuple) else raised
    if isinstance(error, BaseException):
        event["exception"] = f"{type(error).__module__}.{type(error).__qualname__}"
        frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
        event["at"] = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    return event


def _masked(value: Any) -> Any:
    if isinstance(value, MutableMapping):
        return {key: HIDDEN if _is_sensitive(str(key)) else _masked(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(inner) for inner in value]
    return value


def _is_sensitive(key: str) -> bool:
    return key in NAMES or key.rpartition("_")[2] in ENDINGS
