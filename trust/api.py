"""Everybody who may ask the API something, fuzzing it by its own document, against a server on a port of its own."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

from liaison.domain.workflow import MATTER
from liaison.web.resident.access import HEADER
from tests.support.browser import served
from trust.fuzzing import LEAVING, Job, Outcome
from trust.stage import Stage
from trust.tally import Tally

SEED = 14
SECONDS = 590
AT_ONCE = 2  # as many as there are processors
WHO = ("office_lead", "", "housing_handler", "deputy", "housing_approver", "office")
ENUMERATED = 5_000  # requests below which there is no time for the document's boundaries
STATES = ("submitted", "with_deputy", "handed_over", "assigned", "replied", "rating", "closed", "needs_info")
EACH = 3  # matters in every state


def play(stage: Stage, count: int) -> Tally:
    """Send so many requests, as a resident and as everybody with a desk, in no more than ten minutes."""
    tally, began = Tally(), time.monotonic()
    names = _things(stage)
    with served(stage.app) as address, ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = list(pool.map(_sent, _jobs(stage, address, names, count)))
    statuses, reached = Counter[str](), set[str]()
    for who, outcome in outcomes:
        tally.tried += outcome.tried
        tally.failed += outcome.failed
        tally.failures += [f"{who or 'resident'}: {what}\n    {said}" for what, said in outcome.faults.items()]
        tally.note("excused", outcome.excused)
        statuses += Counter(outcome.statuses)
        reached |= set(outcome.reached)
    tally.figures |= dict(sorted(statuses.items())) | {"operations that did something": len(reached)}
    if tally.tried < count:
        tally.failed += 1
        tally.failures.append(f"only {tally.tried} requests in {time.monotonic() - began:.0f} s")
    return tally


def _things(stage: Stage) -> dict[str, list[str]]:
    """Matters of the town in every state, and the names of everything an address or a body may name."""
    matters = [stage.life.matter_in(state) for state in STATES for _ in range(EACH)]
    assert {stage.life.case(each).state for each in matters} <= set(MATTER.states)
    told = stage.life.submit()
    own = told.case.number
    return {
        "path.reference": matters,
        "path.number": [own],
        "path.code": ["S001", "S002"],
        "path.position": ["1"],
        f"header.{HEADER}": [told.secret],
        "body.lead": ["housing", "water", "traffic"],
        "body.belongs_to": ["water"],
        "body.deputy": ["D003", "D004"],
        "body.assignment": [f"{each}.1" for each in matters],
        "body.into": matters,
        "body.category": ["roads"],
    }


def _jobs(stage: Stage, address: str, names: dict[str, list[str]], count: int) -> Iterator[tuple[str, Job]]:
    enumerates = count >= ENUMERATED
    visitors = WHO if enumerates else WHO[:1]
    share, seconds = -(-count // len(visitors)), SECONDS * AT_ONCE // len(visitors)
    parts = names | {"path.reference": [f"{each}.1" for each in names["path.reference"]]}
    for place, who in enumerate(visitors):
        known = parts if who.startswith("housing") else names
        yield who, Job(address, SEED + place, share, seconds, stage.token(who) if who else "", known, False, enumerates)
    if enumerates:
        yield "liaison", Job(address, SEED, 20, 20, stage.token("liaison"), {}, True)


def _sent(named: tuple[str, Job]) -> tuple[str, Outcome]:
    who, job = named
    command = [sys.executable, "-m", "trust.fuzzing"]
    ended = subprocess.run(command, input=json.dumps(asdict(job)), capture_output=True, text=True)
    if ended.returncode:
        return who, Outcome(failed=1, faults={f"the visitor fell over ({LEAVING})": ended.stderr[-2000:]})
    return who, Outcome(**json.loads(ended.stdout))
