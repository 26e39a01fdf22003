"""Why the provider took a message a second time: the cause of every repetition, so that none is excused in bulk.

A repetition is explained only by what happened to the call before it: the provider took that and let nobody know, or
whoever was to write down that it was taken (the sending process, its database) was hurt before it could.
"""

from collections.abc import Mapping, Sequence

from chaos.injection import Happened
from chaos.provider import AMBIGUOUS

SETTLING = 3.0  # seconds after the answer within which what was taken is written down, on a machine that is busy
CLAIMING = 1.0  # and before the call: a database that died after the claim is not back before the answer
HURTS = ("kill worker notices", "stop worker notices", "kill postgres", "stop postgres", "kill backend", "lose host")
UNEXPLAINED = "unexplained"


def causes(calls: Mapping[str, Sequence[dict]], happened: Sequence[Happened]) -> list[tuple[str, str]]:
    """Each repetition as its message and the cause that lies in the call before it; `calls` by message, in order."""
    hurts = [each for each in happened if each.kind in HURTS and each.found]
    taken = {key: [call for call in each if call["taken"]] for key, each in calls.items()}
    return [(key, _cause(call, hurts)) for key, each in taken.items() for call in each[:-1]]


def _cause(call: dict, hurts: Sequence[Happened]) -> str:
    if call["mood"] in AMBIGUOUS:
        return f"provider {call['mood']}"
    begun, settled = call["at"] - CLAIMING, call["until"] + SETTLING
    kinds = [each.kind for each in hurts if each.began <= settled and each.ended >= begun]
    return min(kinds, key=HURTS.index, default=UNEXPLAINED)
