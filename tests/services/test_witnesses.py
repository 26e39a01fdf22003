"""What anchors have seen is found again as it was told, and the next anchor lists what has changed since, no more."""

from contextlib import closing
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from liaison.domain.anchors import AUDIT, Head, Tree
from liaison.services.witnesses import Witness, Witnesses

FIRST_DAY = date(2026, 3, 2)
days = st.lists(
    st.dictionaries(st.sampled_from(["M1", "M2", "M3", AUDIT]), st.integers(1, 4).map(lambda n: (n, f"{n:064x}"))),
    min_size=1,
    max_size=5,
)
"""Where each chain stands on each day; those that are missing are gone."""


def standing(heads: dict[str, tuple[int, str]]) -> list[Head]:
    """The heads of a day."""
    return [Head(number, *rest) for number, rest in heads.items()]


def root(heads: list[Head]) -> str:
    """The root over heads in the order of their leaves."""
    tree = Tree()
    for leaf in sorted(head.leaf for head in heads):
        tree.add(leaf)
    return tree.root


def anchored(history: list[dict[str, tuple[int, str]]]) -> list[list[Head]]:
    """What each day's anchor lists, each made from those before it alone."""
    listed: list[list[Head]] = []
    for heads in history:
        with closing(Witnesses()) as known:
            for place, each in enumerate(listed):
                known.add(FIRST_DAY + timedelta(days=place), each)
            known.stand_at(standing(heads))
            figures, changed = known.figures(), list(known.changed())
        assert figures["root"] == root(standing(heads)) and figures["changed_root"] == root(changed)
        assert figures["changed"] == len(changed)
        cases = [head for head in standing(heads) if head.number != AUDIT]
        assert (figures["cases"], figures["events"]) == (len(cases), sum(head.seq for head in cases))
        listed.append(changed)
    return listed


@given(days)
def test_each_anchor_lists_what_is_new_other_or_gone_and_all_of_them_say_where_everything_stands(history):
    before: dict[str, tuple[int, str]] = {}
    for heads, listed in zip(history, anchored(history), strict=True):
        new = {Head(number, *rest) for number, rest in heads.items() if before.get(number) != rest}
        gone = {Head(number, 0, "") for number in before.keys() - heads.keys()}
        assert set(listed) == new | gone and len(listed) == len(new | gone)
        before = heads
    with closing(Witnesses()) as known:
        for place, listed in enumerate(anchored(history)):
            known.add(FIRST_DAY + timedelta(days=place), listed)
        assert known.root() == root(standing(history[-1]))


@given(days, st.sets(st.sampled_from(["M1", "M2", "M3", AUDIT])))
def test_what_was_ever_seen_of_a_chain_is_told_and_what_nobody_asks_for_is_missed(history, asked):
    listed = anchored(history)
    with closing(Witnesses()) as known:
        for place, each in enumerate(listed):
            known.add(FIRST_DAY + timedelta(days=place), each, is_undone=place % 2 == 1)
        for number in asked:
            assert known.of(number) == [
                Witness(head.seq, head.hash, FIRST_DAY + timedelta(days=place), place % 2 == 1)
                for place, each in enumerate(listed)
                for head in each
                if head.number == number and head.seq
            ]
        seen = {head.number for each in listed for head in each}
        assert {number for number, _ in known.missed()} == seen - asked
