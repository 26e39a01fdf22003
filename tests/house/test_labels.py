"""Every code people meet has Chinese words; whatever has none would be shown to them as it stands."""

import ast

import pytest

from liaison.domain.actors import Role
from liaison.domain.clocks import Light
from liaison.domain.derivation import StepKind
from liaison.domain.outcomes import Outcome, Result
from liaison.domain.reminders import Audience, Rung
from liaison.domain.routing import Ground, PassedOver, Reason
from liaison.domain.terms import COMPLEXITIES, DEFAULT_TERMS
from liaison.services import audit, channels, claims, digests, inboxes, matters, outbox, quick_replies, wanted
from liaison.web.labels import LABELS
from tests.support.source import modules, within

CODES = {
    "role": list(Role),
    "light": list(Light),
    "step": list(StepKind),
    "rung": list(Rung),
    "outcome": list(Outcome),
    "result": list(Result),
    "complexity": COMPLEXITIES,
    "channel": matters.CHANNELS,
    "part": ("lead", "assisting", "separate"),
    "box": (
        *inboxes.DEPUTY_BOXES,
        *inboxes.DEPARTMENT_BOXES,
        inboxes.HEADS_BOX,
        inboxes.SIGNING_BOX,
        *inboxes.OFFICE_BOXES,
        *inboxes.DIGEST_BOXES,
    ),
    "sort": list(wanted.Sort),
    "use": quick_replies.USES,
    "clock": list(DEFAULT_TERMS),
    "audience": list(Audience),
    "when": list(Rung),
    "notice_state": outbox.STATES,
    "act": list(outbox.DECIDED),
    "via": (channels.INBOX, *channels.ADDRESSED, channels.WEBHOOK, channels.LOG),
    "audit": audit.ACTS,
    "topic": (digests.TOPIC, claims.BUNDLE),
    "route": (*Reason, *PassedOver, *Ground),
}


@pytest.mark.parametrize("group", CODES)
def test_every_code_has_words(group: str) -> None:
    assert [str(code) for code in CODES[group] if str(code) not in LABELS[group]] == []


def test_every_kind_of_event_the_services_record_has_words() -> None:
    kinds = written("record", "record_on", "move", variable="kind")
    assert {"submit", "merged_here", "calendar", "supervise", "request_return", "grant_reveal"} <= kinds
    assert sorted(kinds - set(LABELS["event"])) == []


def test_every_act_that_is_written_down_can_be_looked_for() -> None:
    acts = written("note", "_note")
    assert {"setting.ladder", "account.add", "setting.rule"} <= acts
    assert sorted(each for each in acts - set(audit.ACTS) if "." in each) == []


def test_every_clock_the_services_start_has_words() -> None:
    clocks = written("start")
    assert {"handling", "acknowledgement", "rework", "return_decision"} <= clocks
    assert sorted(clocks - {"departments", "office"} - set(LABELS["clock"])) == []


def written(*functions: str, variable: str = "") -> set[str]:
    """The texts services pass to functions of these names, directly or by a variable set to one or another."""
    found: set[str] = set()
    for module in modules():
        if not within(module.name, "liaison.services"):
            continue
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in functions:
                found |= {text for argument in node.args for text in texts(argument)}
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == variable:
                found |= texts(node.value)
    return found


def texts(node: ast.AST) -> set[str]:
    """The text an expression is, or the two it may be."""
    if isinstance(node, ast.IfExp):
        return texts(node.body) | texts(node.orelse)
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()
