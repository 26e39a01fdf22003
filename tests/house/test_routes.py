"""Every route has a guard, and its action a line in the policy."""

from flask import Flask

from liaison.domain.policy import POLICY

OPEN = {
    "static": "style sheets, scripts and pictures of ours; nothing in them is anybody's",
    "openapi.spec": "the description of the public interface",
}
"""Endpoints without a guard, each with its reason."""


def test_every_route_has_a_guard_with_a_line_in_the_policy(app: Flask) -> None:
    bare = [
        str(rule)
        for rule in app.url_map.iter_rules()
        if rule.endpoint not in OPEN and getattr(app.view_functions[rule.endpoint], "policy_action", None) not in POLICY
    ]
    assert bare == []


def test_every_line_of_the_policy_is_used_by_a_route(app: Flask) -> None:
    used = {getattr(view, "policy_action", None) for view in app.view_functions.values()}
    assert sorted(set(POLICY) - used) == []


def test_the_open_endpoints_exist(app: Flask) -> None:
    assert set(OPEN) <= set(app.view_functions)
