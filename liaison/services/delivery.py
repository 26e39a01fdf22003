"""Send one notice: claim it, hand it to its channel's outlet outside any transaction, settle it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from liaison.db import transaction
from liaison.services import notices
from liaison.services.notices import Message

Outlet = Callable[[Message], None]


class OutletError(Exception):
    """An outlet could not send; `final` means that trying again is of no use."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        self.final = final
        super().__init__(reason)


def send_notice(notice_id: UUID, outlets: Mapping[str, Outlet], clock: Callable[[], datetime]) -> bool:
    """Send the notice if it is still due; False when there was nothing to do or its outlet failed.

    This is the one service that opens its own transactions, because sending must stand between two of them.
    """
    with transaction():
        message = notices.claim(notice_id, clock())
    if message is None:
        return False
    error = _hand_over(message, outlets)
    with transaction():
        notices.settle(message, clock(), error=error and str(error), final=bool(error and error.final))
    return error is None


def _hand_over(message: Message, outlets: Mapping[str, Outlet]) -> OutletError | None:
    try:
        outlets[message.channel](message)
    except OutletError as error:
        return error
    except Exception as error:  # an outlet's bug must not lose the notice: it is tried again and ends dead, seen
        return OutletError(type(error).__name__)
    return None
