"""What operators are told: what is missing is named, and the figures are those of the database."""

from flask.testing import FlaskClient

from liaison.db import transaction
from liaison.services import health, notices
from tests.support.clock import FakeClock
from tests.support.life import Life
from tests.support.sending import Way, send

PARTS = ("ticks", "notices", "tick")


def figure(client: FlaskClient, name: str) -> float:
    """One line of the metrics."""
    lines = client.get("/metrics").text.splitlines()
    return float(next(line.rpartition(" ")[2] for line in lines if line.startswith(f"{name} ")))


def test_the_process_lives(client: FlaskClient) -> None:
    assert client.get("/healthz").json == {"status": "ok"}


def test_each_part_that_is_silent_is_named(client: FlaskClient, clock: FakeClock) -> None:
    assert set(PARTS) <= set(client.get("/readyz").json["faults"])
    with transaction():
        for part in PARTS:
            health.beat(part, clock())
    assert not set(PARTS) & set(client.get("/readyz").json["faults"])
    clock.advance(minutes=2)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert set(PARTS) <= set(answer.json["faults"])


def test_the_figures_follow_a_notice_on_its_way(client: FlaskClient, life: Life, clock: FakeClock) -> None:
    life.matter_in("submitted")
    clock.advance(seconds=30)
    assert figure(client, "liaison_oldest_due_notice_seconds") == 30
    with transaction():
        rung = notices.ring(clock())
    assert send(life, Way(), *rung) == len(rung) > 0
    assert figure(client, "liaison_oldest_due_notice_seconds") == 0
    assert figure(client, 'liaison_notice_lateness_seconds_bucket{le="15.0"}') == 0
    sent = figure(client, 'liaison_notice_lateness_seconds_bucket{le="30.0"}')
    assert sent == figure(client, "liaison_notice_lateness_seconds_count") == len(rung)
