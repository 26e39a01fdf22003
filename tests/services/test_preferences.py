"""What a region sets for itself: inherited along the tree, within bounds, with a trace, one at a time, taken back."""

import pytest
from sqlalchemy import select

from liaison.db import session, transaction
from liaison.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from liaison.models.audit import AuditEntry
from liaison.models.preferences import SettingChange
from liaison.services import matters, preference_changes, preferences, sign_in
from tests.support.clock import MONDAY, FakeClock
from tests.support.life import Life
from tests.support.town import COUNTY, Town

EAST, NEIGHBOUR = "110101001", "110102"


def save(town: Town, region: str = COUNTY, *, group: str = "answers", seen: str = "", **wanted: str) -> list:
    """Have the administrator write a group's numbers."""
    with transaction():
        return preference_changes.set_values(town.actor("administrator"), region, group, wanted, seen=seen, now=MONDAY)


def test_the_nearest_region_says_what_holds_and_others_hear_nothing_of_it(town: Town) -> None:
    def holds() -> dict[str, int]:
        names = ("east", "west", "county", "other_county")
        return {name: preferences.in_force("answer_shortest", getattr(town.regions, name).path) for name in names}

    assert set(holds().values()) == {15}
    save(town, answer_shortest="20")
    assert holds() == {"east": 20, "west": 20, "county": 20, "other_county": 15}
    save(town, EAST, answer_shortest="30")
    assert holds() == {"east": 30, "west": 20, "county": 20, "other_county": 15}
    _, settings = preference_changes.settings_of(town.actor("administrator"), EAST)
    east = next(each for each in settings if each.preference.key == "answer_shortest")
    assert (east.own, east.inherited, east.inherited_from) == (30, 20, "示范县")


def test_a_change_leaves_a_trace_and_the_second_of_two_is_told(town: Town) -> None:
    (change,) = save(town, answer_shortest="20")
    entry = session.scalar(select(AuditEntry).where(AuditEntry.act == "setting.values"))
    assert entry.data == {"answer_shortest": [None, 20]}
    with pytest.raises(Conflict):
        save(town, answer_shortest="25")
    assert save(town, seen=str(change.id), answer_shortest="25")[0].before == 20


def test_a_change_is_taken_back_unless_another_followed(town: Town) -> None:
    administrator = town.actor("administrator")
    (first,) = save(town, answer_shortest="20")
    (second,) = save(town, seen=str(first.id), answer_shortest="25")
    with pytest.raises(Conflict), transaction():
        preference_changes.undo(administrator, COUNTY, first.id, MONDAY)
    with transaction():
        preference_changes.undo(administrator, COUNTY, second.id, MONDAY)
    assert preferences.in_force("answer_shortest", town.regions.county.path) == 20
    assert [each.after for each in preference_changes.history(administrator)] == [20, 25, 20]


def test_what_is_taken_back_with_its_transaction_never_held(town: Town) -> None:
    with pytest.raises(ZeroDivisionError), transaction():
        told = {"seen": "", "now": MONDAY}
        preference_changes.set_values(town.actor("administrator"), COUNTY, "answers", {"answer_shortest": "20"}, **told)
        assert preferences.in_force("answer_shortest", town.regions.county.path) == 20
        raise ZeroDivisionError
    with transaction():
        assert preferences.in_force("answer_shortest", town.regions.county.path) == 15


def test_nobody_else_and_nowhere_else(town: Town) -> None:
    for who in ("office_lead", "office", "security_administrator"):
        with pytest.raises(NotAllowed):
            preference_changes.set_values(town.actor(who), COUNTY, "answers", {}, seen="", now=MONDAY)
    with pytest.raises(NotFound):
        save(town, NEIGHBOUR, answer_shortest="20")
    with pytest.raises(Invalid) as refused:
        save(town, answer_shortest="9", answer_promise="100000")
    assert set(refused.value.errors) == {"answer_shortest", "answer_promise"}
    assert session.scalar(select(SettingChange)) is None


def test_services_follow(life: Life, clock: FakeClock) -> None:
    number = life.matter_in("with_deputy")
    save(life.town, answer_shortest="40")
    with pytest.raises(Invalid, match="填写"):
        life.act("deputy", matters.answer, number, "已换北街路灯灯泡三盏，昨晚复查全部亮着。", "A", today=life.today)
    save(life.town, group="safety", session_idle="10")
    with transaction():
        token = sign_in.open_session(life.town.accounts["office"], clock(), proven=True).token
    clock.advance(minutes=9)
    assert sign_in.find_session(token, clock()) is not None
    clock.advance(minutes=2)
    assert sign_in.find_session(token, clock()) is None
