"""The jobs that work off what platforms told us, and answer those who wrote."""

from liaison.db import transaction
from liaison.services import chat, inbound
from workers.setting import app, desk, now


def work_off() -> int:
    """Work off all events whose time has come, batch by batch, and forget used nonces; returns how many were tried."""
    wiring, tried = app().extensions["liaison"], 0
    with app().app_context():
        with transaction():
            inbound.forget_nonces(now())
        while True:
            with transaction():
                count = inbound.work_off(now(), wiring.keys)
            tried += count
            if count < inbound.BATCH:
                return tried


def answer() -> int:
    """Answer a batch of those who wrote to the service account; returns how many."""
    with app().app_context():
        return chat.answer(desk())
