"""A page of a deputy's box, newest first, as the deputies' own program asks for it all day: one lean statement.

`listing` makes such rows for those who narrow, sort and see more. Here a page is read along the index of the deputy's
boxes (migration `0033`) and costs the same however full the box is; the names of stations, categories and deputies
come from the registers this process keeps.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, Text, bindparam, cast, func, literal_column, select, true, tuple_

from liaison.db import lasting, session
from liaison.domain.actors import Actor, Role
from liaison.domain.clocks import Light
from liaison.models.cases import Case
from liaison.models.clocks import Clock
from liaison.services import register_names
from liaison.services.figures import light, running
from liaison.services.inboxes import DEPUTY_BOXES, states_of
from liaison.services.listing import NEVER, RANKS, Place
from liaison.services.reach import cases_within, parameters, standing_for


class Line(NamedTuple):
    """One line, the first ten in the order of the statement's columns; named as in `listing.Row`."""

    id: UUID
    number: str
    title: str
    state: str
    created_at: datetime
    supervised: bool
    round: int
    due_at: datetime | None
    light: str
    running: bool
    station: str | None
    category: str | None
    deputy: str | None
    at: datetime
    part_state: None = None

    @property
    def reference(self) -> str:
        """By what it is opened."""
        return self.number

    @property
    def cursor(self) -> Place:
        """Where a page that ends here ends."""
        return Place(self.at, RANKS.index(self.light), self.due_at if self.running else NEVER, self.created_at, self.id)


def deputy_page(actor: Actor, box: str, now: datetime, *, after: Place | None, limit: int) -> list[Line]:
    """A deputy's matters of a box from that place on. Raises Invalid for a box there is not."""
    states_of(DEPUTY_BOXES, box)
    place = {"made": after.made, "last": after.id} if after else {}
    asked = parameters(actor) | {"now": now} | place
    rows = session.connection().execute(_statement(box, limit, goes_on=bool(after)), asked).all()
    at, named = after.at if after else now, lasting("names by id as text", _named)
    return [
        Line(*shown, named.get(station), named.get(category), named.get(deputy), at)
        for station, category, deputy, *shown in rows
    ]


def _named() -> Mapping[str | None, str]:
    """What these are called, by their ids as text, which are looked up several times as fast."""
    all_of = (register_names.station_names(), register_names.category_names(), register_names.deputy_names())
    return {str(id_): name for names in all_of for id_, name in names.items()}


@cache
def _statement(box: str, limit: int, *, goes_on: bool) -> Select:
    """Made once for all deputies and pages: to put it together takes longer than to run it."""
    newest = (Case.created_at.desc(), Case.id.desc())
    before = tuple_(Case.created_at, Case.id) < tuple_(bindparam("made"), bindparam("last")) if goes_on else true()
    cases = (
        select(Case.__table__)
        .where(cases_within(standing_for(Role.DEPUTY)), func.deputy_box(Case.state) == literal_column(f"'{box}'"))
        .where(before)
        .order_by(*newest)
        .limit(literal_column(str(limit)))  # a parameter might be anything, and the whole box be sorted for it
        .subquery("page")
    )
    page, now = cases.c, bindparam("now")
    clock = (
        select(Clock.due_at, light(now).label("light"), running().label("running"))
        .where(Clock.id == page.clock_id)
        .offset(literal_column("0"))  # so that each is looked up by its id, never all of them read
        .lateral("clock")
    )
    return (
        select(*(cast(each, Text) for each in (page.station_id, page.category_id, page.deputy_id)))
        .add_columns(page.id, page.number, page.title, page.state, page.created_at)
        .add_columns(page.supervised_at.is_not(None), page.round)
        .add_columns(clock.c.due_at, func.coalesce(clock.c.light, Light.none), func.coalesce(clock.c.running, False))
        .select_from(cases.outerjoin(clock, true()))
        .order_by(page.created_at.desc(), page.id.desc())
    )
