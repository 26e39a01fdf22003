"""Lists by box: the right things, within reach, in order, page by page, with the light the rules would show."""

import pytest
from sqlalchemy import text

from liaison.db import session
from liaison.domain.errors import Invalid, NotFound
from liaison.services import clocks, dossiers, frames, inboxes, matters
from liaison.services.wanted import Wanted
from tests.support.life import TEXT, Life

DEPUTY_STATES = {
    "todo": ["with_deputy", "replied"],
    "doing": ["needs_info", "handed_over", "assigned", "rating", "reopened"],
    "done": ["closed"],
}


def numbers(rows) -> set[str]:
    """The numbers in a list."""
    return {row.number for row in rows}


def office_box(life: Life, box: str, who: str = "office", **more) -> list[inboxes.Row]:
    """One of the office's boxes."""
    wanted = Wanted(**more)
    return inboxes.office_box(life.town.actor(who), box, life.clock(), wanted=wanted, after=None, limit=50)


@pytest.fixture
def every(life: Life) -> dict[str, str]:
    """One matter in each of the usual states, by state."""
    states = ["submitted", *(state for box in DEPUTY_STATES.values() for state in box)]
    return {state: life.matter_in(state) for state in states}


def test_the_deputys_boxes_hold_what_waits_for_whom(life: Life, every: dict[str, str]) -> None:
    deputy = life.town.actor("deputy")
    boxes = {box: numbers(inboxes.deputy_box(deputy, box, life.clock(), after=None, limit=50)) for box in DEPUTY_STATES}
    assert boxes == {box: {every[state] for state in states} for box, states in DEPUTY_STATES.items()}
    counts = inboxes.deputy_counts(deputy)
    assert counts == {box: len(found) for box, found in boxes.items()}


def test_the_offices_boxes_hold_what_it_must_do(life: Life, every: dict[str, str]) -> None:
    assert numbers(office_box(life, "screening")) == {every["submitted"]}
    assert numbers(office_box(life, "dispatch")) == {every["handed_over"], every["reopened"]}
    assert numbers(office_box(life, "all")) == set(every.values())
    counts = inboxes.office_counts(life.town.actor("office"), life.clock())
    assert (counts["screening"], counts["dispatch"], counts["supervised"]) == (1, 2, 0)
    life.clock.advance(days=30)
    overdue = numbers(office_box(life, "overdue"))
    assert overdue == set(every.values()) - {every["closed"]}
    assert inboxes.office_counts(life.town.actor("office"), life.clock())["overdue"] == len(overdue)


def test_an_approver_signs_where_a_handler_waits(life: Life) -> None:
    number = life.matter_in("assigned")
    life.acknowledge(f"{number}.1")
    life.reply(f"{number}.1")
    boxes = {}
    for who in ("housing_handler", "housing_approver"):
        actor = life.town.actor(who)
        boxes[who] = [
            [row.reference for row in inboxes.department_box(actor, box, life.clock(), after=None, limit=9)]
            for box in inboxes.DEPARTMENT_BOXES
        ]
        counts = inboxes.department_counts(actor, life.clock())
        assert [counts[box] for box in inboxes.DEPARTMENT_BOXES] == [len(box) for box in boxes[who]]
    assert boxes == {"housing_handler": [[], [f"{number}.1"], []], "housing_approver": [[f"{number}.1"], [], []]}


@pytest.mark.parametrize(
    "who", ["other_office", "water_handler", "other_deputy", "administrator", "auditor", "supervisor"]
)
def test_what_is_out_of_reach_is_in_no_list_and_on_no_page(life: Life, every: dict[str, str], who: str) -> None:
    actor = life.town.actor(who)
    assert office_box(life, "all", who) == []
    assert inboxes.department_box(actor, "todo", life.clock(), after=None, limit=9) == []
    assert inboxes.deputy_box(actor, "doing", life.clock(), after=None, limit=9) == []
    for number in every.values():
        with pytest.raises(NotFound):
            dossiers.get_dossier(actor, number, life.keys, life.clock())


def test_a_liaison_sees_the_own_station_only(life: Life) -> None:
    own, other = life.submit("S001").case.number, life.submit("S002").case.number
    actor = life.town.actor("liaison")
    assert numbers(inboxes.station_box(actor, life.clock(), after=None, limit=9)) == {own}
    with pytest.raises(NotFound):
        dossiers.get_dossier(actor, other, life.keys, life.clock())


def test_lists_come_newest_first_and_every_page_goes_on_where_the_last_ended(life: Life) -> None:
    made = [life.submit().case.number for _ in range(5)]  # all at one moment: the id decides
    office, seen, after = life.town.actor("office"), [], None
    while page := inboxes.office_box(office, "all", life.clock(), after=after, limit=2):
        seen += [row.number for row in page]
        after = page[-1].cursor
    assert seen == made[::-1]


@pytest.mark.parametrize("believed", [None, 1_000_000], ids=["by the index", "back from the newest"])
def test_what_is_searched_comes_page_by_page_whichever_way_the_statistics_favour(
    life: Life, believed: int | None
) -> None:
    made = [life.submit().case.number for _ in range(5)]
    life.submit(text="水管漏水三天了，请尽快派人来修一修。")
    elsewhere = life.town.actor("other_office")
    if believed:
        session.execute(text("ANALYZE cases"))
        session.execute(text("UPDATE pg_class SET reltuples = :rows WHERE relname = 'cases'"), {"rows": believed})
    office, wanted, seen, after = life.town.actor("office"), Wanted(query="路灯"), [], None
    while page := inboxes.office_box(office, "all", life.clock(), wanted=wanted, after=after, limit=2):
        seen += [row.number for row in page]
        after = page[-1].cursor
    assert seen == made[::-1]
    assert inboxes.office_box(elsewhere, "all", life.clock(), wanted=wanted, after=None, limit=2) == []


@pytest.mark.parametrize("query", ["路灯", "灯", "北街的路灯", "%", "_"])
def test_words_are_found_literally(life: Life, query: str) -> None:
    lamp, other = life.submit().case.number, life.submit(text="水管漏水三天了，请尽快派人来修一修。").case.number
    percent = life.submit(text="物业只修了 50%_ 就不管了，请有关部门管一管。").case.number
    expected = {percent} if query in "%_" else {lamp}
    assert numbers(office_box(life, "all", query=query)) == expected and other not in expected


def test_a_number_is_found_however_it_was_typed(life: Life) -> None:
    number = life.submit().case.number
    assert numbers(office_box(life, "all", query=f" {number.lower()} ")) == {number}


def test_the_offices_list_is_narrowed_by_state_and_department(life: Life, every: dict[str, str]) -> None:
    assert numbers(office_box(life, "all", state="rating")) == {every["rating"]}
    of_housing = {every[state] for state in ("assigned", "replied", "rating", "closed", "reopened")}
    assert numbers(office_box(life, "all", department="housing")) == of_housing
    assert office_box(life, "all", department="water") == []


def test_an_unknown_box_is_refused(life: Life) -> None:
    actor = life.town.actor("deputy")
    with pytest.raises(Invalid):
        inboxes.deputy_box(actor, "secret", life.clock(), after=None, limit=9)
    with pytest.raises(Invalid):
        inboxes.department_box(actor, "secret", life.clock(), after=None, limit=9)
    with pytest.raises(Invalid):
        office_box(life, "secret")


def test_an_unknown_state_is_refused_rather_than_found_empty(life: Life) -> None:
    with pytest.raises(Invalid):
        office_box(life, "all", state="null")


@pytest.mark.parametrize("days", [0, 4, 8, 11, 60])
def test_the_light_in_a_list_is_the_light_of_the_rules(life: Life, every: dict[str, str], days: int) -> None:
    life.clock.advance(days=days)
    listed = {row.number: row.light for row in office_box(life, "all")}
    for number in every.values():
        shown = next((each for each in life.clocks(number) if each.id == life.case(number).clock_id), None)
        assert listed[number] == clocks.light_of(shown, life.clock())


def test_the_inbox_shows_what_was_told_and_counts_what_was_not_opened(life: Life) -> None:
    number = life.matter_in("with_deputy")
    actor = life.town.actor("deputy")
    assert [(notice.topic, of) for notice, of in inboxes.notices_for(actor)] == [("accept", number)]
    assert frames.frame_of(actor).unread == 1
    inboxes.mark_read(actor, life.clock())
    assert frames.frame_of(actor).unread == 0


def test_the_department_reads_no_phone_number_in_what_the_resident_typed(life: Life) -> None:
    number = life.matter_in("assigned", text=TEXT + "请打我电话13800138000。")
    texts = {}
    for who in ("housing_handler", "office"):
        seen = dossiers.get_dossier(life.town.actor(who), number, life.keys, life.clock())
        texts[who] = seen.text + "".join(event.text for event in seen.events)
    assert "13800138000" not in texts["housing_handler"] and "13800138000" in texts["office"]


def test_a_merged_matters_resident_reads_the_lead_matters_answer(life: Life) -> None:
    lead, other = life.submit().case.number, life.submit().case.number
    life.act("office", matters.merge, other, lead)
    life.act("office", matters.accept, lead)
    life.act("deputy", matters.hand_over, lead, "属实", [])
    life.dispatch(lead)
    life.work(f"{lead}.1")
    resident = life.resident(other)
    assert dossiers.get_dossier(resident, other, life.keys, life.clock()).replies == []
    life.act("deputy", matters.judge, lead, True, "")
    assert len(dossiers.get_dossier(resident, other, life.keys, life.clock()).replies) == 1
