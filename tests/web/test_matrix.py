"""Every guarded route, asked by every role about what is its own, another's, a neighbour's, of the region above, in
conflict with the asker, and about what does not exist.

The permissions come from the policy's table. What is open but out of reach must look exactly like what is absent.
"""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from liaison.domain.actors import DEPARTMENT_ROLES, Role
from liaison.domain.policy import POLICY, Relation, may
from liaison.services import reach
from liaison.web.console.panels import forms_of as forms_by_role
from tests.support.journey import Journey, SignIn
from tests.support.life import Life
from tests.support.matrix import ROLES, WITHOUT_SESSION, Asker, Cell, Targets, World, build_world, cells

ASKS_FOR_THE_CODE = "/m/<number>"  # answers those without the code with the form that asks for it, whatever the number
NAMES_IN_BODY = ("POST", "/m")  # the form for number and query code, which must fit: test_resident_pages
REACHING = {Relation.CODE, Relation.DEPUTY, Relation.STATION, Relation.DEPARTMENT, Relation.REGION}
"""The relations that choose among rows."""

VARYING = ("Set-Cookie", "Date", "X-Request-ID")
SHOWS_NOTHING = ("/m",)
"""The form that asks for number and query code."""

OPENED_BY_CODE = ("/api/v1/matters/<number>",)
"""Shows the very row that the query code opened, from where its resident stands before the wall."""

LEADS_BACK = ("/console/cases/<number>/<name>", "/console/assignments/<reference>/<name>")  # GET: to the page itself


@pytest.fixture
def world(app: Flask, life: Life, api: SignIn, browser: SignIn) -> World:
    """Something for everybody."""
    return build_world(Journey(app, life, api, browser))


def may_make(role: Role, cell: Cell) -> bool:
    """Whether the console has this very form for the role and this address."""
    by_assignment = role in DEPARTMENT_ROLES
    if by_assignment is not cell.rule.rule.startswith("/console/assignments/"):
        return False
    return any(form.name == cell.word and may(role, form.action) for form in forms_by_role(role))


class Asked:
    """Asks, and keeps which cells of the table were asked."""

    def __init__(self) -> None:
        self.cells: set[tuple[str, Role, str]] = set()

    def __call__(self, asker: Asker, cell: Cell, relation: str, target: str) -> TestResponse:
        self.cells.add((str(cell), asker.role, relation))
        return asker.ask(cell, target)


def faults(asker: Asker, cell: Cell, asked: Asked) -> Iterator[str]:
    """Whatever the role is answered otherwise than the table says."""
    role, kind = asker.role, cell.kind
    targets = asker.world.targets(kind, role) if kind else Targets("", "")
    own = targets.own if not cell.is_move or may_make(role, cell) else None
    if (cell.method, cell.rule.rule) == NAMES_IN_BODY:
        own = None
    if not may(role, cell.action):
        named = {"own": own, "absent": targets.absent} | targets.foreign
        for relation, target in named.items() if kind else {"own": ""}.items():
            if target is not None:
                answer = asked(asker, cell, relation, target)
                if not is_closed(answer, role):
                    yield f"closed, but {relation} answered {answer.status_code}"
        return
    if own is not None:
        yield from own_faults(asker, cell, own, asked)
    if kind:
        yield from unlike(asker, cell, targets, asked)


def own_faults(asker: Asker, cell: Cell, own: str, asked: Asked) -> Iterator[str]:
    """Where what is one's own is refused, was found by another way than reach, or tells of a case in conflict."""
    with reaching() as called:
        answer = asked(asker, cell, "own", own)
    if answer.status_code in (401, 403, 404, 500) or is_sign_in(answer):
        yield f"own, but answered {answer.status_code} {answer.text[:200]}"
    relation = POLICY[cell.action].relations[asker.role]
    shows = cell.rule.rule not in SHOWS_NOTHING + OPENED_BY_CODE
    if relation in REACHING and answer.status_code == 200 and not called and shows:
        yield f"tied by {relation}, but did not ask reach"
    if asker.world.barred.number.encode() in answer.get_data():
        yield "in conflict, but told of the case"


def unlike(asker: Asker, cell: Cell, targets: Targets, asked: Asked) -> Iterator[str]:
    """Where another's is answered otherwise than what is absent, or absent is not 404."""
    absent = asked(asker, cell, "absent", targets.absent)
    leads_back = cell.rule.rule in LEADS_BACK and cell.method == "GET"
    expected = (200, 302, 303, 404) if cell.rule.rule.startswith(ASKS_FOR_THE_CODE) or leads_back else (404,)
    if absent.status_code not in expected:
        yield f"absent, but answered {absent.status_code} {absent.text[:200]}"
    for relation, target in targets.foreign.items():
        foreign = asked(asker, cell, relation, target)
        if seen(foreign, target) != seen(absent, targets.absent):
            told = f"{foreign.status_code}, absent {absent.status_code}: {foreign.text[:200]}"
            yield f"{relation} {target} answered {told}"


def seen(answer: TestResponse, target: str) -> tuple[int, bytes, list[tuple[str, str]]]:
    """What an asker can tell of an answer, byte for byte: the name that was asked for and what differs each time aside.

    Within a cookie and a form's token stand times and random numbers.
    """
    text = re.sub(rb'name="csrf_token" value="[^"]*"', b"", answer.get_data()).replace(target.encode(), b"*")
    headers = [(name, value.replace(target, "*")) for name, value in answer.headers if name not in VARYING]
    return answer.status_code, text, sorted(headers)


@contextmanager
def reaching() -> Iterator[set[str]]:
    """Which functions of reach are called within, where no statement is kept from before."""
    called: set[str] = set()
    for name, module in list(sys.modules.items()):
        for each in vars(module).values() if name.startswith("liaison.services") else ():
            if hasattr(each, "cache_clear"):
                each.cache_clear()

    def watch(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code.co_filename == reach.__file__:
            called.add(frame.f_code.co_name)

    sys.setprofile(watch)
    try:
        yield called
    finally:
        sys.setprofile(None)


def is_sign_in(answer: TestResponse) -> bool:
    """Whether an answer leads to the page for signing in."""
    is_leaving = answer.request.path == "/console/sign-out"
    return answer.headers.get("Location", "").startswith("/console/sign-in") and not is_leaving


def is_closed(answer: TestResponse, role: Role) -> bool:
    """Whether an answer is the refusal of a role the table does not name."""
    if role not in WITHOUT_SESSION:
        return answer.status_code == 403
    return answer.status_code == 401 if answer.request.path.startswith("/api/") else is_sign_in(answer)


def wanted(world: World, cell: Cell, role: Role) -> set[str]:
    """By what relations a cell can be asked by a role: all six, but for those of which its kind has no thing."""
    names_elsewhere = (cell.method, cell.rule.rule) == NAMES_IN_BODY
    if not cell.kind:
        return set() if names_elsewhere else {"own"}
    targets = world.targets(cell.kind, role)
    has_own = targets.own is not None and (not cell.is_move or may_make(role, cell))
    return {"absent", *targets.foreign} | ({"own"} if has_own else set())


def test_every_route_answers_every_role_as_the_table_says(app: Flask, world: World) -> None:
    asking, asked = list(cells(app)), Asked()
    assert len(asking) > 100
    found = [
        f"{role} {cell}: {fault}"
        for role in ROLES
        for asker in [Asker(world, role)]
        for cell in asking
        for fault in faults(asker, cell, asked)
    ]
    assert not found, "\n".join(found)
    expected = {
        (str(cell), role, relation) for cell in asking for role in ROLES for relation in wanted(world, cell, role)
    }
    assert asked.cells == expected
    assert {relation for *_, relation in asked.cells} == {"own", "other", "sibling", "parent", "party", "absent"}
