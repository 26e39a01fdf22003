"""The job that looks long tables over and imports them, while the page that waits is told how far it is."""

from functools import partial
from uuid import UUID

from liaison.db import transaction
from liaison.services import imports
from workers.setting import app, now


def work_off() -> int:
    """Do what uploaded tables wait for, one after another; returns how many were begun.

    A process that dies leaves nothing of an import behind, and the table is begun again.
    """
    begun = 0
    with app().app_context():
        while (waiting := _next()) is not None:
            with transaction():
                imports.carry_out(waiting, now(), partial(_tell, waiting))
            begun += 1
    return begun


def _next() -> UUID | None:
    with transaction():
        return imports.next_waiting()


def _tell(import_id: UUID, lines: int) -> None:
    """On a connection of its own: of the one at work nothing is seen before it is through."""
    with app().app_context(), transaction():
        imports.note_progress(import_id, lines)
