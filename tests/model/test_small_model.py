"""The algorithm of TRUST in every order of steps, with faults at every point; no rule of it can go unnoticed."""

from dataclasses import fields, replace

import pytest

from tests.model import sending, submitting
from tests.model.exploring import explore
from tests.model.sending import Sending
from tests.model.submitting import Submitting

SENDING = {
    "unique_key": "I3: two notices for one rung",
    "looks_again_at_claim": "I9: claimed after the case moved on",
    "counts_at_claim": "I7: claimed 3 times by one channel",
    "bounds_attempts": "I7: claimed 3 times by one channel",
    "fences": "I5: settled by one who lost the lease",
    "sends_before_marking": "I6: sent, and no provider took it",
    "sweeps": "dead end: I8: a notice stays leased",
    "rings_again": "dead end: I8: a notice stays due",
    "lease_outlasts_call": "I4: 2 effects, 0 ambiguous calls",
}
"""The promise that breaks when a rule of sending is turned off."""
SUBMITTING = {
    "idempotency_row": "I2: two matters with one key",
    "compares_digests": "I1: acknowledged and not kept",
    "answers_after_commit": "I1: acknowledged and not kept",
}


def test_a_submission_is_kept_once_in_every_order_of_steps() -> None:
    found = explore(Submitting())
    assert found.bad is None and found.states > 50, found


@pytest.mark.parametrize("courtesy", [False, True], ids=["duty", "courtesy"])
def test_a_notice_keeps_every_promise_and_ends_once_faults_stop(courtesy: bool) -> None:
    found = explore(Sending(sending.Rules(courtesy=courtesy)))
    assert found.bad is None and found.states > 1_000, found


@pytest.mark.parametrize(("rule", "bad"), SUBMITTING.items(), ids=SUBMITTING)
def test_without_a_rule_of_submitting_a_promise_breaks(rule: str, bad: str) -> None:
    found = explore(Submitting(replace(submitting.Rules(), **{rule: False})))
    print(f"\nwithout {rule}: {found}")
    assert found.bad == bad and found.trace, found


@pytest.mark.parametrize(("rule", "bad"), SENDING.items(), ids=SENDING)
def test_without_a_rule_of_sending_a_promise_breaks(rule: str, bad: str) -> None:
    found = explore(Sending(replace(sending.Rules(), **{rule: False}), faults=2))
    print(f"\nwithout {rule}: {found}")
    assert found.bad == bad and found.trace, found


def test_every_rule_has_its_bug() -> None:
    assert {each.name for each in fields(sending.Rules)} == {*SENDING, "courtesy"}
    assert {each.name for each in fields(submitting.Rules)} == set(SUBMITTING)
