"""Another site in a signed-in person's browser, or somebody who planted the cookie it carries.

A form counts as taken when anything in the database has changed, or when the answer is not a refusal; a planted session
counts as taken over when it opens what only the person it was planted on may see.
"""

import contextlib
from collections.abc import Iterator, Mapping
from itertools import cycle
from random import Random
from secrets import token_hex
from urllib.parse import urljoin, urlsplit

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from liaison.domain.actors import Role
from liaison.web.guards import TOKEN
from tests.support.forms import forms_of
from tests.support.matrix import Asker, Cell, World, build_world
from tests.support.town import PASSWORD
from tests.web.test_edge_csrf import able, everything_kept, unsafe
from trust.stage import Stage, set_apart
from trust.tally import Tally

SEED = 16
COOKIE = "session"
EVIL = "evil.example"
REFUSALS = (400, 401, 403, 405, 415, 422)
PEOPLE = ("office", "housing_handler", "liaison", "deputy")


def csrf(stage: Stage, count: int) -> Tally:
    """Send every form of the console and of residents in every way another site could, so often at least."""
    tally = Tally()
    with set_apart(stage) as apart:
        world, app = build_world(apart.journey), apart.app
        others = forms_of(app.test_client().get("/console/sign-in"))[0].values["csrf_token"][0]
        asked = [(cell, next(able(cell), Role.OFFICE)) for cell in unsafe(app)]
        askers = {role: Asker(world, role) for role in {role for _, role in asked}}
        before = everything_kept()
        for cell, role in cycle(asked):
            for name, answer in _ridden(world, askers[role], cell, others):
                after = everything_kept()
                found = [f"changed {table}" for table, told in after.items() if before[table] != told]
                found += [] if _is_refused(answer) else [f"answered {answer.status_code} {answer.location or ''}"]
                tally.count([f"{role} {cell} {name}: {fault}" for fault in found])
                before = after
            if tally.tried >= count:
                break
    return tally


def _ridden(world: World, asker: Asker, cell: Cell, others: str) -> Iterator[tuple[str, TestResponse]]:
    """The answers to one form sent in all the ways."""
    targets = world.targets(cell.kind, asker.role) if cell.kind else None
    address = cell.address(targets.own or targets.absent if targets else "")
    for name, (token, more) in _ways(asker.csrf_token, others).items():
        asker.browser.set_cookie(COOKIE, asker.cookie, domain="testserver")
        data = dict(cell.body) | ({"csrf_token": token} if token else {})
        yield name, asker.browser.open(address, method=cell.method, **{"data": data} | more)


def _ways(good: str, others: str) -> Mapping[str, tuple[str, dict[str, object]]]:
    def said(**headers: str) -> dict[str, object]:
        return {"headers": {name.replace("_", "-"): value for name, value in headers.items()}}

    return {
        "no token": ("", {}),
        "another session's token": (others, {}),
        "a token cut": (good[:-2], {}),
        "a token in the address": ("", {"query_string": {"csrf_token": good}}),
        "another session's token as header": ("", said(X_CSRFToken=others)),
        "another site": (good, said(Origin=f"https://{EVIL}")),
        "a site that begins like ours": (good, said(Origin=f"http://testserver.{EVIL}")),
        "a site that ends like ours": (good, said(Origin="http://xtestserver")),
        "another port": (good, said(Origin="http://testserver:8080")),
        "our name as a user": (good, said(Origin=f"http://testserver@{EVIL}")),
        "cross-site": (good, said(Sec_Fetch_Site="cross-site", Origin="null")),
        "same-site": (good, said(Sec_Fetch_Site="same-site", Origin="null")),
        "as JSON": ("", {"data": None, "json": {}}),
        "as plain text": ("", {"data": b"a=b", "content_type": "text/plain"}),
        "no token from a sandbox": ("", said(Origin="null")),
        "another method within": ("", said(X_HTTP_Method_Override="GET")),
    }


def _is_refused(answer: TestResponse) -> bool:
    leads_to_sign_in = answer.status_code in (302, 303) and "/console/sign-in" in (answer.location or "")
    return answer.status_code in REFUSALS or leads_to_sign_in


def fixation(stage: Stage, count: int) -> Tally:
    """Plant a cookie in a browser, wait until its owner signs in, in and out again, or opens a matter; then use it."""
    tally, random = Tally(), Random(SEED)
    told = stage.life.submit()
    while tally.tried < count:
        for name, planted in _planted(stage, random).items():
            who = random.choice(PEOPLE)
            victim = stage.app.test_client()
            victim.set_cookie(COOKIE, planted, domain="testserver")
            victim.get(f"/m/{told.case.number}?c={told.secret}")
            found = _opens(stage, planted, told.case.number)
            carried = [planted, _cookie(victim)]
            signed = _sign_in(victim, who)
            if signed.status_code != 303:
                tally.count([f"{name}: {who} could not sign in: {signed.status_code}"])
                continue
            found += [fault for each in carried for fault in _opens(stage, each, told.case.number, desk=True)]
            found += ["the cookie stayed the same"] if _cookie(victim) in carried else []
            leaving = _cookie(victim)
            victim.post("/console/sign-out", data={"csrf_token": _csrf_token(victim, "/console/")})
            found += [f"after signing out: {fault}" for fault in _opens(stage, leaving, "", desk=True)]
            tally.count([f"{name}, {who}: {fault}" for fault in found])
    return tally


def _planted(stage: Stage, random: Random) -> dict[str, str]:
    """Cookies an attacker has, or makes up."""
    anonymous = stage.app.test_client()
    anonymous.get("/console/sign-in")
    left = stage.browses("water_handler")
    own = _cookie(left)
    left.post("/console/sign-out", data={"csrf_token": _csrf_token(left, "/console/")})
    serializer = stage.app.session_interface.get_signing_serializer(stage.app)
    return {
        "of a visitor": _cookie(anonymous),
        "of a session that ended": own,
        "with a token made up": serializer.dumps({TOKEN: token_hex(32)}),
        "unsigned": _cookie(anonymous).rpartition(".")[0] + "." + token_hex(10),
        "nonsense": token_hex(random.randrange(1, 40)),
        "empty": "",
    }


def _opens(stage: Stage, cookie: str, number: str, desk: bool = False) -> list[str]:
    """What an attacker sees with a cookie that should open nothing."""
    attacker = stage.app.test_client()
    attacker.set_cookie(COOKIE, cookie, domain="testserver")
    home = attacker.get("/console/")
    found = [] if "/console/sign-in" in (home.location or "") else [f"it opens the console: {home.status_code}"]
    if number and not desk:
        found += ["it opens the matter"] if "回执" in attacker.get(f"/m/{number}").text else []
    return found


def redirect(stage: Stage, count: int) -> Tally:
    """Ask to be led to another site: after signing in, by the address itself, by the name of the host."""
    tally, random = Tally(), Random(SEED)
    while tally.tried < count:
        for target in _targets(random):
            browser = stage.app.test_client()
            page = browser.get("/console/sign-in", query_string={"next": target})
            answers = [page, browser.get("/console/cases/x", query_string={"next": target, "url": target})]
            with contextlib.suppress(ValueError):  # addresses no client would send
                answers += [browser.get(address + target) for address in ("/", "/console/", "/m/", "/s/S001/../")]
            for answer in answers:
                tally.count([f"{target!r} {answer.request.path}: {fault}" for fault in _leads_away(answer)])
            if tally.tried % 3 == 0:  # slow on purpose
                answer = _sign_in(browser, "office", next=target)
                tally.count([f"{target!r} after signing in: {fault}" for fault in _leads_away(answer)])
    return tally


def _targets(random: Random) -> list[str]:
    host = f"{random.choice(['', 'www.', 'a.'])}{EVIL}"
    forms = (
        *("//{}", "///{}", "////{}/", "\\\\{}", "/\\{}", "/\\/{}", "\\/{}", "/\t/{}", "/\n/{}", "\t//{}", " //{}"),
        *("https://{}", "http:{}", "https:/{}", "HTTPS:\\\\{}", "ftp://{}", "javascript:alert(1)//{}", "data:,{}"),
        *("/console/..//{}", "/console/\\..\\\\{}", "//testserver@{}", "http://testserver.{}", "http://testserver@{}"),
        *("/console/\r\nLocation: https://{}", "%2f%2f{}", "/%2f{}", "/%5c{}", "//{}/console/", "https://{}/console/"),
        *("/.{}", "@{}", "/console@{}", "//{}%2f..", "/console/?next=//{}", "/\u2215{}", "//\u3002{}", "//{}\x00"),
    )
    return [form.format(host) for form in forms]


def _leads_away(answer: TestResponse) -> list[str]:
    location = answer.headers.get("Location", "")
    if "\n" in location or "\r" in location:
        return ["a line of its own in the header"]
    shown = "".join(char for char in location if char > " ").replace("\\", "/")
    host = urlsplit(urljoin("http://testserver/x", shown)).netloc
    hidden = [form.values.get("next", [""])[0] for form in forms_of(answer)] if answer.mimetype == "text/html" else []
    away = [each for each in hidden if each and not each.startswith("/console/")]
    found = [f"leads to {location}"] if location and host != "testserver" else []
    return found + [f"carries {each}" for each in away]


def _sign_in(browser: FlaskClient, username: str, **more: str) -> TestResponse:
    token = _csrf_token(browser, "/console/sign-in")
    form = {"username": username, "password": PASSWORD, "csrf_token": token} | more
    return browser.post("/console/sign-in", data=form)


def _csrf_token(browser: FlaskClient, page: str) -> str:
    return forms_of(browser.get(page))[0].values["csrf_token"][0]


def _cookie(browser: FlaskClient) -> str:
    found = browser.get_cookie(COOKIE, "testserver")
    return found.value if found else ""
