"""How long things may be kept: a term outside what the law asks or was promised is told, a term at its edge is not."""

import pytest

from liaison.domain.retention import BOUNDS, faults

LEAST = {name: bounds.least for name, bounds in BOUNDS.items()}
MOST = {name: bounds.most for name, bounds in BOUNDS.items()}


@pytest.mark.parametrize("name", sorted(BOUNDS))
def test_a_term_keeps_within_its_bounds(name):
    least, most, reason = BOUNDS[name].least, BOUNDS[name].most, BOUNDS[name].reason
    for days in (least - 1, most + 1):
        told = [f"retention.{name}: must be {least} to {most} ({reason})"]
        assert faults(LEAST | {name: days}) == faults(MOST | {name: days}) == told


def test_terms_at_their_edges_are_sound_and_every_fault_is_told():
    assert faults(LEAST) == faults(MOST) == []
    assert len(faults(dict.fromkeys(BOUNDS, 0))) == len(BOUNDS)
