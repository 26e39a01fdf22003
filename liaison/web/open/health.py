"""For operators and integrators: whether everything lives, figures for Prometheus, the API's documentation."""

from collections.abc import Iterator

from flask import Blueprint, Response, jsonify, render_template
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from prometheus_client.core import HistogramMetricFamily

from liaison.db import is_outage
from liaison.programs import QUEUES
from liaison.services import health, timekeeping
from liaison.web.guards import guard
from liaison.web.wiring import now, wiring

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@guard("operations.read")
def alive() -> Response:
    """This process answers."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
@guard("operations.read")
def ready() -> tuple[Response, int]:
    """The database, the queue, every worker and the scheduler's tick are in order.

    An alarm is for people: pages are served while it stands. `erasures`: they cannot be written down.
    """
    faults = _faults()
    alarms = [] if faults else _alarms()
    return jsonify(status="ok" if not faults else "failing", faults=faults, alarms=alarms), 503 if faults else 200


@blueprint.get("/metrics")
@guard("operations.read")
def metrics() -> Response:
    """Notices by state, the oldest due one, clocks behind, age of each heartbeat, inbound events not done."""
    registry = CollectorRegistry()
    found = health.vitals(now())
    notices = Gauge("liaison_notices", "Notices by state", ["state"], registry=registry)
    for state, count in found.notices.items():
        notices.labels(state).set(count)
    beats = Gauge("liaison_heartbeat_age_seconds", "Age of each heartbeat", ["name"], registry=registry)
    for name, age in found.beats.items():
        beats.labels(name).set(age)
    Gauge("liaison_oldest_due_notice_seconds", "How long the oldest due notice has waited", registry=registry).set(
        found.oldest_due_seconds
    )
    Gauge("liaison_clocks_behind", "Clocks whose reminder is over a minute late", registry=registry).set(
        found.clocks_behind
    )
    events = Gauge("liaison_inbound_events", "What platforms told us, waiting or failed", ["state"], registry=registry)
    for state, count in found.inbound.items():
        events.labels(state).set(count)
    told = "Working days until the official calendar ends"
    Gauge("liaison_calendar_working_days", told, registry=registry).set(found.calendar_days)
    told = "By how much the database's clock has jumped; reminders wait until it is back or confirmed"
    Gauge("liaison_clock_jump_seconds", told, registry=registry).set(found.clock_jump_seconds)
    paused = Gauge("liaison_channel_paused", "Channels that are left alone", ["channel"], registry=registry)
    for channel in found.paused:
        paused.labels(channel).set(1)
    told = "Texts and files that wait for the platform's look at their content"
    Gauge("liaison_contents_unchecked", told, registry=registry).set(found.unchecked.count)
    registry.register(Lateness(found.late, found.late_seconds))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


@blueprint.get("/api/v1/docs")
@guard("operations.read")
def docs() -> str:
    """The API's documentation to read and try; a page of our own, since APIFlask's needs inline scripts."""
    return render_template("docs.html")


class Lateness:
    """A histogram that the database has counted already."""

    def __init__(self, buckets: list[tuple[float, int]], seconds: float) -> None:
        self._buckets, self._seconds = buckets, seconds

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """Yield the one family."""
        named = [("+Inf" if bound == float("inf") else str(bound), float(count)) for bound, count in self._buckets]
        told = "From due to sent, in seconds"
        yield HistogramMetricFamily("liaison_notice_lateness_seconds", told, buckets=named, sum_value=self._seconds)


def _alarms() -> list[str]:
    clock = ["clock"] if timekeeping.find_alarm() else []
    return clock + health.silent((health.ERASURES,), now())


def _faults() -> list[str]:
    redis = [] if wiring().queue_answers() else ["redis"]
    try:
        return redis + health.silent((*QUEUES, "tick"), now())
    except Exception as error:
        if is_outage(error):
            return [*redis, "database"]
        raise
