"""Steps 2 to 6 of the algorithm as a model: one clock, one person, two channels, two schedulers, two workers.

Any process may die at any point, fall silent and come back; the bell's Redis may forget or repeat; the provider may
refuse, refuse for good, or take a message and drop its answer. Time goes by in ticks, as much as there is something to
wait for.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from tests.model.exploring import Step, Who

CHANNELS, MAX_ATTEMPTS = 2, 2
TIMEOUT, LEASE, SHORT_LEASE, BACKOFF, AGAIN = 2, 3, 1, 1, 1  # ticks
WORKERS = SCHEDULERS = 2
NEVER = -1
ENDED = frozenset({"sent", "dead", "cancelled"})


@dataclass(frozen=True)
class Rules:
    """The rules of the algorithm; a planted bug turns one off."""

    unique_key: bool = True
    looks_again_at_claim: bool = True
    counts_at_claim: bool = True
    bounds_attempts: bool = True
    fences: bool = True
    sends_before_marking: bool = True
    sweeps: bool = True
    rings_again: bool = True
    lease_outlasts_call: bool = True
    courtesy: bool = False
    """Whether the notice is one that is better not said at all than said twice; no bug, but another kind of notice."""


class Row(NamedTuple):
    """A notice: `left` is the ticks until its lease or backoff ends, `bell` those until it may be rung again."""

    state: str = "due"
    channel: int = 1
    token: int = 0
    attempts: int = 0
    left: int = 0
    bell: int = 0


class Worker(NamedTuple):
    """A worker that holds a notice: what it knows of the call, and the ticks it has left for it."""

    row: int
    token: int
    stage: str = "claimed"
    left: int = TIMEOUT
    silent: bool = False


class Seen(NamedTuple):
    """What only an onlooker knows: effects in the world, calls whose end nobody knows, claims by channel."""

    effects: int = 0
    ambiguous: int = 0
    claims: tuple[int, ...] = (0,) * CHANNELS
    fault: str | None = None


class State(NamedTuple):
    """The database, the queue, the processes, and what the onlooker saw."""

    clock: str = "due"
    schedulers: int = 0
    rows: tuple[Row, ...] = ()
    queue: tuple[int, ...] = ()
    workers: tuple[Worker, ...] = ()
    seen: Seen = Seen()
    faults: int = 3


@dataclass(frozen=True)
class Sending:
    """The model under some rules."""

    rules: Rules = Rules()
    faults: int = 3

    def start(self) -> State:
        """A clock is past a rung and nobody has noticed yet."""
        return State(faults=self.faults)

    def steps(self, state: State) -> Iterator[Step]:
        """Everything that can happen next."""
        yield from self._fall_due(state)
        for index, row in enumerate(state.rows):
            yield from self._ring(state, index, row)
        if sum(not worker.silent for worker in state.workers) < WORKERS:  # one that fell silent is replaced
            for index in dict.fromkeys(state.queue):
                yield self._claim(state, index)
        for worker in dict.fromkeys(state.workers):
            yield from self._work(state, worker)
        if state.clock != "stopped":
            yield Step("the case moves on", Who.ANYBODY, state._replace(clock="stopped"))
        yield from self._tick(state)
        if state.faults:
            yield from self._faults(state._replace(faults=state.faults - 1))

    def broken(self, before: State, after: State) -> str | None:
        """I3 to I7 and I9, of every step."""
        seen = after.seen
        if seen.fault:
            return seen.fault
        if len(after.rows) > 1:
            return "I3: two notices for one rung"
        if seen.effects > 1 + (0 if self.rules.courtesy else seen.ambiguous):
            return f"I4: {seen.effects} effects, {seen.ambiguous} ambiguous calls"
        for old, new in zip(before.rows, after.rows, strict=False):
            if old.state in ENDED and new.state != old.state:
                return f"I5: {old.state} became {new.state}"
        if any(row.state == "sent" for row in after.rows) and not seen.effects:
            return "I6: sent, and no provider took it"
        if max(seen.claims) > MAX_ATTEMPTS:
            return f"I7: claimed {max(seen.claims)} times by one channel"
        return None

    def unfinished(self, state: State) -> str | None:
        """I3 and I8: the rung of an open clock has its notice, and every notice has ended."""
        if state.clock != "stopped" and not state.rows:
            return "I3: a clock past a rung has no notice"
        waiting = [row.state for row in state.rows if row.state not in ENDED]
        return f"I8: a notice stays {waiting[0]}" if waiting else None

    def _fall_due(self, state: State) -> Iterator[Step]:
        """Two schedulers may both have found the clock due before either has written."""
        if state.clock == "due" and state.schedulers < SCHEDULERS:
            yield Step("a scheduler finds the clock due", Who.SYSTEM, state._replace(schedulers=state.schedulers + 1))
        if state.schedulers:
            is_known = self.rules.unique_key and state.rows
            rows = state.rows if is_known else (*state.rows, Row())
            clock = "reminded" if state.clock == "due" else state.clock
            put = state._replace(schedulers=state.schedulers - 1, rows=rows, clock=clock)
            yield Step("a scheduler puts the notice" + (", which is there" if is_known else ""), Who.SYSTEM, put)

    def _ring(self, state: State, index: int, row: Row) -> Iterator[Step]:
        """Ring for what is due and for leases that ran out, and again after a while; the lease stays its holder's."""
        waits = row.state == "due" or (row.state == "leased" and self.rules.sweeps)
        if waits and not row.left and not row.bell and index not in state.queue:
            what = "for a lease that ran out" if row.state == "leased" else "for what is due"
            rung = _put(state, index, row._replace(bell=AGAIN if self.rules.rings_again else NEVER))
            yield Step(f"the relay rings {what}", Who.SYSTEM, rung._replace(queue=(*state.queue, index)))

    def _claim(self, state: State, index: int) -> Step:
        """A worker answers the bell: lease the notice, end it, or find that there is nothing to do."""
        queue = list(state.queue)
        queue.remove(index)
        state, row = state._replace(queue=tuple(queue)), state.rows[index]
        if row.state in ENDED or row.left:
            return Step("a worker answers a bell in vain", Who.SYSTEM, state)
        is_moot = self.rules.looks_again_at_claim and state.clock == "stopped"
        if is_moot or (self.rules.courtesy and row.attempts):
            cancelled = _put(state, index, row._replace(state="cancelled"))
            return Step(f"a worker cancels what is {'moot' if is_moot else 'perhaps said'}", Who.SYSTEM, cancelled)
        if self.rules.bounds_attempts and row.attempts >= MAX_ATTEMPTS:
            row = _go_on(row)
            if row.state == "dead":
                return Step("a worker gives up", Who.SYSTEM, _put(state, index, row))
        return Step("a worker claims", Who.SYSTEM, self._lease(state, index, row))

    def _lease(self, state: State, index: int, row: Row) -> State:
        leased = row._replace(
            state="leased" if self.rules.sends_before_marking else "sent",
            token=row.token + 1,
            attempts=row.attempts + self.rules.counts_at_claim,
            left=LEASE if self.rules.lease_outlasts_call else SHORT_LEASE,
            bell=0,
        )
        claims = tuple(
            count + (channel == leased.channel) for channel, count in enumerate(state.seen.claims, start=1)
        )
        seen = state.seen._replace(claims=claims)
        if state.clock == "stopped":
            seen = seen._replace(fault="I9: claimed after the case moved on")
        workers = (*state.workers, Worker(index, leased.token))
        return _put(state, index, leased)._replace(workers=tuple(sorted(workers)), seen=seen)

    def _work(self, state: State, worker: Worker) -> Iterator[Step]:
        if worker.silent:
            awake = worker._replace(silent=False)
            yield Step("a silent worker comes back", Who.ANYBODY, _working(state, worker, awake))
        elif worker.stage == "claimed":
            yield Step("the provider takes the message", Who.SYSTEM, _taken(state, worker, "taken"))
        else:
            yield Step(f"a worker settles: {worker.stage}", Who.SYSTEM, self._settle(state, worker))

    def _settle(self, state: State, worker: Worker) -> State:
        """Write how it ended, if the lease is still this worker's."""
        row, state = state.rows[worker.row], _working(state, worker, None)
        if row.state != "leased" or (self.rules.fences and row.token != worker.token):
            return state
        if row.token != worker.token:
            state = state._replace(seen=state.seen._replace(fault="I5: settled by one who lost the lease"))
        return _put(state, worker.row, self._ending(row, worker.stage))

    def _ending(self, row: Row, stage: str) -> Row:
        if stage == "taken":
            return row._replace(state="sent")
        if self.rules.courtesy:
            return row._replace(state="cancelled")
        row = row._replace(attempts=row.attempts + (not self.rules.counts_at_claim))
        if stage == "refused" and row.attempts < MAX_ATTEMPTS:
            return row._replace(state="due", left=BACKOFF)
        return _go_on(row)

    def _tick(self, state: State) -> Iterator[Step]:
        """Time goes by, but no further than a working process lets it: a call ends within its time limit."""
        working = [worker for worker in state.workers if not worker.silent]
        counts = [max(row.left, row.bell) for row in state.rows if row.state not in ENDED]
        if any(count > 0 for count in counts) and all(worker.left for worker in working):
            rows = tuple(row._replace(left=max(0, row.left - 1), bell=_less(row.bell)) for row in state.rows)
            workers = tuple(sorted(each._replace(left=max(0, each.left - 1)) for each in state.workers))
            yield Step("time goes by", Who.SYSTEM, state._replace(rows=rows, workers=workers))

    def _faults(self, state: State) -> Iterator[Step]:
        """Each with one fault fewer left."""
        if state.schedulers:
            yield Step("a scheduler dies", Who.FAULT, state._replace(schedulers=state.schedulers - 1))
        if state.queue:
            yield Step("Redis forgets the bell", Who.FAULT, state._replace(queue=()))
        if len(state.queue) == 1:
            yield Step("Redis repeats the bell", Who.FAULT, state._replace(queue=state.queue * 2))
        for worker in dict.fromkeys(state.workers):
            if worker.silent:
                continue
            died, silent = _working(state, worker, None), _working(state, worker, worker._replace(silent=True, left=0))
            died = _in_doubt(died) if worker.stage == "taken" else died
            yield Step(f"a worker dies: {worker.stage}", Who.FAULT, died)
            silent = _in_doubt(silent) if worker.stage in ("claimed", "taken") else silent
            yield Step(f"a worker falls silent: {worker.stage}", Who.FAULT, silent)
            if worker.stage == "claimed":
                refused, hopeless = worker._replace(stage="refused"), worker._replace(stage="refused for good")
                yield Step("the provider refuses", Who.FAULT, _working(state, worker, refused))
                yield Step("the provider refuses for good", Who.FAULT, _working(state, worker, hopeless))
                dropped = _in_doubt(_taken(state, worker, "refused"))
                yield Step("the provider takes the message and drops its answer", Who.FAULT, dropped)


def _put(state: State, index: int, row: Row) -> State:
    return state._replace(rows=(*state.rows[:index], row, *state.rows[index + 1 :]))


def _working(state: State, worker: Worker, now: Worker | None) -> State:
    workers = list(state.workers)
    workers.remove(worker)
    return state._replace(workers=tuple(sorted([*workers, now] if now else workers)))


def _taken(state: State, worker: Worker, stage: str) -> State:
    seen = state.seen._replace(effects=state.seen.effects + 1)
    return _working(state, worker, worker._replace(stage=stage))._replace(seen=seen)


def _in_doubt(state: State) -> State:
    return state._replace(seen=state.seen._replace(ambiguous=state.seen.ambiguous + 1))


def _go_on(row: Row) -> Row:
    """On the next channel with all its attempts, or dead when there is none."""
    if row.channel == CHANNELS:
        return row._replace(state="dead")
    return row._replace(state="due", channel=row.channel + 1, attempts=0, left=0)


def _less(bell: int) -> int:
    return bell - 1 if bell > 0 else bell
