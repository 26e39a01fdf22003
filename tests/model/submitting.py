"""Step 1 of the algorithm as a model: a client that repeats its request until it is answered, a server that may die.

Two requests with one key may be under way at once; the second may carry another text.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from tests.model.exploring import Step, Who

REQUESTS = ("this", "this", "other")
"""The texts the client sends with its one key, one after the other."""


@dataclass(frozen=True)
class Rules:
    """The rules of submitting; a planted bug turns one off."""

    idempotency_row: bool = True
    compares_digests: bool = True
    answers_after_commit: bool = True


class Request(NamedTuple):
    """A request in the server: its text, and whether it has written its rows, committed, or is to be refused."""

    text: str
    stage: str = "arrived"


class State(NamedTuple):
    """The committed matters by text, the key's row, requests under way, and which texts were acknowledged."""

    matters: tuple[str, ...] = ()
    key: str | None = None
    requests: tuple[Request, ...] = ()
    sent: int = 0
    acknowledged: tuple[str, ...] = ()
    faults: int = 2


@dataclass(frozen=True)
class Submitting:
    """The model under some rules."""

    rules: Rules = Rules()

    def start(self) -> State:
        """Nothing was sent yet."""
        return State()

    def steps(self, state: State) -> Iterator[Step]:
        """The client sends, the server works on any of its requests, answers are lost and the server dies."""
        if state.sent < len(REQUESTS):
            yield self._send(state)
        for request in dict.fromkeys(state.requests):
            rest = list(state.requests)
            rest.remove(request)
            yield from self._work(state, request, tuple(rest))
        if state.faults and state.requests:
            yield Step("the server dies", Who.FAULT, state._replace(requests=(), faults=state.faults - 1))

    def broken(self, before: State, after: State) -> str | None:
        """I1 and I2: one matter per key, and whatever was acknowledged is there with the text it was sent with."""
        if len(after.matters) > 1:
            return "I2: two matters with one key"
        if set(after.acknowledged) - set(after.matters):
            return "I1: acknowledged and not kept"
        return None

    def unfinished(self, state: State) -> str | None:
        """A client that keeps asking gets its answer; here it has asked as often as it will."""
        return "a request is stuck" if state.requests else None

    def _send(self, state: State) -> Step:
        """The client sends (again), because it got no answer; a person may have changed the text meanwhile."""
        request = Request(REQUESTS[state.sent])
        requests = tuple(sorted((*state.requests, request)))
        sent = state._replace(requests=requests, sent=state.sent + 1)
        return Step(f"a client sends {request.text} text", Who.ANYBODY, sent)

    def _work(self, state: State, request: Request, rest: tuple[Request, ...]) -> Iterator[Step]:
        match request.stage:
            case "arrived":
                yield from self._write(state, request, rest)
            case "written":
                yield self._commit(state, request, rest)
            case "committed" | "known":
                yield from self._answer(state, request, rest)

    def _write(self, state: State, request: Request, rest: tuple[Request, ...]) -> Iterator[Step]:
        """Write the key and the matter, uncommitted; with the key's row, a twin in flight is waited for."""
        if self.rules.idempotency_row and any(each.stage == "written" for each in rest):
            return
        if self.rules.idempotency_row and state.key is not None:
            same = state.key == request.text or not self.rules.compares_digests
            requests = _with(rest, request._replace(stage="known")) if same else rest
            what = "the server knows the key" if same else "the server refuses the other text"
            yield Step(what, Who.SYSTEM, state._replace(requests=requests))
            return
        written = state._replace(requests=_with(rest, request._replace(stage="written")))
        if not self.rules.answers_after_commit:
            written = written._replace(acknowledged=_with(state.acknowledged, request.text))
        yield Step("the server writes key and matter", Who.SYSTEM, written)

    def _commit(self, state: State, request: Request, rest: tuple[Request, ...]) -> Step:
        kept = state._replace(
            matters=_with(state.matters, request.text),
            key=request.text if self.rules.idempotency_row else None,
            requests=_with(rest, request._replace(stage="committed")),
        )
        return Step("the server commits", Who.SYSTEM, kept)

    def _answer(self, state: State, request: Request, rest: tuple[Request, ...]) -> Iterator[Step]:
        answered = state._replace(requests=rest)
        told = _with(tuple(each for each in state.acknowledged if each != request.text), request.text)
        yield Step("the server answers", Who.SYSTEM, answered._replace(acknowledged=told))
        if state.faults:
            yield Step("the answer is lost", Who.FAULT, answered._replace(faults=state.faults - 1))


def _with(items: tuple, item: object) -> tuple:
    return tuple(sorted((*items, item)))
