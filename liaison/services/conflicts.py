"""Name whom a matter is about, let them out again, and take the matter out of their hands meanwhile."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update

from liaison.db import session
from liaison.domain.actors import SYSTEM, Actor
from liaison.domain.conflict import Parties, Source
from liaison.domain.errors import Conflict as Contradiction
from liaison.domain.errors import Invalid, NotFound
from liaison.domain.policy import require
from liaison.models.cases import Case
from liaison.models.conflicts import Conflict
from liaison.models.departments import Department
from liaison.models.matters import Matter
from liaison.models.notices import Notice
from liaison.models.people import Deputy, Leadership
from liaison.models.regions import Region
from liaison.models.stations import Station
from liaison.services import assignments, audit, cases, parties, stations
from liaison.services.announcements import announce
from liaison.services.parties import ACCOUNT, Party
from liaison.services.reach import accounts_in_conflict

WITH_DEPUTY = ("submitted", "needs_info", "with_deputy")
"""The states in which another deputy takes the place of one in conflict; later the office does."""


def bar(
    actor: Actor,
    number: str,
    *,
    department: str | None = None,
    deputy: str | None = None,
    account: str | None = None,
    reason: str,
    now: datetime,
) -> Case:
    """Put one party into a matter's conflict set, and take the matter out of its hands at once.

    What the text only seemed to name is confirmed by this. Raises Invalid unless exactly one known party is named, and
    for the actor's own account: whoever steps aside is put in by a colleague, so that somebody stays to handle it.
    """
    require(actor.role, "office.bar")
    case = cases.lock_case(actor, number)
    named = {kind: code for kind, code in zip(parties.KINDS, (department, deputy, account), strict=True) if code}
    if len(named) != 1:
        raise Invalid({"department": ["请选择一个单位、一位代表或一个账号，一次登记一个。"]})
    ((kind, code),) = named.items()
    party = parties.find_party(kind, code)
    if party is None:
        raise Invalid({kind: ["没有找到，请重新选择。"]})
    if party.id == actor.account_id:
        raise Invalid({ACCOUNT: ["您本人需要回避的，请由另一位工作人员登记，以免无人办理。"]})
    for each in _with_lead(case):
        parties.put(each, [party], Source.OFFICE, actor, now, kind="bar", reason=reason)
        take_away(each, actor, now)
    _note(actor, "conflict.bar", case, party, now)
    return case


def lift(actor: Actor, number: str, party: str, reason: str, *, now: datetime) -> Case:
    """Let a party ("department:housing") out of the conflict set, with a reason.

    It may be dispatched to again, and still does not learn who the resident is. Raises Invalid for a party that is
    not in the set, Conflict for one let out before.
    """
    require(actor.role, "office.lift_bar")
    case = cases.lock_case(actor, number)
    found = next((each for each in parties.barred(case) if each.party.key == party), None)
    if found is None:
        raise Invalid({"party": ["这件事项没有登记这个回避对象，请刷新后再试。"]})
    if found.row.lifted_at is not None:
        raise Contradiction("这个回避已经解除，请刷新后再看。")
    parties.lift(case, found.party, actor, now, reason=reason)
    _note(actor, "conflict.lift", case, found.party, now)
    return case


def take_away(case: Case, actor: Actor, now: datetime) -> None:
    """Take a case out of the hands of whoever is in conflict with it: unsent notices, assignments, the deputy."""
    barred = parties.parties_of(case.id)
    unsent = update(Notice).where(
        Notice.case_id == case.id, Notice.state == "due", Notice.recipient_id.in_(accounts_in_conflict(case.id))
    )
    session.execute(unsent.values(state="cancelled", settled_at=now), execution_options={"synchronize_session": False})
    assignments.recall(case, barred.departments, actor, now)
    if case.closed_at is None and case.deputy_id and parties.concerned(barred, {case.deputy_id}):
        _replace_deputy(case, barred, actor, now)


def lead_departments(actor: Actor, deputy_code: str, codes: Sequence[str], *, now: datetime) -> Deputy:
    """Say which departments a deputy leads, in place of what was said before; matters about them leave the deputy.

    Raises NotFound for an unknown deputy, Invalid for an unknown department.
    """
    deputy = stations.find_deputy(deputy_code)
    if deputy is None:
        raise NotFound(f"没有代号为“{deputy_code}”的代表。")
    set_leads(actor, deputy, [assignments.get_department(code) for code in dict.fromkeys(codes)], now=now)
    return deputy


def set_leads(actor: Actor, deputy: Deputy, led: Sequence[Department], *, now: datetime) -> None:
    """The same for rows that were looked up, also of departments that are retired: their old matters are still open."""
    for row in session.scalars(select(Leadership).where(Leadership.deputy_id == deputy.id)):
        session.delete(row)
    session.flush()
    session.add_all(Leadership(deputy_id=deputy.id, department_id=each.id) for each in led)
    session.flush()
    about = select(Conflict.case_id).where(
        Conflict.party_id.in_([each.id for each in led]), Conflict.lifted_at.is_(None)
    )
    held = select(Case.id).where(Case.deputy_id == deputy.id, Case.closed_at.is_(None), Case.id.in_(about))
    for case_id in session.scalars(held.order_by(Case.number)).all():
        take_away(cases.lock_by_id(case_id), SYSTEM, now)
    region = session.get_one(Region, deputy.region_id)
    audit.note(
        actor,
        "conflict.leads",
        now,
        about=deputy.code,
        region_path=region.path,
        data={"departments": [each.code for each in led]},
    )


def _replace_deputy(case: Case, barred: Parties, actor: Actor, now: datetime) -> None:
    """Give a case to the next deputy of its station's roster; with none left, or later on, to the office."""
    matter = session.get_one(Matter, case.id)
    station = session.get(Station, case.station_id) if case.state in WITH_DEPUTY and case.station_id else None
    choice = stations.choose(station, barred, now) if station else None
    case.deputy_id, matter.claimed_at = choice.deputy_id if choice else None, None
    if choice:
        matter.routing = matter.routing | stations.reasons_of(choice)
    if case.state == "needs_info" and case.deputy_id is None and case.came_from == "with_deputy":
        cases.resume_as(case, "handed_over", now)
    if case.state != "with_deputy":
        return
    if case.deputy_id is None:
        announce(case, cases.move(case, "take_over", actor, now), now)
    else:
        name = session.get_one(Deputy, case.deputy_id).name
        announce(case, cases.record(case, "pass", actor, now, data={"deputy": name}), now)


def _with_lead(case: Case) -> list[Case]:
    """A case, and the one it was merged into: what is about somebody there is told here."""
    return [case, cases.lock_by_id(case.merged_into_id)] if case.merged_into_id else [case]


def _note(actor: Actor, act: str, case: Case, party: Party, now: datetime) -> None:
    data = {"party": party.name, "kind": party.kind}
    audit.note(actor, act, now, about=case.number, region_path=case.region_path, data=data)
