"""Rows and dossiers as the JSON of the HTTP contract; times with offset, codes instead of labels, no database keys."""

from datetime import datetime
from functools import lru_cache
from typing import Any

from liaison.domain import chain
from liaison.domain.calendar import SHANGHAI
from liaison.models.assignments import Reply
from liaison.models.cases import Attachment, Event, Rating
from liaison.services.dossiers import Deadline, Dossier, Duty
from liaison.services.inboxes import Row
from liaison.services.parties import Barred
from liaison.services.trunks import Past
from liaison.services.voices import is_voice

Json = dict[str, Any]
MOMENTS_KEPT = 4096
"""Times written out before, some hundred bytes each: deadlines fall together, and open lists are asked for all day."""


@lru_cache(MOMENTS_KEPT)
def moment(at: datetime | None) -> str | None:
    """A time as ISO 8601 with Shanghai's offset."""
    return at.astimezone(SHANGHAI).isoformat(timespec="seconds") if at else None


def resident_matter(dossier: Dossier) -> Json:
    """A matter as its resident sees it."""
    case = dossier.case
    clock = dossier.deadline
    return {
        "number": case.number,
        "state": case.state,
        "phase": dossier.phase,
        "waiting_for": dossier.waiting_for,
        "due_at": moment(clock.clock.due_at) if clock else None,
        "light": clock.light if clock else "none",
        "text": dossier.text,
        "category": dossier.category.code if dossier.category else None,
        "photos": [photo(case.number, file) for file in dossier.files if not is_voice(file.mime)],
        "voices": [photo(case.number, file) for file in dossier.files if is_voice(file.mime)],
        "events": [event_json(event) for event in dossier.events],
        "replies": [reply_json(file_base(dossier), each) for each in dossier.replies],
        "rating": rating_json(dossier.ratings[-1]) if dossier.ratings else None,
        "receipt": receipt(dossier.receipt),
    }


def receipt(first: Event | Past) -> Json:
    """What a receipt holds: the hash of the first event, and when it was written."""
    return {"hash": first.hash, "at": moment(first.at)}


def staff_matter(dossier: Dossier) -> Json:
    """A matter as deputy, department or office sees it: with assignments, deadlines and open moves."""
    case = dossier.case
    return resident_matter(dossier) | {
        "title": case.title,
        "round": case.round,
        "created_at": moment(case.created_at),
        "supervised": case.supervised_at is not None,
        "station": dossier.station._asdict() if dossier.station else None,
        "deputy": dossier.deputy._asdict() if dossier.deputy else None,
        "place": dossier.place.name if dossier.place else None,
        "contact": {"name": dossier.contact.name, "phone": dossier.contact.phone} if dossier.contact else None,
        "deadline": deadline_json(dossier.deadline),
        "assignments": [duty_json(duty) for duty in dossier.duties],
        "suggestions": list(dossier.suggestions),
        "merged_into": dossier.merged_into.number if dossier.merged_into else None,
        "merged": [each.number for each in dossier.merged],
        "reveals": [
            {"id": each.position, "reason": each.reason, "granted": each.granted, "expires_at": moment(each.expires_at)}
            for each in dossier.reveals
        ],
        "about_person": dossier.about_person,
        "conflicts": [conflict_json(each) for each in dossier.barred],
        "moves": list(dossier.moves),
    }


def conflict_json(barred: Barred) -> Json:
    """One of those a matter is about."""
    row = barred.row
    stands = row.lifted_at is None
    reason = row.reason if stands else row.lifted_reason
    return {
        "party": barred.party.key,
        "name": barred.party.name,
        "source": row.source,
        "reason": reason,
        "stands": stands,
    }


def assignment_matter(dossier: Dossier, reference: str) -> Json:
    """A matter as the department of one of its assignments sees it."""
    duty = next(duty for duty in dossier.duties if duty.reference == reference)
    return duty_json(duty) | {"matter": staff_matter(dossier)}


def row_json(row: Row) -> Json:
    """One line of a list."""
    return {
        "id": row.reference,
        "number": row.number,
        "title": row.title,
        "state": row.state,
        "assignment_state": row.part_state,
        "light": row.light,
        "due_at": moment(row.due_at),
        "created_at": moment(row.created_at),
        "category": row.category,
        "station": row.station,
        "deputy": row.deputy,
        "supervised": row.supervised,
        "round": row.round,
    }


def duty_json(duty: Duty) -> Json:
    """One assignment."""
    assignment = duty.assignment
    return {
        "id": duty.reference,
        "department": {"code": assignment.department.code, "name": assignment.department.name},
        "part": assignment.part,
        "round": assignment.round,
        "level": assignment.level,
        "state": assignment.state,
        "complexity": assignment.complexity,
        "locked": assignment.locked,
        "assigned_at": moment(assignment.assigned_at),
        "acknowledged_at": moment(assignment.acknowledged_at),
        "return_reason": assignment.return_reason or None,
        "due_at": moment(duty.deadline.clock.due_at) if duty.deadline else None,
        "light": duty.deadline.light if duty.deadline else "none",
        "extension": {
            "working_days": duty.extension.working_days,
            "reason": duty.extension.reason,
            "granted": duty.extension.granted,
        }
        if duty.extension
        else None,
        "moves": list(duty.moves),
    }


def deadline_json(deadline: Deadline | None) -> Json | None:
    """A clock: how its due date came about, and its ladder of reminders."""
    if deadline is None:
        return None
    clock = deadline.clock
    return {
        "kind": clock.kind,
        "term": clock.term,
        "due_at": moment(clock.due_at),
        "provisional": clock.provisional,
        "light": deadline.light,
        "steps": [{"kind": step.kind, "day": step.day.isoformat(), "amount": step.amount} for step in deadline.steps],
        "ladder": [{"rung": step.key, "at": moment(step.at)} for step in deadline.ladder],
    }


def _facts(event: Past) -> Json:
    """The data of an event, but for the answer an internal one vouches for, which is shown to those who may see it."""
    return {name: value for name, value in event.data.items() if not (event.internal and name == "reply")}


def event_json(event: Past) -> Json:
    """One line of the history."""
    return {
        "at": moment(event.at),
        "kind": event.kind,
        "by_role": event.by_role,
        "by": event.by_name or None,
        "text": event.text,
        "data": _facts(event),
        "state": event.state,
        "hash": event.hash,
    }


def link_json(event: Past) -> Json:
    """One link of a case's chain, for its resident alone; what is internal is a bare hash without time and salt."""
    shown = not event.internal
    return {
        "seq": event.seq,
        "hash": event.hash,
        "at": chain.moment(event.at) if shown else None,
        "salt": event.salt.hex() if shown else None,
        "body_digest": event.body_digest if shown and event.erased_at else None,
    }


def file_base(dossier: Dossier) -> str:
    """Where the files of a case's answers lie: those of a merged case belong to the one it was merged into."""
    return f"{dossier.case.number}/lead" if dossier.merged_into else dossier.case.number


def reply_json(base: str, reply: Reply) -> Json:
    """One answer."""
    return {
        "at": moment(reply.at),
        "by": reply.by_name,
        "by_role": reply.by_role,
        "text": reply.text,
        "outcome": reply.outcome,
        "measures": reply.measures,
        "owner": reply.owner,
        "promised_on": reply.promised_on.isoformat() if reply.promised_on else None,
        "approved": reply.approved_at is not None,
        "files": [photo(base, file) for file in reply.files],
    }


def rating_json(rating: Rating) -> Json:
    """One rating."""
    return {
        "round": rating.round,
        "result": rating.result,
        "attitude": rating.attitude,
        "speed": rating.speed,
        "text": rating.text,
        "at": moment(rating.at),
    }


def photo(base: str, file: Attachment) -> Json:
    """A file by its address within the matter."""
    address = f"/files/{base}/{file.position}"
    thumb = f"{address}/thumb" if file.thumb_key else None
    return {"url": address, "thumb_url": thumb, "name": file.name or None, "mime": file.mime, "sha256": file.sha256}
