"""A case as an account reads it: committed, so that being shown who the resident is stays written down."""

from liaison import wall
from liaison.services.dossiers import Dossier, get_dossier
from liaison.web.guards import current_actor
from liaison.web.wiring import now, unit_of_work, wiring


def read_dossier(number: str) -> Dossier:
    """The case within reach of whoever is signed in. Raises NotFound."""
    with unit_of_work():
        return get_dossier(current_actor(), number, wiring().keys, now())


def read_moved(number: str) -> Dossier:
    """The same in the transaction that has just moved the case: its maker reads it from before the wall again."""
    wall.come_back()
    return get_dossier(current_actor(), number, wiring().keys, now())
