"""Erase parts of one case: rows go, free text is hidden or emptied, and the history stays verifiable.

An event whose body changes gets a new salt; its old digest stands in the chain, and the event of this erasure holds the
digest of what is left, so that nobody can change either unseen (`domain.chain`). Files are doomed with the transaction
and removed from the store after it (`remove_doomed`). What was erased, how much, and on what ground goes into the audit
log, which is the ledger of all deletions, and from there into a file that outlives a restore (`erasures`). Whoever
calls has locked the case and asked whether it may be erased.
"""

import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import delete, select, update

from liaison.db import session
from liaison.domain import chain
from liaison.domain.actors import Actor, Role
from liaison.domain.erasure import Part
from liaison.domain.text import HIDDEN, hide_known, mask_personal
from liaison.models.assignments import Assignment, Extension, Reply
from liaison.models.cases import Attachment, Case, Event, Publication, Rating
from liaison.models.clocks import Clock
from liaison.models.conflicts import Conflict
from liaison.models.desk import Draft, Note
from liaison.models.matters import Idempotency, Matter, Reveal
from liaison.models.notices import Notice
from liaison.models.rights import DoomedFile
from liaison.services import audit, cases, consents, content_checks, own_matters, published_photos, vault
from liaison.services.sealing import Keys

THEIRS = (Role.ANYONE, Role.RESIDENT, Role.LIAISON)
"""Whose files a resident's photos are: those told by themselves, and those a station's liaison took in for them."""

ERASED_DIGEST = "erased"
"""Stands for the digest of what was sent, from which a phone number could be guessed; what is sent again differs."""

UNLINKED = {"provider_id": None, "undelivered": None, "error": None, "passed": []}
"""What a notice says of how it went, by a provider's own names, or with its words."""

OURS = frozenset({"id", "rating", "files", "outcome", "promised_on", "result", "attitude", "speed"})
"""What nobody typed in an event's data: ids, digests, codes and days, which may look like a number or hold a name."""

log = structlog.get_logger("liaison.erasing")

_APART = {"synchronize_session": False}
_ERASED = "erased"
Change = Callable[[str], str]


@dataclass(frozen=True)
class Ground:
    """Why something is erased: by right or by retention, and the rule's own name in the ledger.

    `repeats` is the hash of the ledger's entry that a restore has lost.
    """

    ground: str
    rule: str
    repeats: str = ""


def erase(
    case: Case, parts: Collection[Part], actor: Actor, why: Ground, keys: Keys, *, now: datetime
) -> Mapping[str, int]:
    """Erase these parts of a locked case; returns how many rows of each kind went or were changed.

    Writes the audit log, so that it comes last in its transaction.
    """
    change, counts = _change(case, parts, keys), dict[str, int]()
    if Part.CONTACT in parts:
        counts["contact"] = _drop_contact(case, now)
    if Part.PLACE in parts:
        counts["place"] = vault.drop_place(case.id)
    if Part.PHOTOS in parts:
        counts["photos"] = _doom_photos(case, now)
    content_checks.forget(case.id)
    bodies = _rewrite(case, change, drops_files=Part.PHOTOS in parts, empties=Part.TEXT in parts, now=now)
    counts["texts"] = len(bodies)
    told = {"parts": sorted(parts), "ground": why.ground, "bodies": bodies}
    cases.record(case, chain.ERASURE, actor, now, data=told)
    ledger = {"rule": why.rule, "parts": sorted(parts), "counts": counts}
    ledger |= {"repeats": why.repeats} if why.repeats else {}
    audit.note(actor, audit.ERASE, now, about=case.number, region_path=case.region_path, data=ledger)
    session.info[_ERASED] = True
    log.info("erased", number=case.number, parts=sorted(parts))
    return counts


def has_erased() -> bool:
    """Whether this session has erased anything since it was last asked, to be written down once it is committed."""
    return session.info.pop(_ERASED, False)


def doom(keys: Collection[str], now: datetime) -> None:
    """Have files removed from the store once this transaction is committed."""
    session.add_all(DoomedFile(key=key, doomed_at=now) for key in keys)


def doomed(limit: int) -> list[str]:
    """The files that are to be removed from the store."""
    return list(session.scalars(select(DoomedFile.key).order_by(DoomedFile.doomed_at).limit(limit)))


def forget_doomed(keys: Collection[str]) -> None:
    """Forget files that are removed."""
    session.execute(delete(DoomedFile).where(DoomedFile.key.in_(keys)), execution_options=_APART)


def _change(case: Case, parts: Collection[Part], keys: Keys) -> Change:
    """What becomes of every text of the case, from what is known of the resident before it goes."""
    if Part.TEXT in parts:
        return lambda text: ""
    known: list[str | None] = []
    if Part.CONTACT in parts:
        contact = vault.find_contact(case.id, keys)
        known += [contact.name, contact.phone] if contact else []
        known += vault.find_addresses([case.id], keys).values()
    if Part.PLACE in parts:
        spot = vault.find_place(case.id, keys)
        known += [spot.name] if spot else []
    words = [word for word in known if word]
    if Part.CONTACT in parts:
        return lambda text: hide_known(mask_personal(text), words)
    return lambda text: hide_known(text, words)


def _drop_contact(case: Case, now: datetime) -> int:
    """Forget the person: contact, addresses, whose it is, and what leads to them at a provider or by guessing."""
    consents.stop_notices(case, now)
    own_matters.drop(case.id)
    session.get_one(Matter, case.id).share_identity = False
    for table, named, nothing in (
        (Idempotency, Idempotency.case_id == case.id, {"digest": ERASED_DIGEST}),
        (Notice, Notice.recipient_id == case.id, UNLINKED),
    ):
        session.execute(update(table).where(named).values(nothing), execution_options=_APART)
    return vault.drop_contact(case.id)


def _doom_photos(case: Case, now: datetime) -> int:
    theirs = (Attachment.case_id == case.id, Attachment.reply_id.is_(None), Attachment.by_role.in_(THEIRS))
    files = session.execute(select(Attachment.key, Attachment.thumb_key).where(*theirs)).all()
    doom([key for file in files for key in file if key], now)
    published_photos.drop(case.id, now)
    session.execute(delete(Attachment).where(*theirs), execution_options=_APART)
    return len(files)


def _rewrite(case: Case, change: Change, *, drops_files: bool, empties: bool, now: datetime) -> dict[str, str]:
    """Change every text of the case; returns the digests of the bodies that changed by their place in the chain."""
    case.text, case.title = change(case.text), change(case.title) or HIDDEN
    for table, columns, of_case in _TEXTS:
        for row in session.scalars(select(table).where(of_case(case)).with_for_update()):
            for column in columns:
                setattr(row, column, change(getattr(row, column)))
    session.execute(delete(Draft).where(Draft.case_id == case.id), execution_options=_APART)
    bodies: dict[str, str] = {}
    rows = select(Event).where(Event.case_id == case.id, Event.kind != chain.ERASURE).order_by(Event.seq)
    for event in session.scalars(rows):
        data = {} if empties else _changed(event.data, change, drops_files)
        text = change(event.text)
        if (text, data) != (event.text, event.data):
            event.text, event.data, event.salt, event.erased_at = text, data, secrets.token_bytes(16), now
            bodies[str(event.seq)] = chain.digest_body(event.salt, {"text": text, "data": data})
    session.flush()
    return bodies


def _changed(value: Any, change: Change, drops_files: bool) -> Any:
    """What becomes of an event's data: texts changed wherever they stand, digests of dropped photos left out."""
    if isinstance(value, dict):
        kept = {key: each for key, each in value.items() if not (drops_files and key == "files")}
        return {key: each if key in OURS else _changed(each, change, drops_files) for key, each in kept.items()}
    if isinstance(value, list):
        return [_changed(each, change, drops_files) for each in value]
    return change(value) if isinstance(value, str) else value


def _of_clock(case: Case) -> Any:
    return Extension.clock_id.in_(select(Clock.id).where(Clock.case_id == case.id))


_TEXTS: tuple[tuple[Any, tuple[str, ...], Callable[[Case], Any]], ...] = (
    (Reply, ("text", "measures", "owner"), lambda case: Reply.case_id == case.id),
    (Rating, ("text",), lambda case: Rating.case_id == case.id),
    (Assignment, ("return_reason",), lambda case: Assignment.case_id == case.id),
    (Reveal, ("reason",), lambda case: Reveal.case_id == case.id),
    (Extension, ("reason",), _of_clock),
    (Matter, ("about_person",), lambda case: Matter.case_id == case.id),
    (Conflict, ("reason", "lifted_reason"), lambda case: Conflict.case_id == case.id),
    (Note, ("text",), lambda case: Note.case_id == case.id),
    (Attachment, ("name",), lambda case: Attachment.case_id == case.id),
    (Publication, ("title", "text", "answer"), lambda case: Publication.case_id == case.id),
)
"""Every other table that holds free text of a case, the columns, and how its rows are found."""
