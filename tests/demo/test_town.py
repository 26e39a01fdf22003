"""The demo town is what the issue asks for, hangs together, and says nothing a reply guard would refuse."""

import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, timedelta

import pytest

from liaison.demo.rows import Matter, Reply, Town
from liaison.demo.town import dated, load
from liaison.domain.county import Station
from liaison.domain.outcomes import check_rating, guard_reply

STATES = {
    "submitted",
    "needs_info",
    "with_deputy",
    "handed_over",
    "assigned",
    "replied",
    "rating",
    "tracking",
    "reopened",
    "closed",
    "merged",
    "not_accepted",
    "redirected",
    "withdrawn",
}
SAID_ON = date(2026, 3, 20)


@pytest.fixture(scope="module")
def town() -> Town:
    return load()


def replies(matter: Matter) -> Iterator[Reply]:
    for round_ in matter.rounds:
        yield from (reply for reply in (round_.draft, round_.reply, round_.kept) if reply)


def deputy_on_duty(station: Station, day: date) -> str | None:
    """Return the code of the deputy on duty at `station` on `day`, None outside its duty days.

    Deputies take turns in `duty_order`: by week and weekday, or by month and day of the month.
    """
    if day.isoweekday() in station.duty_weekdays:
        turn = day.toordinal() // 7 * len(station.duty_weekdays) + station.duty_weekdays.index(day.isoweekday())
    elif day.day in station.duty_days:
        turn = (day.year * 12 + day.month) * len(station.duty_days) + station.duty_days.index(day.day)
    else:
        return None
    return station.duty_order[turn % len(station.duty_order)] if station.duty_order else None


def test_counts_are_those_of_the_issue(town: Town) -> None:
    kinds = Counter(station.kind for station in town.stations)
    capabilities = Counter(name for station in town.stations for name in station.capabilities)
    assert (len(town.stations), kinds["chain"], capabilities["demonstration"]) == (106, 24, 8)
    assert set(kinds) == {"home", "station", "point", "base", "chain"}
    assert capabilities["legislation"] >= 5 and capabilities["budget"] >= 5
    assert (len(town.departments), len(town.matters)) == (30, 300)
    assert Counter(deputy.level for deputy in town.deputies) == {
        "national": 3,
        "provincial": 9,
        "city": 48,
        "county": 160,
        "township": 200,
    }
    assert sum(region.level == "township" for region in town.regions) == 14
    assert sum(category.parent is None for category in town.categories) == 14


def test_codes_and_names_are_unique_and_never_empty(town: Town) -> None:
    kinds = (town.regions, town.stations, town.deputies, town.departments, town.categories, town.rules, town.matters)
    for rows in kinds:
        assert max(Counter(row.code for row in rows).values()) == 1
    for rows in kinds[:5]:
        names = [row.name for row in rows]
        assert all(names) and len(set(names)) == len(names)
    people = [deputy.name for deputy in town.deputies] + [station.liaison for station in town.stations]
    people += [name for unit in town.departments for name in (unit.head, unit.approver, *unit.handlers)]
    people += town.office_staff
    assert all(people) and len(set(people)) == len(people)


def test_station_codes_can_be_read_aloud(town: Town) -> None:
    assert all(re.fullmatch("[3467acdefhjkmnprtwxy]{6,8}", station.code) for station in town.stations)


def test_every_reference_resolves(town: Town) -> None:
    regions, stations, departments, categories, matters = (
        {row.code for row in rows}
        for rows in (town.regions, town.stations, town.departments, town.categories, town.matters)
    )
    assert {region.parent for region in town.regions if region.parent} <= regions
    assert {station.township for station in town.stations} <= regions
    assert {code for deputy in town.deputies for code in deputy.stations} == stations
    assert {unit.superior for unit in town.departments if unit.superior} <= departments
    assert {unit.township for unit in town.departments if unit.township} <= regions
    leaves = {category.code for category in town.categories if category.parent}
    assert {category.parent for category in town.categories if category.parent} == categories - leaves
    assert {rule.department for rule in town.rules} <= departments
    assert {rule.category for rule in town.rules if rule.category} == leaves
    assert {rule.township for rule in town.rules if rule.township} <= regions
    assert {matter.station for matter in town.matters} == stations
    assert {matter.category for matter in town.matters} == leaves
    assert {matter.merged_into for matter in town.matters if matter.merged_into} <= matters


def test_rounds_name_known_departments(town: Town) -> None:
    known = {unit.code for unit in town.departments}
    for round_ in (round_ for matter in town.matters for round_ in matter.rounds):
        asked = [assist.department for assist in round_.assisting]
        assert {round_.lead, *asked} <= known
        assert round_.lead not in asked and len(set(asked)) == len(asked)
        assert round_.reply is None or all(assist.opinion for assist in round_.assisting)
        if round_.returned:
            assert {round_.returned.department, round_.returned.belongs_to or round_.lead} <= known


def test_every_deputy_has_one_or_two_stations_and_some_have_no_account(town: Town) -> None:
    assert all(1 <= len(deputy.stations) <= 2 and deputy.groups for deputy in town.deputies)
    mute = {deputy.code for deputy in town.deputies if not deputy.has_account}
    assert 0.12 < len(mute) / len(town.deputies) < 0.18
    assert any(set(station.duty_order) <= mute for station in town.stations)


def test_every_station_has_a_deputy_on_each_of_its_duty_days(town: Town) -> None:
    days = [date(2026, 1, 1) + timedelta(days=offset) for offset in range(120)]
    for station in town.stations:
        on_duty = {day: deputy_on_duty(station, day) for day in days}
        assert set(filter(None, on_duty.values())) <= set(station.duty_order)
        assert len(set(on_duty.values())) > 2, station.name
        for day, deputy in on_duty.items():
            falls = day.isoweekday() in station.duty_weekdays or day.day in station.duty_days
            assert falls is (deputy is not None)


def test_every_state_occurs_and_about_half_are_closed(town: Town) -> None:
    states = Counter(matter.state for matter in town.matters)
    assert set(states) == STATES
    assert 0.4 <= states["closed"] / 300 <= 0.6
    assert Counter(Counter(m.merged_into for m in town.matters if m.merged_into).values()) == {2: 3}


def test_each_state_carries_what_it_needs(town: Town) -> None:
    for matter in town.matters:
        last = matter.rounds[-1] if matter.rounds else None
        answered = matter.deputy_reply or (last and last.reply)
        met = {
            "needs_info": matter.question and not matter.addition,
            "handed_over": matter.advice and not matter.rounds,
            "assigned": last and last.stage != "returned" and not last.rating,
            "replied": last and last.reply and not last.verdict,
            "rating": answered and not (last and last.rating),
            "tracking": last and last.reply and last.reply.promised_in and last.rating and not last.kept,
            "reopened": matter.look_back or (last and last.rating and last.rating.result == "dissatisfied"),
            "closed": answered,
            "merged": matter.merged_into,
            "withdrawn": matter.withdrawal,
            "not_accepted": matter.refusal and matter.channel,
            "redirected": matter.refusal and matter.channel,
        }
        assert met.get(matter.state, not matter.rounds), matter.text
        assert not matter.rounds or matter.advice


def test_every_kind_of_turn_occurs(town: Town) -> None:
    rounds = [round_ for matter in town.matters for round_ in matter.rounds]
    twice = [m for m in town.matters if len(m.rounds) > 1 and m.rounds[1].rating and m.rounds[0].rating]
    assert {m.rounds[1].rating.result for m in twice} >= {"satisfied", "dissatisfied"}
    assert {r.extension.approved for r in rounds if r.extension} == {True, False, None}
    assert {r.returned.approved for r in rounds if r.returned} == {True, False, None}
    assert any(r.pushback and r.draft for r in rounds) and any(r.kept and r.kept_rating for r in rounds)
    assert any(len(r.assisting) > 1 for r in rounds) and any(m.deputy_reply for m in town.matters)
    assert any(m.addition for m in town.matters) and any(m.proxy for m in town.matters)
    assert {r.reply.outcome for r in rounds if r.reply} == set("ABCD")


def test_resident_texts_differ_fit_the_form_and_carry_no_personal_data(town: Town) -> None:
    texts = [matter.text for matter in town.matters]
    assert len(set(texts)) == 300
    assert all(20 <= len(text) <= 400 for text in texts)
    everything = str([asdict(matter) for matter in town.matters])
    assert not re.search(r"1[3-9]\d{9}|\d{15,18}|0\d{2,3}-\d{7,8}|@|https?:", everything)


def test_no_two_answers_read_the_same(town: Town) -> None:
    said = [reply.text for matter in town.matters for reply in replies(matter)]
    assert len(said) == len(set(said)) > 180


def test_every_answer_passes_the_reply_guard(town: Town) -> None:
    for reply in (reply for matter in town.matters for reply in replies(matter)):
        promised_on = SAID_ON + timedelta(days=reply.promised_in) if reply.promised_in else None
        text = f"{dated(reply.text, SAID_ON)}\n{reply.ground}"
        guard_reply(
            text,
            reply.outcome,
            measures=reply.measures,
            owner=reply.owner,
            promised_on=promised_on,
            evidence=False,
            today=SAID_ON,
        )
        assert reply.ground and "{d" not in text
        assert re.search(r"\{d[+-]\d", reply.text), reply.text


def test_every_direct_answer_of_a_deputy_passes_the_guard(town: Town) -> None:
    direct = [matter.deputy_reply for matter in town.matters if matter.deputy_reply]
    assert len(direct) > 10
    for reply in direct:
        guard_reply(
            dated(reply.text, SAID_ON),
            reply.outcome,
            measures=reply.measures,
            owner=reply.owner,
            promised_on=None,
            evidence=False,
            today=SAID_ON,
            by_deputy=True,
        )


def test_every_rating_is_complete(town: Town) -> None:
    rounds = [round_ for matter in town.matters for round_ in matter.rounds]
    given = [rating for r in rounds for rating in (r.rating, r.kept_rating)]
    for rating in filter(None, given + [matter.deputy_rating for matter in town.matters]):
        check_rating(rating.result, rating.attitude, rating.speed, rating.text)


def test_published_matters_are_closed_and_have_a_title(town: Town) -> None:
    published = [matter for matter in town.matters if matter.publish]
    assert len(published) == 40
    assert all(matter.state == "closed" and 6 <= len(matter.title) <= 30 for matter in published)


def test_dates_are_put_into_prose_and_name_another_year() -> None:
    assert dated("{d-2}修好，{d+300}回访", SAID_ON) == "3月18日修好，2027年1月14日回访"


def test_the_town_loads_quickly() -> None:
    load.cache_clear()
    started = time.perf_counter()
    load()
    assert time.perf_counter() - started < 0.5


def test_a_promise_names_its_own_date(town: Town) -> None:
    promises = [reply for matter in town.matters for reply in replies(matter) if reply.promised_in]
    assert len(promises) > 15
    for reply in promises:
        assert f"{{d+{reply.promised_in}}}" in reply.text, reply.text
