"""The hot operations as requests: ours and what the floor does in their place."""

import json
import random
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote
from urllib.request import Request as Call
from urllib.request import urlopen

import psycopg

from bench.floor import DEPUTIES, PAGE
from bench.load import Request
from bench.places import STATION, Site, carrying

SUPPLY = 4000  # requests of a slice, of which each may be sent once only
KNOWN = 300  # matters that are looked at again and again
PAGES = 3  # of 50 that each deputy of the floor has from the start, as ours has more than that
WHERE = (
    "南塘街道",
    "桂园路",
    "塘前街",
    "鼓楼巷",
    "老菜场",
    "三号桥",
    "文澄小学",
    "望澜公园",
    "东渡码头",
    "第二人民医院",
)
WHAT = ("路灯不亮", "井盖破损", "垃圾没有清运", "污水倒灌", "占道经营", "电梯停运", "公交改线", "施工噪声", "树枝断落")
SINCE = ("已经三天了", "有一个多月", "从上周起", "每到雨天", "晚上十点以后", "反映过两次")
WISH = ("请尽快处理", "希望有人来看看", "老人出行很不安全", "影响孩子上学", "请告诉我们什么时候能好")
FILL = """WITH told AS (
    INSERT INTO floor.matters SELECT gen_random_uuid(), 'L' || n, n %% %(deputies)s, 'with_deputy',
        left(%(text)s, 30), %(text)s, now() - n * interval '1 minute' FROM generate_series(1, %(count)s) AS n
    RETURNING id, created_at
) INSERT INTO floor.history SELECT id, 1, created_at, 'submit', %(text)s FROM told"""

Make = Callable[[Site], Sequence[Request]]


@dataclass(frozen=True)
class Operation:
    """What is pressed: our requests, the floor's (None: nothing compares), and the goal of the ratio."""

    name: str
    ours: Make
    floor: Make | None = None
    goal: float | None = None
    once: bool = False


def words(chance: random.Random) -> str:
    """A matter as people tell one, of some forty characters."""
    parts = (chance.choice(group) for group in (WHERE, WHAT, SINCE, WISH))
    return "，".join(parts) + f"。编号{chance.randrange(10**6)}附近。"


def told(chance: random.Random) -> str:
    """The body of a submission: text, place, a name and a phone to be sealed."""
    contact = {"name": "王秀英", "phone": f"139{chance.randrange(10**8):08}"}
    return json.dumps({"text": words(chance), "place": {"name": chance.choice(WHERE)}, "contact": contact})


def known_matters(site: Site) -> list[tuple[str, str]]:
    """Matters told now over HTTP, by number and query code."""
    return [_submit(site.ours) for _ in range(KNOWN)]


def operations(site: Site) -> list[Operation]:
    """All of them, on matters that are there."""
    matters, floors = known_matters(site), _floor_numbers(site)
    _settle(site)
    follow = [Request("GET", f"/api/v1/matters/{number}", {"X-Matter-Secret": code}) for number, code in matters]
    bearer, cookie = {"Authorization": f"Bearer {site.deputy}"}, carrying(site.app, site.office)
    box = "/api/v1/deputy/matters?box=todo&limit=50"
    deep = f"{box}{_deep(site, box, bearer)}"
    lists = [Request("GET", f"/deputies/{number}/matters") for number in range(DEPUTIES)]
    middle = quote(_middle(site))
    before = [Request("GET", f"{each.path}?before={middle}") for each in lists]
    detail = [Request("GET", f"/matters/{number}") for number in floors]
    claims = [Request("POST", f"/matters/{number}/claim") for number in floors]
    return [
        Operation(
            "create", _creates, lambda _: [Request("POST", "/matters", None, told(random.Random(1)))], 0.50, True
        ),
        Operation("detail", lambda _: follow, lambda _: detail, 0.50),
        Operation("list", lambda _: [Request("GET", box, bearer)], lambda _: lists, 0.60),
        Operation("list deep", lambda _: [Request("GET", deep, bearer)], lambda _: before, 0.60),
        Operation("move", _claims, lambda _: claims, 0.45, True),
        Operation("search", lambda _: [Request("GET", f"/console/?box=all&q={quote('井盖')}", cookie)]),
        Operation("station page", lambda _: [Request("GET", f"/s/{STATION}")]),
        Operation("console inbox", lambda _: [Request("GET", "/console/?box=all", cookie)]),
    ]


def _creates(_: Site) -> list[Request]:
    chance, path = random.Random(), f"/api/v1/stations/{STATION}/matters"
    return [Request("POST", path, {"Idempotency-Key": secrets.token_hex(8)}, told(chance)) for _ in range(SUPPLY)]


def _claims(site: Site) -> list[Request]:
    """Claims of matters nobody has claimed yet."""
    waiting = """SELECT number FROM cases JOIN matters ON case_id = id JOIN accounts USING (deputy_id)
        JOIN sessions ON account_id = accounts.id WHERE state = 'with_deputy' AND claimed_at IS NULL
        ORDER BY sessions.created_at DESC, cases.created_at DESC LIMIT %s"""
    with psycopg.connect(site.database) as connection:
        numbers = [number for (number,) in connection.execute(waiting, (SUPPLY,))]
    bearer = {"Authorization": f"Bearer {site.deputy}"}
    return [Request("POST", f"/api/v1/deputy/matters/{number}/claim", bearer, "{}") for number in numbers]


def _submit(port: int) -> tuple[str, str]:
    headers = {"Idempotency-Key": secrets.token_hex(8), "Content-Type": "application/json"}
    address = f"http://127.0.0.1:{port}/api/v1/stations/{STATION}/matters"
    with urlopen(Call(address, told(random.Random()).encode(), headers)) as answer:
        found = json.load(answer)
    return found["number"], found["secret"]


def _floor_numbers(site: Site) -> list[str]:
    for _ in range(KNOWN):
        body = told(random.Random()).encode()
        urlopen(Call(f"http://127.0.0.1:{site.floor}/matters", body, {"Content-Type": "application/json"})).close()
    with psycopg.connect(site.database) as connection:
        return [number for (number,) in connection.execute("SELECT number FROM floor.matters LIMIT %s", (SUPPLY,))]


def _settle(site: Site) -> None:
    """Fill the floor's lists, and have plans made anew, as autovacuum does in time: those of empty tables read all."""
    told = {"deputies": DEPUTIES, "count": DEPUTIES * PAGES * PAGE, "text": words(random.Random(1))}
    with psycopg.connect(site.database, autocommit=True) as connection:
        connection.execute(FILL, told)
        connection.execute("ANALYZE")


def _deep(site: Site, box: str, bearer: dict[str, str]) -> str:
    """What asks for the page some pages on."""
    after = ""
    for _ in range(5):
        with urlopen(Call(f"http://127.0.0.1:{site.ours}{box}{after}", headers=bearer)) as answer:
            following = json.load(answer)["next"]
        if following is None:
            break
        after = f"&after={quote(following)}"
    return after


def _middle(site: Site) -> str:
    with psycopg.connect(site.database) as connection:
        middle = "SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY created_at) FROM floor.matters"
        return connection.execute(middle).fetchone()[0].isoformat()
