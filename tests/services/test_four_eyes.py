"""Whatever anybody tries in whatever order: only who was granted it by a second person sees the name, for 15 minutes.

`LIVES=500 pytest tests/services/test_four_eyes.py` looks further, at random.
"""

import os
from dataclasses import dataclass
from datetime import datetime, timedelta

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from liaison.db import session, transaction
from liaison.domain.actors import Role
from liaison.domain.errors import DomainError, NotFound
from liaison.models.matters import Matter
from liaison.services import dossiers, reveals
from liaison.services.trunks import Trunk
from liaison.services.vault import Contact
from tests.support.clock import MONDAY
from tests.support.life import Life
from tests.support.town import hire

USUAL = settings(
    max_examples=int(os.environ.get("LIVES", "10")),
    stateful_step_count=25,
    deadline=None,
    derandomize="LIVES" not in os.environ,
    phases=[Phase.generate],  # what fails is told whole; making it shorter would take minutes
    suppress_health_check=list(HealthCheck),
)
CONTACT = Contact("周小明", "13800138000")
QUARTER = timedelta(minutes=15)
OFFICE, LEADS = ("office", "office_two"), ("office_lead", "lead_two")
ELSEWHERE = ("other_office", "other_lead")
OTHERS = ("deputy", "housing_handler", "housing_approver", "liaison", "supervisor", "administrator", "auditor")
PEOPLE = st.sampled_from(OFFICE + LEADS + ELSEWHERE + OTHERS)
INSIDERS = st.sampled_from(OFFICE + LEADS)
MATTERS = st.sampled_from([0, 1])
POSITIONS = st.sampled_from([1, 1, 1, 2, 2, 3, 9])


@dataclass
class Asked:
    """A request as whoever stands beside it and takes notes knows it."""

    who: str
    granted_at: datetime | None = None
    is_decided: bool = False
    is_ended: bool = False


class FourEyes(RuleBasedStateMachine):
    """Two matters, everybody who has to do with them and some who have not."""

    life: Life

    @initialize()
    def submit(self) -> None:
        """Two residents have left their names."""
        self.life.clock.set(MONDAY)
        self.numbers = [self.life.matter_in("assigned", contact=CONTACT) for _ in range(2)]
        cases = [self.life.case(number) for number in self.numbers]
        self.rows = [(case, session.get_one(Matter, case.id)) for case in cases]
        self.notes: list[list[Asked]] = [[], []]
        for about in (0, 1):  # or most that is tried would be about requests nobody made
            self.anybody_asks("office_lead", about)
            self.anybody_asks("office", about)

    @rule(who=PEOPLE, about=MATTERS)
    def anybody_asks(self, who: str, about: int) -> None:
        """Somebody asks to see the name; the office of the region may."""
        rightful = who in OFFICE + LEADS
        done = self.tries(who, reveals.ask_reveal, about, "需要电话核实地点，约时间上门")
        assert done == rightful, f"{who} asked"
        if rightful:
            self.notes[about].append(Asked(who))

    @rule(who=INSIDERS, about=MATTERS)
    def an_insider_asks(self, who: str, about: int) -> None:
        """The same by those who may, to be drawn more often."""
        self.anybody_asks(who, about)

    @rule(who=PEOPLE, about=MATTERS, position=POSITIONS, approve=st.booleans())
    def anybody_decides(self, who: str, about: int, position: int, approve: bool) -> None:
        """Somebody decides on a request, there or not; another lead of the region may, once."""
        asked = self.asked(about, position)
        rightful = asked is not None and who in LEADS and who != asked.who and not asked.is_decided
        done = self.tries(who, reveals.decide_reveal, about, position, approve, "")
        assert done == rightful, f"{who} decided on {asked}"
        if rightful:
            asked.is_decided, asked.granted_at = True, self.life.clock() if approve else None

    @rule(who=st.sampled_from(LEADS), about=MATTERS, position=POSITIONS)
    def a_lead_grants(self, who: str, about: int, position: int) -> None:
        """The same by those who may, to be drawn more often."""
        self.anybody_decides(who, about, position, True)

    @rule(who=PEOPLE, about=MATTERS, position=POSITIONS)
    def anybody_ends(self, who: str, about: int, position: int) -> None:
        """Somebody ends what is open; the one who asked may, and the leads of the region."""
        asked = self.asked(about, position)
        rightful = asked is not None and self.is_open(asked) and (who in LEADS or who == asked.who)
        assert self.tries(who, reveals.end_reveal, about, position) == rightful, f"{who} ended {asked}"
        if rightful:
            asked.is_ended = True

    @rule(minutes=st.sampled_from([0.5, 5, 14.99, 15, 60]))
    def time_goes_by(self, minutes: float) -> None:
        """A while, often just short of the quarter or just over."""
        self.life.clock.advance(minutes=minutes)

    @rule(who=PEOPLE, about=MATTERS)
    def anybody_looks(self, who: str, about: int) -> None:
        """Somebody opens the page of a matter."""
        try:
            with transaction():
                actor = self.life.town.actor(who)
                seen = dossiers.get_dossier(actor, self.numbers[about], self.life.keys, self.life.clock()).contact
        except NotFound:
            seen = None
        assert (seen is not None) == (who in self.entitled(about)), f"{who} saw {seen}"

    @invariant()
    def only_they_would_see_it(self) -> None:
        """Asked for everybody, what decides about it lets nobody else see either matter's."""
        for about, (case, matter) in enumerate(getattr(self, "rows", ())):
            named = ((who, self.life.town.actor(who)) for who in OFFICE + LEADS + ELSEWHERE + OTHERS)
            arguments = Trunk(case, matter, None, *[False] * 4), self.life.keys, self.life.clock()
            seeing = {who for who, actor in named if reveals.find_visible_contact(actor, *arguments)}
            assert seeing == self.entitled(about), f"on matter {about}"

    def entitled(self, about: int) -> set[str]:
        """Who may see the name now."""
        return {asked.who for asked in self.notes[about] if self.is_open(asked)}

    def tries(self, who: str, service, about: int, *arguments: object) -> bool:
        """Whether the service let somebody do it."""
        try:
            self.life.act(who, service, self.numbers[about], *arguments)
        except DomainError:
            return False
        return True

    def asked(self, about: int, position: int) -> Asked | None:
        """What was asked in that place."""
        notes = self.notes[about]
        return notes[position - 1] if position <= len(notes) else None

    def is_open(self, asked: Asked) -> bool:
        """Whether it was granted within the last quarter of an hour and not ended."""
        granted = asked.granted_at
        return granted is not None and not asked.is_ended and self.life.clock() < granted + QUARTER


def staffed(life: Life) -> None:
    """Second ones in the county, and a lead elsewhere."""
    county, far = life.town.regions.county, life.town.regions.other_county
    with transaction():
        hire(life.town, "office_two", Role.OFFICE, county)
        hire(life.town, "lead_two", Role.OFFICE_LEAD, county)
        hire(life.town, "other_lead", Role.OFFICE_LEAD, far)


def test_no_way_leads_around_the_second_person(life: Life) -> None:
    staffed(life)
    run_state_machine_as_test(type("Tried", (FourEyes,), {"life": life}), settings=USUAL)
    session.rollback()
