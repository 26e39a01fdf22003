"""One visitor who fuzzes the API by its own document: `python -m trust.fuzzing < job.json` prints what came of it.

A process of its own, since making up requests costs more than answering them. Schemathesis does the work, with all of
its checks. Two of them know only what a schema can say: what `excused` lets pass, and why, is counted and told.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import schemathesis
from marshmallow import Schema, fields
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure
from schemathesis.engine import events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder

from liaison.domain import text
from liaison.domain.errors import Invalid
from liaison.web.fields import Input

DOCUMENT = "/api/v1/openapi.json"
LEAVING = "/api/v1/sessions/current"
REFUSED, TAKEN = "positive_data_acceptance", "negative_data_rejection"
LONGEST_FAULT = 900


@dataclass(frozen=True)
class Job:
    """Who asks what, how often and how long; `names` are things there are, by parameter, and `tried` in half the cases.

    `enumerates` has schemathesis walk through the document's boundaries first, which a short run has no time for.
    """

    address: str
    seed: int
    count: int
    seconds: int
    token: str = ""
    names: dict[str, list[str]] = field(default_factory=dict)
    leaves: bool = False
    enumerates: bool = True


@dataclass
class Outcome:
    """How many requests were answered, by status, what was wrong and what was excused."""

    tried: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    reached: list[str] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)
    failed: int = 0
    excused: int = 0


def run(job: Job) -> Outcome:
    """Fuzz until so many requests were answered, or the time is over."""
    outcome, reached = Outcome(), set[str]()
    schema = schemathesis.openapi.from_url(job.address + DOCUMENT, config=_config(job))
    schema = schema.include(path=LEAVING) if job.leaves else schema.exclude(path=LEAVING)
    stream = from_schema(schema).execute()
    for event in stream:
        if isinstance(event, events.ScenarioFinished):
            _add(outcome, reached, event.recorder)
        elif isinstance(event, events.NonFatalError | events.FatalError):
            _fault(outcome, "schemathesis itself", str(getattr(event, "info", None) or event.exception))
        if outcome.tried >= job.count:
            stream.stop()
    outcome.reached = sorted(reached)
    return outcome


def excused(failure: Failure, check: str, sent: object, answer: bytes, status: int) -> bool:
    """Whether a fault is none: what was refused, or taken, for a reason that no schema can give.

    A valid body may be refused for what it means (a department there is not, words that are blank), never for its
    form. An invalid one may be taken when only the length of words is in doubt, which we count as people see them.
    """
    if check == REFUSED and status == 422:
        sentences = [each for said in json.loads(answer).get("errors", {}).values() for each in said]
        return bool(sentences) and not set(sentences) & FORM
    if check == TAKEN and "maxLength" in failure.message and isinstance(sent, dict):
        return any(_fits(value) for value in sent.values() if isinstance(value, str))
    return False


def sentences_of_form() -> Iterator[str]:
    """Every sentence that refuses a value for its form alone."""
    for kind in (fields.String, fields.Integer, fields.Float, fields.Boolean, fields.Date, fields.List, fields.Nested):
        yield from kind().error_messages.values() if kind not in (fields.List, fields.Nested) else ()
    yield from Input.error_messages.values()
    for schema in _all(Input):
        for each in schema().fields.values():
            yield from (check.error for check in each.validators if getattr(check, "error", None))


def _all(schema: type[Schema]) -> Iterator[type[Schema]]:
    for each in schema.__subclasses__():
        yield each
        yield from _all(each)


FORM = frozenset(map(str, sentences_of_form()))


def _fits(value: str) -> bool:
    try:
        tidy = text.clean(value, "", 0, 1_000_000)
    except Invalid:
        return False
    return text.count_graphemes(tidy) < len(value)


def _config(job: Job) -> SchemathesisConfig:
    given = {name.rpartition(".")[2] + str(place): each for place, (name, each) in enumerate(job.names.items())}
    bound = {
        name: {"dictionary": label, "probability": 0.7}
        for name, label in zip(job.names, given, strict=True)
        if not name.startswith("header.")
    }
    headers = {name.partition(".")[2]: each[0] for name, each in job.names.items() if name.startswith("header.")}
    return SchemathesisConfig.from_dict(
        {
            "seed": job.seed,
            "max-time": job.seconds,
            "continue-on-failure": True,
            "suppress-health-check": ["all"],
            "headers": headers | ({"Authorization": f"Bearer {job.token}"} if job.token else {}),
            "dictionaries": {label: {"values": each} for label, each in given.items()},
            "parameters": bound,
            "generation": {"max-examples": 100 if job.enumerates else 2, "database": "none"},
            "phases": {name: {"enabled": job.enumerates} for name in ("examples", "coverage", "stateful")},
        }
    )


def _add(outcome: Outcome, reached: set[str], recorder: ScenarioRecorder) -> None:
    for case, interaction in recorder.interactions.items():
        outcome.tried += 1
        status = interaction.response.status_code if interaction.response else 0
        outcome.statuses[str(status)] += 1
        if 200 <= status < 300 and case in recorder.cases:
            reached.add(recorder.cases[case].value.operation.label)
    for case, checks in recorder.checks.items():
        answered = recorder.interactions.get(case)
        for check in checks:
            if check.failure_info is None:
                continue
            failure, sent = check.failure_info.failure, recorder.cases[case].value.body
            response = answered.response if answered else None
            if response and excused(failure, check.name, sent, response.content, response.status_code):
                outcome.excused += 1
                continue
            said = f"{failure.message}\n{check.failure_info.code_sample}"
            _fault(outcome, f"{check.name} {recorder.cases[case].value.operation.label}: {failure.title}", said)


def _fault(outcome: Outcome, what: str, said: str) -> None:
    outcome.failed += 1
    outcome.faults.setdefault(what, said[:LONGEST_FAULT])


if __name__ == "__main__":
    json.dump(vars(run(Job(**json.load(sys.stdin)))), sys.stdout)
