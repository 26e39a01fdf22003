"""The mini-program's code of a station for its poster: fetched from WeChat once, kept as a file, or done without.

Opens no transaction and must stand in none: it asks WeChat and reads and writes files. The file has no row: the sweep
takes it away after some days, and the next poster has it drawn anew.
"""

import hashlib
import logging
from collections.abc import Callable

from liaison.clients.files import FileStore
from liaison.clients.letters import NotSent
from liaison.clients.wechat_codes import MiniProgramCodes
from liaison.domain.errors import NotFound, Unavailable
from liaison.services.posters import redrawn

ASK_AGAIN = 60  # seconds after which WeChat is asked again for a picture that did not come
SIDE = 1280  # pixels; WeChat draws none that is larger
_log = logging.getLogger(__name__)


def mini_code(
    codes: MiniProgramCodes, scene: str, store: FileStore, first: Callable[[str, int], bool]
) -> bytes | None:
    """The code that opens a station in the mini-program, as a PNG; None while it cannot be had.

    `first(name, seconds)` says whether nobody tried within so many seconds, or every visitor would wait for WeChat.
    """
    key = _key(codes.page, scene)
    try:
        return store.get(key)
    except NotFound:
        pass
    if not first(f"mini-program code {key}", ASK_AGAIN):
        return None
    try:
        picture = redrawn(codes.draw(scene), SIDE)
        store.put(key, picture, "image/png")
    except (NotSent, ValueError, Unavailable) as error:
        _log.warning("no mini-program code for a poster: %s", error if isinstance(error, NotSent) else type(error))
        return None
    return picture


def _key(page: str, scene: str) -> str:
    name = hashlib.sha256(f"{page} {scene}".encode()).hexdigest()[:32]
    return f"codes/{name[:2]}/{name}.png"

