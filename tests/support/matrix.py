"""What is needed to ask every route as every role: a world with something on both sides of every border.

The routes come from the application, so that a new one is asked as soon as `KINDS` knows what its address names.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from liaison.db import db, session, transaction
from liaison.domain.actors import DEPARTMENT_ROLES, OFFICE_ROLES, Role
from liaison.domain.boxes import Box
from liaison.domain.numbers import make_number
from liaison.models.base import new_id
from liaison.models.bindings import Binding
from liaison.models.boards import Board
from liaison.models.conflicts import Conflict
from liaison.models.departments import Department, RoutingRule
from liaison.models.imports import Import
from liaison.models.people import Deputy, Recovery
from liaison.models.samples import Sample, Sampled
from liaison.models.stations import Station
from liaison.services import photos, published_photos, vault
from liaison.services.anchors import days, put_anchor
from liaison.services.published_photos import Covered
from liaison.web.console.panels import forms_of as forms_by_role
from liaison.web.resident.access import HEADER
from tests.support.forms import forms_of
from tests.support.journey import KEPT_JSON, Journey, Matter
from tests.support.life import SAID, TEXT, Life
from tests.support.pictures import photo
from tests.support.town import COUNTY

ABSENT = make_number("matter", 2026, 999_999)
ACCOUNTS = {
    Role.DEPUTY: "deputy",
    Role.HANDLER: "housing_handler",
    Role.APPROVER: "housing_approver",
}  # the others are called like their role
ROLES = tuple(role for role in Role if role is not Role.SYSTEM)
WITHOUT_SESSION = (Role.ANYONE, Role.RESIDENT)
SIGNED = ("callback.receive", "file.check", "board.show", "duty.feed")
"""Actions whose doors a signature opens, whoever knocks; each has its own tests."""

NAMING = ("number", "reference", "code", "region", "rule_id", "notice_id", "day", "account_id", "recovery_id")
NAMING += ("board_id", "sample_id", "import_id", "binding_id", "proof")
"""The arguments of addresses that name a thing."""

KINDS = {
    "/api/v1/deputy/matters/<reference>": "case",
    "/api/v1/office/matters/<reference>": "case",
    "/api/v1/department/assignments/<reference>": "assignment",
    "/api/v1/matters/<number>": "code",
    "/api/v1/public/<number>": "published",
    "/api/v1/stations/<code>": "station",
    "/console/accounts/<uuid:account_id>": "account",
    "/console/assignments/<reference>": "assignment",
    "/console/bindings/<uuid:binding_id>": "binding",
    "/console/bindings/deputies/<uuid:account_id>": "deputy account",
    "/console/boards/<uuid:board_id>": "board",
    "/console/cases/<number>": "case",
    "/console/categories/<code>": "category",
    "/console/departments/<code>": "department in the register",
    "/console/deputies/<code>": "deputy in the register",
    "/console/imports/<uuid:import_id>": "import",
    "/console/ladders/<region>": "region",
    "/console/merging/<number>": "case",
    "/console/outbox/<uuid:notice_id>": "notice",
    "/console/publishing/<number>": "case",
    "/console/queue/": "case",
    "/console/recoveries/<uuid:recovery_id>": "recovery",
    "/console/rules/<uuid:rule_id>": "rule",
    "/console/samples/<uuid:sample_id>": "sample",
    "/console/settings/<region>": "region",
    "/console/signing/<reference>": "assignment",
    "/console/stations/<code>": "roster",
    "/deputies/<code>": "deputy on the roster",
    "/files/<number>/<int(max=9999):position>": "file",
    "/files/<number>/lead/": "file of a lead",
    "/m/<number>": "code",
    "/public/<number>": "published",
    "/public/anchors/<day>.json": "anchor",
    "/s/<code>": "station",
    "/<proof>.txt": "proof of the domain",
    "/s/<proof>.txt": "proof of the domain",
}
"""What the first argument of an address names, by how its rule begins."""

BODIES: Mapping[str, Mapping[str, Any]] = {
    "accept": {},
    "acknowledge": {},
    "additions": {"text": "北街第三盏。"},
    "approval": {"approve": True},
    "ask": {"question": "请问是哪几盏？"},
    "bar": {"department": "housing", "reason": "反映的就是该局。"},
    "bar-lifting": {"party": "department:traffic", "reason": "只是提到。"},
    "broken-promise": {"text": "没有更换。"},
    "claim": {},
    "consents": {"purpose": "sharing", "agreed": True},
    "contact": {"name": "新称呼", "phone": "13900000000"},
    "dispatch": {"lead": "housing", "complexity": "ordinary"},
    "decision": {"approve": True},
    "erasure": {"confirm": True},
    "erasure-decision": {"approve": True},
    "extension": {"working_days": 3, "reason": "灯具缺货。"},
    "extension-decision": {"assignment": "{target}.1", "approve": True},
    "fulfilment": KEPT_JSON,
    "hold": {"on": True, "reason": "诉讼需要。"},
    "hand-over": {"advice": "情况属实。"},
    "look-back": {"done": True, "text": "灯亮着。"},
    "matters": {"text": TEXT},
    "merge": {"into": "{target}"},
    "merging": {"lead": "{target}"},
    "new": {"text": TEXT},
    "pass": {"deputy": "D004", "reason": "不在我的选区。"},
    "publication": {"title": "路灯", "text": TEXT, "answer": SAID, "consent": True},
    "publishing": {"title": "路灯", "text": TEXT, "answer": SAID, "consent": True},
    "rating": {"result": "satisfied", "attitude": 5, "speed": 5},
    "redirect": {"channel": "litigation"},
    "refusal": {"reason": "不属实。", "channel": "other"},
    "reopening": {"text": "又不亮了。"},
    "reply": {"text": SAID, "outcome": "A"},
    "reply-decision": {"assignment": "{target}.1", "approve": True},
    "return": {"reason": "不归我们。"},
    "return-decision": {"assignment": "{target}.1", "approve": True},
    "restore": {"reason": "应当受理。"},
    "reveal": {"reason": "回访核实，电话里问清楚路灯。"},
    "reveal-decision": {"position": 1, "approve": True},
    "reveal-end": {"position": 1},
    "end": {},
    "send-back": {"reason": "请先核实。"},
    "unpublication": {"reason": "当事人要求。"},
    "verdict": {"accept": True},
    "withdrawal": {},
    # the console's own pages
    "code": {"code": "000000"},
    "codes": {"code": "000000"},
    "disable": {},
    "drop": {"code": "000000"},
    "enable": {},
    "offer": {"code": "000000"},
    "others": {},
    "password": {},
    "place": {},
    "categories": {"name": "道路", "complexity": "ordinary"},
    "departments": {"name": "住建局", "region": COUNTY},
    "deputies": {"name": "刘在岗", "level": "county", "region": COUNTY},
    "register": {"name": "城东站", "kind": "station", "region": COUNTY},
    "recover": {},
    "recovery": {"reason": "手机丢了，已当面核实。"},
    "retire": {},
    "revoke": {},
    "undo": {},
    "unlock": {},
    "absence": {"deputy": "D003"},
    "values": {"group": "answers"},
    "boards": {"name": "一楼大厅", "region": COUNTY},
    "close": {},
    "take-back": {"change": "00000000-0000-0000-0000-000000000000"},
    "duty-day": {"day": "2099-01-01", "change": "off"},
    "address": {"channel": "sms", "address": "13812345678"},
    "confirm": {},
    "order": {"channel": "sms", "act": "up"},
    "resume": {"channel": "log"},
    "reset": {},
    "rules": {"department": "housing", "region": COUNTY, "priority": "10", "reason": "职责清单"},
    "invite": {},
    "openid": {},
    "userid": {},
    "phone": {},
    "refuse": {},
    "release": {},
    "cancel": {},
    "send_again": {},
    "rungs": {},
    "samples": {"since": "2026-01-01", "until": "2026-12-31", "amount": "10", "unit": "percent"},
    "screening": {"on": True},
    "switch": {"on": True},
    "keys": {"on": True},
    "views": {"name": "路灯", "query": "q=路灯"},
    "removal": {"name": "路灯"},
    "notes": {"text": "已电话联系施工队。"},
    "draft": {"draft_form": "reply", "text": "现场查看"},
    "forgotten": {"draft_form": "reply"},
    "quick-replies": {"name": "路灯", "text": "已更换灯具。"},
    "discard": {},
    "bindings": {},
    "bring-back": {},
    "signing": {"approve": True},
    "take": {},
    "terms": {},
    "turn": {"deputy": "D003", "act": "up"},
    # without arguments
    "check-in": {},
    "import": {},
    "imports": {"kind": "deputy"},
    "leaving": {},
    "opened": {"number": ABSENT},
    "unbinding": {"number": ABSENT},
    "m": {"number": ABSENT, "code": "ABCD-EFGH-JKMN"},
    "preview": {},
    "sessions": {},
    "wechat": {},
    "sign-in": {},
    "sign-out": {},
}
"""A body that passes every check of its fields, by the last word of the address."""


@dataclass(frozen=True)
class Targets:
    """What one kind of address may name for one role, by what ties the role to it; None where there is no such thing.

    `other` is another's in the own region, `sibling` the neighbour county's, `parent` the city's above both; `party` is
    one's own but for a conflict with it.
    """

    own: str | None
    absent: str
    other: str | None = None
    sibling: str | None = None
    parent: str | None = None
    party: str | None = None

    @property
    def foreign(self) -> Mapping[str, str]:
        """What must look exactly like what is absent."""
        named = {"other": self.other, "sibling": self.sibling, "parent": self.parent, "party": self.party}
        return {relation: target for relation, target in named.items() if target is not None}


@dataclass(frozen=True)
class World:
    """The town with something for everybody, on both sides of every border."""

    journey: Journey
    east: Matter
    west: Matter
    free: Matter
    far: Matter
    high: Matter
    published: Matter
    barred: Matter
    merged: Matter
    rules: Mapping[str, UUID]
    notices: Mapping[str, UUID]
    anchored: str
    recoveries: Mapping[str, UUID]
    samples: Mapping[str, UUID]
    imports: Mapping[str, UUID]
    bindings: Mapping[str, UUID]
    boards: Mapping[str, UUID]

    def targets(self, kind: str, role: Role) -> Targets:
        """What an address of that kind may name for a role."""
        return getattr(self, f"_{kind.replace(' ', '_')}")(role)

    def _case(self, role: Role) -> Targets:
        far = {"sibling": str(self.far), "parent": str(self.high), "party": str(self.barred)}
        if role in OFFICE_ROLES:
            return Targets(str(self.free), ABSENT, **far)
        reaches = role in {Role.DEPUTY, Role.LIAISON} | DEPARTMENT_ROLES
        return Targets(str(self.east) if reaches else None, ABSENT, other=str(self.west), **far)

    def _proof_of_the_domain(self, role: Role) -> Targets:
        return Targets(None, "NOPE")

    def _assignment(self, role: Role) -> Targets:
        far = {"sibling": f"{self.far}.1", "parent": f"{self.high}.1", "party": self.barred.part(1)}
        if role in DEPARTMENT_ROLES:
            return Targets(self.east.part(1), f"{ABSENT}.1", other=self.east.part(2), **far)
        return Targets(None, f"{ABSENT}.1", other=None if role in OFFICE_ROLES else self.west.part(1), **far)

    def _code(self, role: Role) -> Targets:
        own = str(self.east) if role is Role.RESIDENT else None
        far = {"sibling": str(self.far), "parent": str(self.high), "party": str(self.barred)}
        return Targets(own, ABSENT, other=str(self.west), **far)

    def _file(self, role: Role) -> Targets:
        return self._code(role) if role is Role.RESIDENT else self._case(role)

    def _file_of_a_lead(self, role: Role) -> Targets:
        return Targets(None, ABSENT, other=str(self.west), sibling=str(self.far), party=str(self.merged))

    def _published(self, role: Role) -> Targets:
        return Targets(str(self.published), ABSENT, other=str(self.east), party=str(self.barred))

    def _deputy_on_the_roster(self, role: Role) -> Targets:
        return Targets("D003", "D404")

    def _department_in_the_register(self, role: Role) -> Targets:
        return Targets("housing", "F404", sibling="F900", parent="F901")

    def _deputy_in_the_register(self, role: Role) -> Targets:
        return Targets("D003", "D404", sibling="D900", parent="D901")

    def _category(self, role: Role) -> Targets:
        return Targets("roads", "C404")

    def _station(self, role: Role) -> Targets:
        return Targets("S001", "S404")

    def _roster(self, role: Role) -> Targets:
        other = "S002" if role is Role.LIAISON else None
        return Targets("S001", "S404", other=other, sibling="S900", parent="S901")

    def _region(self, role: Role) -> Targets:
        return Targets(COUNTY, "999999", sibling="110102", parent="110100")

    def _rule(self, role: Role) -> Targets:
        own, far, high = (str(self.rules[name]) for name in ("own", "far", "high"))
        return Targets(own, str(new_id()), sibling=far, parent=high)

    def _account(self, role: Role) -> Targets:
        accounts = self.journey.life.town.accounts
        return Targets(str(accounts["office"].id), str(new_id()), sibling=str(accounts["other_office"].id))

    def _recovery(self, role: Role) -> Targets:
        own, far = str(self.recoveries["own"]), str(self.recoveries["far"])
        return Targets(own, str(new_id()), sibling=far)

    def _binding(self, role: Role) -> Targets:
        """A phone, which the office confirms; an administrator is shown those of WeCom alone."""
        own, far = str(self.bindings["own"]), str(self.bindings["far"])
        if role is Role.SECURITY_ADMINISTRATOR:
            return Targets(None, str(new_id()), other=own, sibling=far)
        return Targets(own, str(new_id()), sibling=far)

    def _deputy_account(self, role: Role) -> Targets:
        accounts = self.journey.life.town.accounts
        own, other, far = (str(accounts[name].id) for name in ("deputy", "office", "other_office"))
        return Targets(own, str(new_id()), other=other, sibling=far)

    def _sample(self, role: Role) -> Targets:
        own, far, high = (str(self.samples[name]) for name in ("own", "far", "high"))
        return Targets(own, str(new_id()), sibling=far, parent=high)

    def _board(self, role: Role) -> Targets:
        own, far, high = (str(self.boards[name]) for name in ("own", "far", "high"))
        return Targets(own, str(new_id()), sibling=far, parent=high)

    def _import(self, role: Role) -> Targets:
        own, far, high = (str(self.imports[name]) for name in ("own", "far", "high"))
        return Targets(own, str(new_id()), sibling=far, parent=high)

    def _anchor(self, role: Role) -> Targets:
        return Targets(self.anchored, "1999-01-01")

    def _notice(self, role: Role) -> Targets:
        own, far, barred = (str(self.notices[name]) for name in ("own", "far", "barred"))
        return Targets(own, str(new_id()), sibling=far, party=barred)


def build_world(journey: Journey, **more: Any) -> World:
    """Matters, rules and notices of the town, of its neighbour county and of the city above both.

    `more` is told with every matter.
    """
    life, town = journey.life, journey.life.town
    rules = {"own": town.rules[0].id, "far": new_id(), "high": new_id()}
    with transaction():
        for code, name in (("S900", "other_county"), ("S901", "city")):
            region = getattr(town.regions, name)
            session.add(Station(id=new_id(), code=code, name=name, kind="station", region_id=region.id))
            session.add(Deputy(id=new_id(), code=f"D{code[1:]}", name=name, level="county", region_id=region.id))
            session.add(Department(id=new_id(), code=f"F{code[1:]}", name=name, region_id=region.id))
        for name, region in (("far", town.regions.other_county), ("high", town.regions.city)):
            traffic = town.departments.traffic.id
            row = RoutingRule(id=rules[name], region_path=region.path, priority=1, department_id=traffic, reason="职责")
            session.add(row)
    picture = photo(size=(60, 40))
    east = journey.tells(photos=[picture], **more)
    journey.office("accept", east)
    journey.deputy("hand-over", east, advice="情况属实。")
    journey.office("dispatch", east, lead="housing", assisting=["water"], complexity="ordinary")
    west = journey.tells(station="S002", photos=[picture], **more)
    journey.desk("other_deputy")("hand-over", west, advice="情况属实。")
    journey.office("dispatch", west, lead="traffic", complexity="ordinary")
    published = journey.comes_to("closed", photos=[picture], **more)
    journey.office("publication", published, title="路灯", text=TEXT, answer=SAID, consent=True)
    show_photo(journey, published)
    with transaction():
        session.merge(town.deputies.other).absent_until = life.today.replace(month=12)
    free = journey.tells(station="S002", photos=[picture], **more)
    journey.office("dispatch", free, lead="housing", complexity="ordinary")
    journey.office("reveal", free, reason="回访核实，电话里问清楚路灯。")
    barred, merged = journey.tells(photos=[picture], **more), journey.tells(photos=[picture], **more)
    journey.office("accept", barred)
    journey.office("merge", merged, into=barred.number)
    journey.deputy("hand-over", barred, advice="情况属实。")
    journey.office("dispatch", barred, lead="housing", assisting=["water"], complexity="ordinary")
    far, high = (journey.tells(station=code, photos=[picture], **more) for code in ("S900", "S901"))
    journey.desk("other_office")("reveal", far, reason="回访核实，电话里问清楚路灯。")
    notices = {"own": dead(life, free), "far": dead(life, far), "barred": dead(life, barred)}
    wishes = {"own": wish(life, "office", "second_security"), "far": wish(life, "other_office", "second_security")}
    bar_everybody(life, barred)
    matters = (east, west, free, far, high, published, barred, merged)
    told = (rules, notices, anchored(journey), wishes, lots(life, published), tables(life), phones(life), screens(life))
    return World(journey, *matters, *told)


def screens(life: Life) -> dict[str, UUID]:
    """A screen on a wall of the town's region, of its neighbour and of the city above."""
    regions = {"own": life.town.regions.county, "far": life.town.regions.other_county, "high": life.town.regions.city}
    made = {name: new_id() for name in regions}
    until = life.clock() + timedelta(days=90)
    with transaction():
        for name, region in regions.items():
            told = {"created_at": life.clock(), "created_by": "某人", "expires_at": until}
            session.add(Board(id=made[name], name="一楼大厅", region_id=region.id, **told))
    return made


def wish(life: Life, username: str, by: str) -> UUID:
    """That somebody be let in again, asked for and not confirmed yet."""
    accounts, now = life.town.accounts, life.clock()
    row = Recovery(
        id=new_id(),
        account_id=accounts[username].id,
        reason="手机丢了。",
        asked_by_id=accounts[by].id,
        asked_at=now,
        first_digest=b"1",
        expires_at=now + timedelta(hours=24),
    )
    session.add(row)
    session.commit()
    return row.id


def phones(life: Life) -> dict[str, UUID]:
    """Phones that wait to be bound to an account, within the office's reach and outside."""
    found = {"own": new_id(), "far": new_id()}
    with transaction():
        for name, username in (("own", "deputy"), ("far", "other_office")):
            account_id, now = life.town.accounts[username].id, life.clock()
            times = {"asked_at": now, "expires_at": now + timedelta(days=7)}
            session.add(Binding(id=found[name], kind=vault.OPENID, account_id=account_id, **times))
            vault.keep_mark(found[name], vault.ASKED, f"oPHONE{name}0000000000000000", life.keys)
    return found


def show_photo(journey: Journey, matter: Matter) -> None:
    """Publish the photo of a published matter, covered."""
    store, case_id = journey.app.extensions["liaison"].store, journey.life.case(matter.number).id
    kept = photos.keep(store, photos.cover(photo(size=(60, 40)), [(0.0, 0.0, 0.5, 0.5)]))
    with transaction():
        published_photos.replace(case_id, [Covered(1, [Box(0, 0, 50, 50)], kept)], journey.clock())


def lots(life: Life, matter: Matter) -> dict[str, UUID]:
    """A sample in the town's region, in its neighbour and in the city above, each of the same case."""
    regions = {"own": life.town.regions.county, "far": life.town.regions.other_county, "high": life.town.regions.city}
    filters = {"since": "2026-01-01", "until": "2026-12-31", "department": "", "station": ""}
    case_id, by = life.case(matter.number).id, life.town.accounts["office"]
    drawn = {name: new_id() for name in regions}
    with transaction():
        for name, region in regions.items():
            told = {"seed": "00", "filters": filters, "population": 1, "by_id": by.id, "by_name": by.name}
            session.add(Sample(id=drawn[name], region_path=region.path, at=life.clock(), **told))
        session.flush()
        session.add_all(Sampled(sample_id=id_, case_id=case_id, position=1) for id_ in drawn.values())
    return drawn


def tables(life: Life) -> dict[str, UUID]:
    """A table of deputies that was looked over, in the town's region, in its neighbour and in the city above."""
    regions = {"own": life.town.regions.county, "far": life.town.regions.other_county, "high": life.town.regions.city}
    by, now = life.town.accounts["administrator"], life.clock()
    told = {"kind": "deputy", "file_name": "代表.xlsx", "sha256": "00", "lines": [], "changes": [], "faults": []}
    told |= {"counts": {"new": 0, "changed": 0, "gone": 0, "same": 0, "wrong": 0}, "by_id": by.id, "by_name": by.name}
    told |= {"stage": "", "tries": 0, "progress": 0}
    rows = {name: Import(id=new_id(), region_path=region.path, at=now, **told) for name, region in regions.items()}
    for row in rows.values():
        row.expires_at = now + timedelta(days=1)
    with transaction():
        session.add_all(rows.values())
    return {name: row.id for name, row in rows.items()}


def bar_everybody(life: Life, matter: Matter) -> None:
    """Let every account be in conflict with a matter that they worked on, as if none of it had been taken away yet."""
    case_id, now = life.case(matter.number).id, life.clock()
    housing, deputy = life.town.departments.housing.id, life.town.deputies.present.id
    parties = {housing: "department", deputy: "deputy"}
    parties |= {account.id: "account" for account in life.town.accounts.values()}
    with transaction():
        session.add_all(
            Conflict(case_id=case_id, party_id=id_, kind=kind, source="office", at=now) for id_, kind in parties.items()
        )


def anchored(journey: Journey) -> str:
    """A day of which there is an anchor."""
    config = journey.app.extensions["liaison"].config
    folder = Path(config.history.anchors)
    put_anchor(folder, config.secrets.anchor_key, journey.clock())
    return days(folder)[0].isoformat()


def dead(life: Life, matter: Matter) -> UUID:
    """One of a matter's notices, which could not be sent."""
    notice = life.notices(matter.number, channel="log")[0]
    notice.state = "dead"
    session.commit()
    return notice.id


@dataclass(frozen=True)
class Cell:
    """One route with one method, as one role would ask it; `word` is what its address offers a choice of."""

    rule: Rule
    method: str
    action: str
    word: str = ""

    @property
    def kind(self) -> str:
        """What the address names; empty when it names nothing."""
        if not self.rule.arguments & set(NAMING):
            return ""
        found = [kind for start, kind in KINDS.items() if self.rule.rule.startswith(start)]
        assert found, f"{self.rule.rule}: say in KINDS what this address names, and in World who has one"
        return found[0]

    @property
    def is_move(self) -> bool:
        """Whether this is the console's one door for all moves, which looks up the form's own action."""
        return self.method == "POST" and "name" in self.rule.arguments

    @property
    def body(self) -> Mapping[str, Any]:
        """What is sent."""
        name = self.word or [part for part in self.rule.rule.split("/") if not part.startswith("<")][-1]
        assert name in BODIES, f"POST {self.rule.rule}: put a body for {name!r} into BODIES"
        return BODIES[name]

    def address(self, target: str) -> str:
        """The address that names the target."""
        given = dict.fromkeys(NAMING, target) | dict.fromkeys(("position", "version"), "1")
        given |= dict.fromkeys(("name", "act"), self.word)
        assert set(given) >= self.rule.arguments - set(self.rule.defaults or ()), (
            f"{self.rule.rule}: put its arguments into NAMING"
        )
        return re.sub(r"<(?:[^<:]+:)?(\w+)>", lambda found: given[found[1]], self.rule.rule)

    def __str__(self) -> str:
        return f"{self.method} {self.address('*')}"


def cells(app: Flask) -> Iterator[Cell]:
    """Everything that can be asked of the application."""
    for rule in app.url_map.iter_rules():
        action = getattr(app.view_functions[rule.endpoint], "policy_action", None)
        is_asked = action and action not in SIGNED
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}) if is_asked else ():
            yield from (Cell(rule, method, action, word) for word in words(rule, method))


def words(rule: Rule, method: str) -> list[str]:
    """The words an address may end with."""
    if "name" in rule.arguments:
        names = {form.name for role in Role for form in forms_by_role(role)}
        return sorted(names) if method == "POST" else ["accept"]
    return sorted(getattr(rule._converters.get("act"), "items", [""]))


class Asker:
    """Somebody of one role with a phone and a browser; nothing asked leaves a trace."""

    def __init__(self, world: World, role: Role) -> None:
        self.world, self.role = world, role
        journey = world.journey
        account = None if role in WITHOUT_SESSION else ACCOUNTS.get(role, str(role))
        self.phone = journey.signs_in(account) if account else journey.phone()
        self.browser = journey.browses(account) if account else journey.phone()
        if role is Role.RESIDENT:
            self.phone.environ_base["HTTP_" + HEADER.upper().replace("-", "_")] = world.east.secret
            self.browser.get(f"/m/{world.east}?c={world.east.secret}")
        page = self.browser.get("/console/" if account else "/console/sign-in")
        self.csrf_token = forms_of(page)[0].values["csrf_token"][0]
        self.cookie = self.browser.get_cookie("session", "testserver").value

    def ask(self, cell: Cell, target: str = "") -> TestResponse:
        """Send one request and undo whatever it did."""
        address = cell.address(target)
        body = {
            name: value.format(target=target) if isinstance(value, str) else value
            for name, value in (cell.body if cell.method == "POST" else {}).items()
        }
        with undone():
            if address.startswith("/api/"):
                key = {"Idempotency-Key": "matrix"}
                return self.phone.open(address, method=cell.method, json=body if body else None, headers=key)
            self.browser.set_cookie("session", self.cookie, domain="testserver")
            data = body | {"csrf_token": self.csrf_token} if cell.method == "POST" else None
            return self.browser.open(address, method=cell.method, data=data)


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is committed within is rolled back."""
    session.commit()
    savepoint = db.engine.begin_nested()
    try:
        yield
    finally:
        savepoint.rollback()
        session.expire_all()
