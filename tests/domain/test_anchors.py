"""Anchors: the root commits to every head in its place, a statement to itself and all before it."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from liaison.domain import chain
from liaison.domain.anchors import FIRST, Head, Restore, Statement, Tree, contradiction, is_undone, unchained
from liaison.domain.chain import Breach

START = datetime(2026, 3, 1, 16, 0, 3, tzinfo=UTC)
hashes = st.binary(min_size=32, max_size=32).map(bytes.hex)
leaves = st.lists(st.binary(min_size=32, max_size=32), max_size=40)
heads = st.builds(Head, st.from_regex(r"M2026-\d{6}-\d", fullmatch=True), st.integers(1, 99), hashes)


def rfc_6962(of: list[bytes]) -> bytes:
    """The root as the RFC defines it, top down; leaves are hashed already."""
    if not of:
        return hashlib.sha256().digest()
    if len(of) == 1:
        return of[0]
    half = 1 << (len(of) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + rfc_6962(of[:half]) + rfc_6962(of[half:])).digest()


def tree(of: list[bytes]) -> Tree:
    """The tree over leaves in their order."""
    made = Tree()
    for leaf in of:
        made.add(leaf)
    return made


def statements(count: int) -> list[Statement]:
    """A sound row of statements, a day apart."""
    made: list[Statement] = []
    for place in range(count):
        before = made[-1].digest if made else FIRST
        at = START + timedelta(days=place)
        made.append(Statement(date(2026, 3, 2 + place), at, place, place * 3, "a" * 64, 1, "b" * 64, before))
    return made


@given(leaves)
def test_the_root_is_that_of_the_rfc_and_takes_a_node_for_each_level(of):
    made = tree(of)
    assert (made.root, made.size) == (rfc_6962(of).hex(), len(of))
    assert len(made._stack) <= max(1, len(of)).bit_length()


@given(leaves, st.data())
def test_another_leaf_another_order_or_one_less_gives_another_root(of, data):
    other = data.draw(st.permutations(of) | st.just(of[:-1]) | st.just([*of, bytes(32)]))
    assume(other != of)
    assert tree(other).root != tree(of).root


def test_a_leaf_is_recomputed_as_the_module_says():
    head = Head("M2026-004217-6", 3, "ab" * 32)
    written = '{"hash":"' + "ab" * 32 + '","number":"M2026-004217-6","seq":3}'
    assert head.leaf == hashlib.sha256(b"\0" + written.encode()).digest()


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(0), st.text(max_size=5, alphabet='a"\\\n\x7f乙'))
def test_a_leaf_is_over_the_canonical_head_whatever_the_words(number, seq, hash_):
    canonical = chain.canonical({"number": number, "seq": seq, "hash": hash_})
    assert Head(number, seq, hash_).leaf == hashlib.sha256(b"\0" + canonical).digest()


@given(heads, heads)
def test_other_heads_have_other_leaves(one, other):
    assert (one.leaf == other.leaf) == (one == other)


@given(st.lists(st.timedeltas(timedelta(), timedelta(days=9)), max_size=3))
def test_a_statement_reads_the_same_after_a_round_trip_through_json(spans):
    restores = tuple(Restore(START, START + span) for span in spans)
    made = replace(statements(1)[0], restores=restores)
    again = Statement.read(json.loads(chain.canonical(made.plain())))
    assert (again, again.digest, again.message) == (made, made.digest, made.message)


@pytest.mark.parametrize(
    "change", [{"cases": 9}, {"root": "c" * 64}, {"restores": (Restore(START, START),)}, {"at": START - timedelta(1)}]
)
def test_every_word_of_a_statement_is_signed(change):
    made = statements(1)[0]
    assert replace(made, **change).message != made.message and replace(made, **change).digest != made.digest


@given(st.integers(2, 6), st.data())
def test_a_statement_that_was_removed_or_rewritten_is_missed_by_the_next(count, data):
    made = statements(count)
    assert unchained(made) == []
    place = data.draw(st.integers(0, count - 2))
    rewritten = [*made[:place], replace(made[place], cases=77), *made[place + 1 :]]
    assert unchained(rewritten) == [made[place + 1].day]
    assert unchained([*made[:place], *made[place + 1 :]]) == [made[place + 1].day]


def test_what_a_chain_shows_to_one_who_has_seen_it():
    kept = {1: "a", 2: "b"}
    assert contradiction(kept, 2, "b") is None
    assert contradiction(kept, 2, "c") is Breach.REWRITTEN
    assert contradiction(kept, 3, "d") is Breach.MISSING


def test_a_restore_explains_only_what_was_seen_between_its_snapshot_and_itself():
    restore = Restore(START, START + timedelta(days=2))
    for hours, explained in ((-1, False), (0, False), (1, True), (48, True), (49, False)):
        assert is_undone(START + timedelta(hours=hours), [restore]) is explained
    assert not is_undone(START, [])
