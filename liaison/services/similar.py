"""Matters that may be about the same event as another: found by the database, ranked by `domain.likeness`.

Only what is within the asker's reach and not in conflict with the asker is looked at, and nothing whose responsible
deputy or departments are in conflict with the matter at hand could become its lead (`matters.merge` refuses it).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from liaison.db import session
from liaison.domain.actors import Actor
from liaison.domain.likeness import SURE, THRESHOLD, Likeness, Told, likeness, pieces, telling
from liaison.domain.policy import require
from liaison.models.cases import Case
from liaison.services.reach import cases_within

RECENT = timedelta(days=90)
"""Nobody remembers an event of a quarter of a year ago as the same one, unless it is still open."""

MOST = 5
LOOKED_AT = 100
"""Of those that share telling words, the ones that share most are ranked; more are never among the first five."""

AWAY = ("merged", "withdrawn", "not_accepted", "redirected")


@dataclass(frozen=True)
class Similar:
    """A matter like another: how alike, and its text cut into what both say and what only it says."""

    case: Case
    likeness: Likeness
    pieces: Sequence[tuple[str, bool]]

    @property
    def sure(self) -> bool:
        """Whether it is the same event nine times in ten."""
        return self.likeness.score >= SURE and not self.likeness.elsewhere


def find_similar(actor: Actor, case: Case, now: datetime, *, most: int = MOST) -> list[Similar]:
    """At most `most` matters that may be about the same event, the likest first; open ones or of the last 90 days."""
    require(actor.role, "queue.read")
    found = session.scalars(
        select(Case)
        .where(
            Case.id.in_(select(func.cases_like(case.text, now - RECENT, LOOKED_AT))),
            Case.id != case.id,
            Case.state.not_in(AWAY),
            cases_within(actor),
        )
    )
    mine, words = _told(case), telling(case.text)
    ranked = [(likeness(mine, _told(other)), other) for other in found]
    ranked = sorted((pair for pair in ranked if pair[0].score >= THRESHOLD), key=lambda pair: -pair[0].score)
    return [Similar(other, how, pieces(other.text, words)) for how, other in ranked[:most]]


def _told(case: Case) -> Told:
    return Told(case.text, case.station_id, case.category_id)
