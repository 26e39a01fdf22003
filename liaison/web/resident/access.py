"""Who may follow a matter without an account: whoever shows its query code, kept in the visitor's own session."""

from collections.abc import Collection

from flask import request, session

from liaison import wall
from liaison.domain.actors import Actor, resident_of
from liaison.domain.errors import Invalid, NotFound
from liaison.domain.numbers import check_number
from liaison.models.cases import Case
from liaison.services import intake
from liaison.services.trunks import Trunk
from liaison.web.resident import visitors
from liaison.web.wiring import wiring

CODES = "codes"
NO_MATTER = "编号或查询码不正确，请对照回执重新输入。"
REMEMBERED = 20  # matters in one cookie, the latest; enough for a household, small enough for 4 KB
HEADER = "X-Matter-Secret"


def remember(number: str, code: str) -> None:
    """Keep the code of a matter in this visitor's session, so that it is asked for once."""
    codes = {known: kept for known, kept in session.get(CODES, {}).items() if known != number} | {number: code}
    session[CODES] = dict(list(codes.items())[-REMEMBERED:])


def open_trunk(number: str, code: str) -> tuple[Actor, Trunk]:
    """The matter this code opens, however both were typed, and its resident, who from now on sees this matter alone.

    Raises the same NotFound for a wrong code, an unknown number and one that cannot be a number.
    """
    try:
        printed = check_number(number)
    except Invalid:
        printed = number[:1]  # opens nothing, but takes the work of a look-up
    with wall.behind():
        found = intake.find_by_code(printed, code, wiring().keys)
        actor = actor_for(found.case) if found else None
    if found is None:
        raise NotFound(NO_MATTER)
    return actor, found


def open_case(number: str, code: str) -> Case:
    """The matter this code opens. Raises NotFound as `open_trunk` does."""
    return open_trunk(number, code)[1].case


def find_case(number: str) -> Case | None:
    """The matter, if this visitor's session carries its code, or it stands in the list of who WeChat says this is."""
    code = find_code(number)
    try:
        return open_case(number, code) if code else visitors.find_own(number)
    except NotFound:
        return visitors.find_own(number)


def forget(numbers: Collection[str]) -> None:
    """Drop the codes of matters from this session, on a phone that goes into other hands."""
    session[CODES] = {known: kept for known, kept in session.get(CODES, {}).items() if known not in numbers}


def find_code(number: str) -> str | None:
    """The code of a matter as this visitor's session carries it."""
    return session.get(CODES, {}).get(number)


def trunk_by_header(number: str) -> tuple[Actor, Trunk]:
    """The matter the request's header opens, and its resident. Raises NotFound, also when there is no header."""
    return open_trunk(number, request.headers.get(HEADER, ""))


def case_by_header(number: str) -> Case:
    """The matter the request's header opens. Raises NotFound."""
    return trunk_by_header(number)[1].case


def actor_for(case: Case) -> Actor:
    """The resident of a matter that was opened, who from now on sees this matter alone."""
    actor = resident_of(case.id)
    wall.stand(actor)
    return actor
