"""Anchors of a test in a folder of its own, so that those of other tests are no witnesses."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from flask import Flask

from liaison.settings import History


@contextmanager
def anchors_in(app: Flask, folder: Path) -> Iterator[Path]:
    """Have the application look for its anchors in a folder."""
    before = app.extensions["liaison"]
    history = History(str(folder))
    app.extensions["liaison"] = replace(before, config=replace(before.config, history=history))
    try:
        yield folder
    finally:
        app.extensions["liaison"] = before
