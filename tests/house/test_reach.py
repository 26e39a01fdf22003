"""What an actor is tied to is asked by `services.reach` alone, so that no query can forget a part of it."""

import ast

from tests.support.source import modules, within

TIES = {"region_path", "department_id", "station_id", "deputy_id", "case_id"}
ELSEWHERE = {
    "liaison.services.dossiers": "which of the shown assignments are the viewer's own to work on",
    "liaison.services.lists_out": "where an act is written down",
    "liaison.services.passwords": "where an act is written down",
    "liaison.services.sampling": "in which region a sample is at home",
    "liaison.services.second_factors": "where an act is written down",
    "liaison.services.statistics": "where an act is written down",
    "liaison.services.reveals": "where somebody is at home whose refused attempt is written down",
}
"""Services that look at a tie without choosing rows by it, each with what for."""


def test_no_service_but_reach_asks_what_an_actor_is_tied_to() -> None:
    found = {
        module.name
        for module in modules()
        if within(module.name, "liaison.services")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and node.attr in TIES and ast.unparse(node.value) in ("actor", "self.actor")
    }
    assert sorted(found - set(ELSEWHERE) - {"liaison.services.reach"}) == []
    assert set(ELSEWHERE) <= found
