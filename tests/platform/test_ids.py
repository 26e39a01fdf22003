"""Ids made by the application: rows of one transaction keep the order they were made in."""

from itertools import pairwise

from liaison.models.base import new_id


def test_ids_stand_in_the_order_they_were_made() -> None:
    made = [new_id() for _ in range(10_000)]
    assert all(before < after for before, after in pairwise(made))
    assert {(each.version, each.variant) for each in made} == {(7, "specified in RFC 4122")}
