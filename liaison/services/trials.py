"""Where a text would go if a resident told it at a station now: by the rules for real ones, and nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from liaison.domain.actors import Actor
from liaison.domain.conflict import Parties
from liaison.domain.errors import Invalid, NotFound
from liaison.domain.routing import Suggestion
from liaison.models.stations import Station
from liaison.services import complaints, rosters, stations


@dataclass(frozen=True)
class Trial:
    """The deputy, or None for the office, and why; who was passed over and why; the departments; whom it names."""

    station: Station
    deputy: str | None
    reason: str
    passed: Sequence[tuple[str, str]]
    suggested: Sequence[Suggestion]
    named: Sequence[str]


def try_out(actor: Actor, station_code: str, text: str, category_code: str, now: datetime) -> Trial:
    """Route a text as if it were told at a station within reach. Raises Invalid for any other station."""
    try:
        station = rosters.get_station(actor, station_code)
    except NotFound:
        raise Invalid({"station": ["没有这个联络站，请重新选择。"]}) from None
    _, named = complaints.read(station.region.path, text, None)
    barred = Parties(departments=frozenset(each.id for each in named))
    routing = stations.route(station, text, stations.find_category(category_code), barred, now)
    choice = routing.choice
    names = rosters.deputy_names([str(id_) for id_ in (choice.deputy_id, *(p.deputy_id for p in choice.passed)) if id_])
    return Trial(
        station,
        names.get(str(choice.deputy_id)),
        choice.reason,
        [(names.get(str(each.deputy_id), ""), each.why) for each in choice.passed],
        routing.suggestions,
        [each.name for each in named],
    )
