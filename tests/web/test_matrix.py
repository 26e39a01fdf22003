"""Every guarded route, asked by every role about what is its own, what is a neighbour's and what does not exist.

The permissions come from the policy's table. What is open but out of reach must look exactly like what is absent.
"""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from liaison.domain.actors import DEPARTMENT_ROLES, Role
from liaison.domain.policy import may
from liaison.web.console.panels import forms_of as forms_by_role
from tests.support.journey import Journey, SignIn
from tests.support.life import Life
from tests.support.matrix import ROLES, WITHOUT_SESSION, Asker, Cell, Targets, World, build_world, cells

ASKS_FOR_THE_CODE = "/m/<number>"  # answers those without the code with the form that asks for it, whatever the number
NAMES_IN_BODY = ("POST", "/m")  # the form for number and query code, which must fit: test_resident_pages
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


def faults(asker: Asker, cell: Cell) -> Iterator[str]:
    """Whatever the role is answered otherwise than the table says."""
    role, kind = asker.role, cell.kind
    targets = asker.world.targets(kind, role) if kind else Targets("", (), "")
    own = targets.own if not cell.is_move or may_make(role, cell) else None
    if (cell.method, cell.rule.rule) == NAMES_IN_BODY:
        own = None
    if not may(role, cell.action):
        answer = asker.ask(cell, own or targets.absent)
        if not is_closed(answer, role):
            yield f"{role} {cell}: closed, but answered {answer.status_code}"
        return
    if own is not None:
        answer = asker.ask(cell, own)
        if answer.status_code in (401, 403, 404, 500) or is_sign_in(answer):
            yield f"{role} {cell}: own, but answered {answer.status_code} {answer.text[:200]}"
    if kind:
        yield from (f"{role} {cell}: {fault}" for fault in unlike(asker, cell, targets))


def unlike(asker: Asker, cell: Cell, targets: Targets) -> Iterator[str]:
    """Where a neighbour's is answered otherwise than what is absent, or absent is not 404."""
    absent = asker.ask(cell, targets.absent)
    leads_back = cell.rule.rule in LEADS_BACK and cell.method == "GET"
    expected = (200, 302, 303, 404) if cell.rule.rule.startswith(ASKS_FOR_THE_CODE) or leads_back else (404,)
    if absent.status_code not in expected:
        yield f"absent, but answered {absent.status_code} {absent.text[:200]}"
    for target in targets.foreign:
        foreign = asker.ask(cell, target)
        if seen(foreign, target) != seen(absent, targets.absent):
            yield f"foreign {target} answered {foreign.status_code}, absent {absent.status_code}: {foreign.text[:200]}"


def seen(answer: TestResponse, target: str) -> tuple[int, str, str]:
    """What an asker can tell of an answer, the name that was asked for left out."""
    text = re.sub(r'name="csrf_token" value="[^"]*"', "", answer.text)
    return answer.status_code, text.replace(target, "*"), answer.headers.get("Location", "").replace(target, "*")


def is_sign_in(answer: TestResponse) -> bool:
    """Whether an answer leads to the page for signing in."""
    is_leaving = answer.request.path == "/console/sign-out"
    return answer.headers.get("Location", "").startswith("/console/sign-in") and not is_leaving


def is_closed(answer: TestResponse, role: Role) -> bool:
    """Whether an answer is the refusal of a role the table does not name."""
    if role not in WITHOUT_SESSION:
        return answer.status_code == 403
    return answer.status_code == 401 if answer.request.path.startswith("/api/") else is_sign_in(answer)


def test_every_route_answers_every_role_as_the_table_says(app: Flask, world: World) -> None:
    asked = list(cells(app))
    assert len(asked) > 100
    askers = [Asker(world, role) for role in ROLES]
    found = [fault for asker in askers for cell in asked for fault in faults(asker, cell)]
    assert not found, "\n".join(found)
