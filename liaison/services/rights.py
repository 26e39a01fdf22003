"""The resident's rights over what we hold (个人信息保护法 art. 44–50): see it, correct it, have it erased.

For the resident alone, who is whoever has the matter's query code; decided on by the office while a matter is handled.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from liaison.db import session
from liaison.domain.actors import SYSTEM, Actor, Role
from liaison.domain.addresses import plain_phone
from liaison.domain.consent import SWITCHED, Purpose
from liaison.domain.erasure import BY_RIGHT, RIGHT, Part
from liaison.domain.errors import Conflict, Invalid, NotAllowed
from liaison.domain.policy import require
from liaison.models.audit import AuditEntry
from liaison.models.cases import Case
from liaison.models.matters import Matter, Reveal
from liaison.models.notices import Notice
from liaison.models.rights import Agreement, ErasureRequest, Hold
from liaison.services import audit, cases, consents, erasing, recipients, vault
from liaison.services.announcements import announce
from liaison.services.channels import INBOX, SUBSCRIBE, TEMPLATE
from liaison.services.erasing import Ground
from liaison.services.reach import cases_within
from liaison.services.sealing import Keys

BY_REQUEST = Ground(RIGHT, "个人信息保护法第四十七条")


@dataclass(frozen=True)
class Holdings:
    """Everything we hold about a matter's resident beside the matter itself, each list oldest first.

    `readings` are the times an account was shown the contact, `messages` what was sent to the resident.
    """

    contact: vault.Contact | None
    place: vault.Spot | None
    addresses: Sequence[tuple[str, str]]
    agreements: Sequence[Agreement]
    standing: frozenset[str]
    readings: Sequence[AuditEntry]
    reveals: Sequence[Reveal]
    messages: Sequence[Notice]
    requests: Sequence[ErasureRequest]
    erased_at: datetime | None
    is_held: bool
    about_person: str

    @property
    def waits(self) -> bool:
        """Whether a request for erasure waits for the office."""
        return any(each.granted is None for each in self.requests)


def holdings(actor: Actor, case: Case, keys: Keys) -> Holdings:
    """What we hold about the resident of their own case. Raises NotAllowed to anybody else."""
    _refuse_others(actor, case)
    mine = Notice.recipient_id == case.id, Notice.channel != INBOX
    about = AuditEntry.about == case.number
    read = (about, AuditEntry.act == audit.READ_CONTACT)
    return Holdings(
        contact=vault.find_contact(case.id, keys),
        place=vault.find_place(case.id, keys),
        addresses=[(channel, _told(channel, kept)) for (_, channel), kept in _addresses(case, keys)],
        agreements=(agreed := consents.agreements(case)),
        standing=frozenset(each.purpose for each in agreed if each.withdrawn_at is None),
        readings=session.scalars(select(AuditEntry).where(*read).order_by(AuditEntry.seq)).all(),
        reveals=session.scalars(select(Reveal).where(Reveal.case_id == case.id).order_by(Reveal.position)).all(),
        messages=session.scalars(select(Notice).where(*mine).order_by(Notice.created_at, Notice.id)).all(),
        requests=_requests(case),
        erased_at=session.scalar(
            select(AuditEntry.at).where(about, AuditEntry.act == audit.ERASE).order_by(AuditEntry.seq.desc()).limit(1)
        ),
        is_held=session.get(Hold, case.id) is not None,
        about_person=session.get_one(Matter, case.id).about_person,
    )


def correct_contact(actor: Actor, number: str, contact: vault.Contact, keys: Keys, *, now: datetime) -> Case:
    """Put a resident's contact in place of the one before (art. 46); the history tells that, and not the values."""
    case = cases.lock_case(actor, number)
    _refuse_others(actor, case)
    before = vault.find_contact(case.id, keys) or vault.Contact()
    fields = [name for name in ("name", "phone") if getattr(before, name) != getattr(contact, name)]
    if not fields:
        return case
    vault.drop_contact(case.id)
    vault.keep_contact(case.id, contact, keys)
    is_told = Purpose.NOTICES in consents.standing(case)
    if is_told and "phone" in fields and not consents.keep_mobile(case, contact.phone, keys, now):
        consents.drop_mobile(case, now)
    cases.record(case, "correct_contact", actor, now, data={"fields": fields})
    return case


def ask_erasure(actor: Actor, number: str, confirmed: bool, keys: Keys, *, now: datetime) -> Case:
    """Erase the resident's data at once when the matter is closed; else, or while it is held, ask the office.

    Raises Invalid unless confirmed, Conflict when a request waits already.
    """
    if not confirmed:
        raise Invalid({"confirm": ["请先勾选“我已看清”。"]})
    case = cases.lock_case(actor, number)
    _refuse_others(actor, case)
    requests = _requests(case)
    if requests and requests[-1].granted is None:
        raise Conflict("您的删除要求已经收到，人大办正在处理，请留意进度。")
    if case.closed_at and session.get(Hold, case.id) is None:
        _erase(case, actor, keys, now)
    else:
        session.add(ErasureRequest(case_id=case.id, asked_at=now))
        announce(case, cases.record(case, "ask_erasure", actor, now), now, to=recipients.office(case))
    return case


def decide_erasure(actor: Actor, number: str, approve: bool, text: str, keys: Keys, *, now: datetime) -> Case:
    """Grant a waiting request, which erases at once, or decline it with reasons that the resident reads (art. 50).

    Raises Conflict when none waits or the matter is held, Invalid for a refusal without reasons.
    """
    require(actor.role, "office.erasure_decision")
    case = cases.lock_case(actor, number)
    requests = _requests(case)
    if not requests or requests[-1].granted is not None:
        raise Conflict("没有等待处理的删除要求。")
    if not approve and not text:
        raise Invalid({"text": ["不同意删除的，请写明理由，群众会看到。"]})
    if approve and session.get(Hold, case.id):
        raise Conflict("这件事项正依法保留，解除保留以后才能删除。")
    asked = requests[-1]
    asked.granted, asked.decided_at, asked.decided_by_id = approve, now, actor.account_id
    if approve:
        _erase(case, actor, keys, now)
    else:
        announce(case, cases.record(case, "decline_erasure", actor, now, text=text), now, to=())
    return case


def repeat_erasure(case: Case, parts: Collection[Part], why: Ground, keys: Keys, now: datetime) -> None:
    """Erase again what a restore has brought back of a locked case; a request that waits there was granted by then."""
    requests = _requests(case)
    if requests and requests[-1].granted is None:
        requests[-1].granted, requests[-1].decided_at = True, now
    _erase(case, SYSTEM, keys, now, parts, why)


def _erase(
    case: Case,
    actor: Actor,
    keys: Keys,
    now: datetime,
    parts: Collection[Part] = BY_RIGHT,
    why: Ground = BY_REQUEST,
) -> None:
    for purpose in SWITCHED:
        consents.withdraw(case, purpose, now)
    erasing.erase(case, parts, actor, why, keys, now=now)


def _addresses(case: Case, keys: Keys) -> Iterable[tuple[tuple[UUID, str], str]]:
    return vault.find_addresses([case.id], keys).items()


def _told(channel: str, address: str) -> str:
    """An address as its owner is shown it: of an openid, which tells nobody anything, enough to know it again."""
    return f"…{address[-4:]}" if channel in (SUBSCRIBE, TEMPLATE) else address


def _requests(case: Case) -> list[ErasureRequest]:
    rows = select(ErasureRequest).where(ErasureRequest.case_id == case.id).order_by(ErasureRequest.asked_at)
    return list(session.scalars(rows))


def _refuse_others(actor: Actor, case: Case) -> None:
    own = select(Case.id).where(Case.id == case.id, cases_within(actor))
    if actor.role is not Role.RESIDENT or session.scalar(own) is None:
        raise NotAllowed()


def find_by_phone(actor: Actor, phone: str, reason: str, keys: Keys, *, now: datetime) -> list[str]:
    """The numbers of the matters whose residents gave this phone, newest first, for one who asks in person.

    Without their query codes they could not use their rights otherwise (个人信息保护法 art. 50). For the operator
    alone: whoever works on matters would learn by it who complained. It is written down, without the phone.
    """
    if actor.role is not Role.SYSTEM:
        raise NotAllowed()
    found = vault.find_cases_by_phone(plain_phone(phone), keys)
    numbers = session.scalars(select(Case.number).where(Case.id.in_(found)).order_by(Case.created_at.desc())).all()
    audit.note(actor, audit.FIND, now, data={"reason": reason, "found": list(numbers)})
    return list(numbers)
