"""The job that asks WeChat about content that waits for a look; on the queue that may wait for the outside world."""

from liaison.services import checking
from workers.setting import app, checker

ROUNDS = 5
"""Batches of one tick: messages that are to be sent wait behind it on the same queue."""


def check_content() -> int:
    """Ask about what waits, a few batches at most; returns how many rows were asked about."""
    asked = 0
    with app().app_context():
        for _ in range(ROUNDS):
            count = checking.check(checker())
            asked += count
            if count < checking.BATCH:
                break
    return asked
