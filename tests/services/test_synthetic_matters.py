"""Synthetic matters of the benches are what real ones would be: chains hold, lives end where the table says."""

import csv
import json
from datetime import UTC, datetime
from uuid import UUID, uuid4

from bench.rows import COLUMNS, NULL, OPENED, RECENT, Maker, code_of
from bench.town import Post, Town
from liaison.domain import chain, numbers
from liaison.domain.calendar import WorkingCalendar
from liaison.domain.workflow import MATTER

NOW = datetime(2026, 6, 1, 4, tzinfo=UTC)
COUNT = 12_000


def mac(message: bytes) -> bytes:
    return message[-32:].rjust(32)


def town() -> Town:
    deputies = [(uuid4(), "周正"), (uuid4(), "李兰")]
    post = Post(uuid4(), "x3mrry", uuid4(), "jd/qh/", deputies)
    return Town([post], [(uuid4(), "水务局")], [uuid4()], {}, WorkingCalendar({}, frozenset({2026})), mac, "1")


def rows(places: range) -> dict[str, list[dict[str, str]]]:
    made = Maker(town(), COUNT, NOW).block(places)
    told = {}
    for table, lines in made.items():
        read = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        told[table] = [dict(zip(COLUMNS[table].split(), line, strict=True)) for line in read]
    return told


def test_every_chain_holds_and_ends_at_its_case():
    made = rows(range(1, 301))
    numbered = {case["id"]: case for case in made["cases"]}
    for id_, case in numbered.items():
        events = [event for event in made["events"] if event["case_id"] == id_]
        assert chain.verify(link(case["number"], event) for event in events) is None
        for event in events:
            body = {"text": event["text"], "data": json.loads(event["data"])}
            assert event["body_digest"] == chain.digest_body(bytes.fromhex(event["salt"][3:]), body)
        assert (events[-1]["hash"], events[-1]["state"]) == (case["head"], case["state"])


def test_what_waits_for_somebody_has_one_running_clock_and_is_young():
    made = rows(range(COUNT - 299, COUNT + 1))
    running = {clock["id"]: clock for clock in made["clocks"] if clock["stopped_at"] == NULL}
    waiting = [case for case in made["cases"] if MATTER.state(case["state"]).waits_for]
    assert {case["clock_id"] for case in waiting} == set(running)
    assert all(clock["remind_at"] > NOW.isoformat() for clock in running.values())
    assert all(NOW - datetime.fromisoformat(case["created_at"]) <= RECENT * 1.01 for case in waiting)
    assert 100 < len(waiting) < 200
    assert all(MATTER.state(case["state"]).waits_for is None for case in rows(range(1, 301))["cases"])


def test_its_query_code_opens_the_hundredth():
    made = rows(range(OPENED, OPENED + 1))
    (case,), (matter,) = made["cases"], made["matters"]
    assert UUID(case["id"]).version == 7
    assert numbers.same_code(mac, case["number"], code_of(OPENED), bytes.fromhex(matter["code_seal"][3:]))


def link(number: str, event: dict[str, str]) -> chain.Link:
    at, told = datetime.fromisoformat(event["at"]), ("kind", "by_role", "body_digest", "prev_hash", "hash")
    return chain.Link(number=number, seq=int(event["seq"]), at=at, **{name: event[name] for name in told})
