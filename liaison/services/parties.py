"""The conflict set of a case: who is in it, put in, taken out (`domain.conflict`). Only rows and their events.

What a case in conflicting hands then needs is done by `services.conflicts`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from liaison.db import forget, lasting, session
from liaison.domain.actors import Actor
from liaison.domain.conflict import Parties, Person, Source, learns_identity
from liaison.models.cases import Case
from liaison.models.conflicts import Conflict
from liaison.models.departments import Department
from liaison.models.people import Account, Deputy, Leadership
from liaison.services import cases
from liaison.services.reach import concerning

DEPARTMENT, DEPUTY, ACCOUNT = "department", "deputy", "account"
KINDS = {DEPARTMENT: Department, DEPUTY: Deputy, ACCOUNT: Account}


@dataclass(frozen=True)
class Party:
    """A department, a deputy or an account: what it is called, and by which code."""

    kind: str
    id: UUID
    code: str
    name: str

    @property
    def key(self) -> str:
        """How forms and the API name it: "department:housing"."""
        return f"{self.kind}:{self.code}"


@dataclass(frozen=True)
class Barred:
    """A party of a case's conflict set with its row."""

    party: Party
    row: Conflict


def find_party(kind: str, code: str) -> Party | None:
    """The active department or deputy of that code, or account of that username."""
    model = KINDS.get(kind)
    if model is None:
        return None
    found = session.scalar(select(model).where(_code(model) == code, model.active))
    return Party(kind, found.id, code, found.name) if found else None


def parties_of(case_id: UUID) -> Parties:
    """Who is in conflict with a case now."""
    rows = select(Conflict.kind, Conflict.party_id).where(Conflict.case_id == case_id, Conflict.lifted_at.is_(None))
    by_kind: dict[str, set[UUID]] = defaultdict(set)
    for kind, party_id in session.execute(rows):
        by_kind[kind].add(party_id)
    return Parties(*(frozenset(by_kind[kind]) for kind in (DEPARTMENT, DEPUTY, ACCOUNT)))


def barred(case: Case) -> list[Barred]:
    """The whole conflict set of a case, what was lifted last, each with the party's name."""
    rows = session.scalars(
        select(Conflict)
        .where(Conflict.case_id == case.id)
        .order_by(Conflict.lifted_at.is_not(None), Conflict.at, Conflict.party_id)
    ).all()
    named = {party.id: party for party in _parties(rows)}
    return [Barred(named[row.party_id], row) for row in rows]


def put(
    case: Case, found: Iterable[Party], source: Source, actor: Actor, now: datetime, *, kind: str, reason: str = ""
) -> None:
    """Put parties into the conflict set, with one internal event of that kind; who is in it already has it anew."""
    parties = list(found)
    for party in parties:
        row = session.get(Conflict, (case.id, party.id)) or Conflict(case_id=case.id, party_id=party.id)
        row.kind, row.source, row.reason = party.kind, source, reason
        row.at, row.by_id, row.lifted_at = now, actor.account_id, None
        session.add(row)
    cases.record(case, kind, actor, now, text=reason, data=_told(parties), internal=True)
    forget()


def lift(case: Case, party: Party, actor: Actor, now: datetime, *, reason: str) -> None:
    """Let a party out of the conflict set; the row stays, so that it still does not learn who the resident is."""
    row = session.get_one(Conflict, (case.id, party.id))
    row.lifted_at, row.lifted_by_id, row.lifted_reason = now, actor.account_id, reason
    cases.record(case, "lift_bar", actor, now, text=reason, data=_told([party]), internal=True)
    forget()


def concerned(parties: Parties, deputies: Collection[UUID]) -> set[UUID]:
    """Those of the deputies who are in conflict: named themselves, or leading a department that is."""
    leads = lasting("leaderships", _leaderships)
    return {
        id_ for id_ in deputies if parties.concern(Person(deputy_id=id_, leads=frozenset(leads.get(id_, frozenset()))))
    }


def may_learn_identity(actor: Actor, case: Case) -> bool:
    """Whether the actor may see who the resident is if the resident agreed: never was in conflict with the case."""
    rows = select(Conflict.source, Conflict.lifted_at).where(Conflict.case_id == case.id, concerning(actor))
    return all(learns_identity(source, stands=lifted_at is None) for source, lifted_at in session.execute(rows))


def _leaderships() -> dict[UUID, set[UUID]]:
    leads: dict[UUID, set[UUID]] = {}
    for deputy_id, department_id in session.execute(select(Leadership.deputy_id, Leadership.department_id)):
        leads.setdefault(deputy_id, set()).add(department_id)
    return leads


def _parties(rows: Iterable[Conflict]) -> Iterable[Party]:
    ids: dict[str, list[UUID]] = defaultdict(list)
    for row in rows:
        ids[row.kind].append(row.party_id)
    for kind, wanted in ids.items():
        model = KINDS[kind]
        for found in session.execute(select(model.id, _code(model), model.name).where(model.id.in_(wanted))):
            yield Party(kind, *found)


def _code(model: type):
    return Account.username if model is Account else model.code


def _told(parties: Iterable[Party]) -> dict[str, list[str]]:
    return {"parties": [party.name for party in parties]}
