"""The outbox at random: whatever clients, schedulers, bells, workers and providers do, what TRUST promises holds."""

import os

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.support.life import Life
from tests.support.outbox import Outbox

USUAL = settings(
    max_examples=int(os.environ.get("LIVES", "24")),
    stateful_step_count=40,
    deadline=None,
    derandomize="LIVES" not in os.environ,
    phases=[Phase.generate],  # making a failure shorter would take minutes, and so would looking for more than one
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)


def test_the_outbox_keeps_its_promises(life: Life) -> None:
    class Here(Outbox):
        pass

    Here.life = life
    run_state_machine_as_test(Here, settings=USUAL)
