"""The table of rows: what is attacked, how often in full, and the module that plays it."""

from collections.abc import Callable
from dataclasses import dataclass

from trust import (
    api,
    census,
    history,
    images,
    inside,
    network,
    pushes,
    query_codes,
    station_codes,
    strangers,
    text,
    xss,
)
from trust.stage import Stage
from trust.tally import Tally


@dataclass(frozen=True)
class Row:
    """A row of the catalogue: the goal, the full count of attacks, and what plays so many of them on a stage."""

    goal: str
    full: int
    play: Callable[[Stage, int], Tally]


ROWS = {
    "query_codes": Row("0 guesses accepted; wrong, absent and malformed answered alike", 100_000, query_codes.play),
    "station_codes": Row("0 forgeries accepted", 100_000, station_codes.play),
    "api": Row("0 × 5xx, 0 schema violations, 0 ignored auth", 20_000, api.play),
    "xss": Row("0 executions, 0 breaches of the content policy", 6_000, xss.play),
    "pushes": Row("0 replayed or forged pushes kept", 3_000, pushes.play),
    "csrf": Row("0 forms of other sites taken", 1_500, strangers.csrf),
    "fixation": Row("0 planted sessions taken over", 60, strangers.fixation),
    "redirect": Row("0 ways to another site", 2_000, strangers.redirect),
    "ssrf": Row("0 calls to where people point", 1_000, network.ssrf),
    "forwarded": Row("0 limits evaded by headers", 600, network.forwarded),
    "history": Row("every change found: edit, delete, truncate, rewrite", 700, history.play),
    "wall": Row("0 foreign rows without the application's filter", census.ALL, inside.wall),
    "four_eyes": Row("0 ways around the second person", 5_000, inside.four_eyes),
    "rotation": Row("0 rows that do not open, 0 left under the old keys", 10_000, inside.rotation),
    "erasure": Row("0 residue", 100, inside.erasure),
    "exports": Row("0 formulas", 5_000, inside.exports),
    "matrix": Row("100 % of cells as the policy says", census.ALL, census.matrix),
    "canary": Row("0 planted words seen", census.ALL, census.canary),
    "migrations": Row("no row lost up, down and up", census.ALL, census.migrations),
    "images": Row("0 crashes, ≤300 MB a process, 0 metadata left", 500, images.play),
    "text": Row("0 × 5xx, nothing typed is lost", 20_000, text.play),
}
