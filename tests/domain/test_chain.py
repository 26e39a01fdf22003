"""The hash chain: whatever is done to a history afterwards shows."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from liaison.domain import chain
from liaison.domain.chain import Breach, Fault, Link

SALT = bytes(range(16))
START = datetime(2026, 3, 1, 4, 5, 6, 789, tzinfo=UTC)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
bodies = st.dictionaries(words, plain, max_size=4)


def history(texts: list[str], number: str = "M2026-004217-6") -> list[Link]:
    """Return a sound chain of one event per text."""
    events: list[Link] = []
    for seq, text in enumerate(texts, start=1):
        fields = {
            "number": number,
            "seq": seq,
            "at": START + timedelta(minutes=seq),
            "kind": "noted",
            "by_role": "office",
            "body_digest": chain.digest_body(SALT, {"text": text}),
        }
        before = events[-1].hash if events else chain.FIRST_PREVIOUS
        events.append(Link(**fields, prev_hash=before, hash=chain.link(before, **fields)))
    return events


histories = st.lists(words, min_size=2, max_size=6).map(history)


def rehashed(event: Link, **changes) -> Link:
    """Return the event changed by somebody who knows how to compute its hash."""
    changed = replace(event, **changes)
    fields = {
        name: getattr(changed, name) for name in ("number", "seq", "at", "kind", "by_role", "body_digest")
    }
    return replace(changed, hash=chain.link(changed.prev_hash, **fields))


def test_an_event_is_recomputed_as_the_module_says():
    first = history(["路灯坏了"])[0]
    digest = hashlib.sha256(SALT + '{"text":"路灯坏了"}'.encode()).hexdigest()
    written = (
        '{"at":"2026-03-01T04:06:06.000789+00:00","body_digest":"' + digest + '","by_role":"office",'
        '"kind":"noted","number":"M2026-004217-6","prev_hash":"' + "0" * 64 + '","seq":1}'
    )
    assert first.body_digest == digest
    assert first.hash == hashlib.sha256(written.encode()).hexdigest()


@given(bodies)
def test_a_body_reads_the_same_after_a_round_trip_through_json(body):
    assert chain.canonical(json.loads(chain.canonical(body))) == chain.canonical(body)


@given(bodies)
def test_the_order_of_keys_does_not_matter(body):
    assert chain.canonical(dict(reversed(body.items()))) == chain.canonical(body)


@given(bodies, bodies)
def test_different_bodies_have_different_digests(left, right):
    assume(json.dumps(left, sort_keys=True) != json.dumps(right, sort_keys=True))
    assert chain.digest_body(SALT, left) != chain.digest_body(SALT, right)


def test_the_same_moment_in_another_zone_is_written_alike():
    beijing = START.astimezone(timezone(timedelta(hours=8)))
    assert chain.canonical({"at": beijing}) == chain.canonical({"at": START})
    assert chain.canonical({"at": START}) == b'{"at":"2026-03-01T04:05:06.000789+00:00"}'


def test_dates_ids_codes_and_sequences_are_written_as_text_and_lists():
    colour = StrEnum("Colour", ["RED"]).RED
    body = {"on": date(2026, 3, 1), "id": UUID(int=7), "light": colour, "steps": (1, True, None)}
    assert chain.canonical(body) == (
        b'{"id":"00000000-0000-0000-0000-000000000007","light":"red","on":"2026-03-01","steps":[1,true,null]}'
    )


@pytest.mark.parametrize("value", [1.5, float("nan"), b"bytes", {1, 2}, object(), {1: "key"}])
def test_what_has_no_single_spelling_is_refused(value):
    with pytest.raises(TypeError):
        chain.canonical({"value": value})


def test_naive_times_and_short_salts_are_refused():
    with pytest.raises(ValueError):
        chain.canonical({"at": datetime(2026, 3, 1)})
    with pytest.raises(ValueError):
        chain.digest_body(b"short", {})


def test_the_salt_keeps_an_erased_body_from_being_guessed():
    assert chain.digest_body(SALT, {"text": "a"}) != chain.digest_body(SALT[::-1], {"text": "a"})


@given(st.lists(words, max_size=6).map(history))
def test_an_untouched_chain_holds(events):
    assert chain.verify(events) is None


@given(histories, st.data())
def test_every_edit_is_found_where_it_was_made(events, data):
    place = data.draw(st.integers(0, len(events) - 1))
    change = data.draw(
        st.sampled_from(
            [
                {"number": "M2026-004218-4"},
                {"at": START},
                {"kind": "closed"},
                {"by_role": "deputy"},
                {"body_digest": "0" * 64},
                {"hash": "0" * 64},
            ]
        )
    )
    events[place] = replace(events[place], **change)
    assert chain.verify(events) == Fault(place + 1, Breach.ALTERED)


@given(histories, st.data())
def test_an_edit_with_a_fresh_hash_is_found_at_the_next_event(events, data):
    place = data.draw(st.integers(0, len(events) - 2))
    events[place] = rehashed(events[place], kind="closed")
    assert chain.verify(events) == Fault(place + 2, Breach.WRONG_PREVIOUS)


@given(histories, st.data())
def test_every_deletion_before_the_end_is_found(events, data):
    place = data.draw(st.integers(0, len(events) - 2))
    del events[place]
    assert chain.verify(events) == Fault(place + 1, Breach.GAP)


@given(histories, st.data())
def test_a_deletion_hidden_by_counting_anew_is_found(events, data):
    place = data.draw(st.integers(0, len(events) - 2))
    del events[place]
    events[place:] = [rehashed(event, seq=event.seq - 1) for event in events[place:]]
    assert chain.verify(events) == Fault(place + 1, Breach.WRONG_PREVIOUS)


@given(histories, st.data())
def test_every_change_of_order_is_found(events, data):
    shuffled = data.draw(st.permutations(events))
    assume(shuffled != events)
    fault = chain.verify(shuffled)
    first = next(place for place, event in enumerate(shuffled) if event != events[place])
    assert fault == Fault(first + 1, Breach.GAP)


@given(histories)
def test_a_cut_end_is_found_by_a_head_kept_elsewhere(events):
    head = events[-1]
    assert chain.verify(events[:-1]) is None
    assert chain.verify(events[:-1], {head.seq: head.hash}) == Fault(head.seq, Breach.MISSING)
    assert chain.verify([], {1: events[0].hash}) == Fault(1, Breach.MISSING)


@given(histories)
def test_a_chain_written_anew_is_found_by_the_receipt(events):
    kept = chain.receipt(events[0])
    assert (kept.hash, kept.at) == (events[0].hash, events[0].at)
    anew = history(["something else"], number="M2026-004218-4")
    assert chain.verify(events, {1: kept.hash}) is None
    assert chain.verify(anew, {1: kept.hash}) == Fault(1, Breach.REWRITTEN)


def test_a_receipt_is_made_from_the_first_event_only():
    with pytest.raises(ValueError):
        chain.receipt(history(["one", "two"])[1])


def test_what_an_erasure_left_is_read_from_its_own_events_alone():
    data = {"bodies": {"1": "a" * 64, "12": "b" * 64, "all": "c" * 64}}
    assert chain.left_by("erase", {"data": data}) == {1: "a" * 64, 12: "b" * 64}
    assert chain.left_by("noted", {"data": data}) == {}
    for kind, body in (("noted", {}), ("erase", {"data": {}}), ("erase", {"data": None})):
        assert chain.left_by(kind, body) == {}
