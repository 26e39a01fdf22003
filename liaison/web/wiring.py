"""What the composition root hands to the web layer: keys, files, the clock and the bell, found in one place."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

from flask import current_app

from liaison.clients.files import FileStore
from liaison.clients.wechat_codes import MiniProgramCodes
from liaison.clients.wechat_jssdk import JsSdk
from liaison.clients.wechat_mini import MiniProgram
from liaison.clients.wechat_oauth import OAuth
from liaison.clients.wecom import WecomDoor
from liaison.db import is_outage, transaction
from liaison.domain.calendar import local_day
from liaison.domain.errors import Unavailable
from liaison.services import erasing, erasures
from liaison.services.sealing import Keys
from liaison.settings import Config

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wiring:
    """The outside world as the application sees it; tests pass in their own clock."""

    config: Config
    read_keys: Callable[[], Keys]
    store: FileStore
    clock: Callable[[], datetime]
    wake: Callable[[], None]
    queue_answers: Callable[[], bool]
    once: Callable[[str, int], bool]
    look: Callable[[str, UUID], list[UUID]]
    mini_program: MiniProgram | None = None
    oauth: OAuth | None = None
    wecom: WecomDoor | None = None
    js_sdk: JsSdk | None = None
    codes: MiniProgramCodes | None = None

    @property
    def keys(self) -> Keys:
        """The keys as they stand now; ask anew for every request and tick, since they are changed while it runs."""
        return self.read_keys()


def wiring() -> Wiring:
    """The wiring of the running application."""
    return current_app.extensions["liaison"]


def now() -> datetime:
    """The time, from the clock the application was given."""
    return wiring().clock()


def today() -> date:
    """The day in Shanghai."""
    return local_day(now())


@contextmanager
def unit_of_work() -> Iterator[None]:
    """One transaction around one use case; new notices wake the relay once it is committed.

    Raises Unavailable when the database gives way; whether a commit on its way took place is then unknown.
    """
    try:
        with transaction(wiring().wake):
            yield
    except Exception as error:
        if is_outage(error):
            raise Unavailable from error
        raise
    if erasing.has_erased():
        write_down_erasures()


def write_down_erasures() -> None:
    """Have the file that outlives a restore tell of what is erased and committed; if it cannot, a tick does."""
    try:
        with transaction():
            erasures.write_down(Path(wiring().config.history.anchors))
    except Exception as error:
        _log.warning("an erasure was not written down at once (%s); the next tick tries again", type(error).__name__)
