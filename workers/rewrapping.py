"""The job that moves what older keys have sealed to the newest one."""

from liaison.db import transaction
from liaison.services import rewrapping
from liaison.services.rewrapping import Cursor
from workers.setting import app

MOST = 100
"""Batches in one tick, so that the other ticks do not wait long: some ten thousand rows."""


def rewrap() -> int:
    """Go on with what is left of a rotation; returns how many rows were moved."""
    wiring, moved, at = app().extensions["liaison"], 0, Cursor()
    with app().app_context():
        for _ in range(MOST):
            with transaction():
                step = rewrapping.rewrap(wiring.keys, at)
            moved += step.moved
            if step.next is None:
                break
            at = step.next
    return moved
