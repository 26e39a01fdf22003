"""Lists taken out of the system: the rows that were on the screen, in the same order, and written down."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from liaison.domain.actors import Actor
from liaison.domain.errors import Invalid
from liaison.domain.policy import require
from liaison.services import audit
from liaison.services.listing import Row

MOST_ROWS = 5_000
"""Rows of one file: more than anybody works through, little enough to be made while somebody waits."""


def take_out(
    actor: Actor, fetch: Callable[[int], Sequence[Row]], kind: str, narrowed: Mapping[str, str], *, now: datetime
) -> Sequence[Row]:
    """The rows of a list, `fetch(limit)`, for a file of that kind. Raises Invalid for more than fit into one.

    Words that were looked for are not kept: they may be a name or a number.
    """
    require(actor.role, "inbox.export")
    rows = fetch(MOST_ROWS + 1)
    if len(rows) > MOST_ROWS:
        raise Invalid({"q": [f"超过 {MOST_ROWS} 件，装不进一个文件，请先缩小范围（例如只看某个月到期的）再导出。"]})
    kept = {name: value for name, value in narrowed.items() if name != "q"}
    audit.note(
        actor, audit.LIST, now, region_path=actor.region_path, data={"kind": kind, "rows": len(rows), "list": kept}
    )
    return rows
