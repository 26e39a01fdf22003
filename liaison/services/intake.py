"""The resident's side of a matter: submit, add, rate, withdraw, ask again. Needs no account."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from liaison import wall
from liaison.db import session, told
from liaison.domain import numbers
from liaison.domain.actors import SYSTEM, Actor
from liaison.domain.addresses import find_mobile
from liaison.domain.conflict import Parties
from liaison.domain.consent import Purpose
from liaison.domain.errors import Conflict, Invalid
from liaison.domain.routing import Choice, Suggestion
from liaison.domain.text import mask_personal
from liaison.models.base import new_id
from liaison.models.cases import Case, Event, case_numbers
from liaison.models.matters import Idempotency, Matter
from liaison.models.stations import Station
from liaison.services import cases, complaints, consents, content_checks, own_matters, stations, vault, visitors
from liaison.services.announcements import announce
from liaison.services.attachments import attach
from liaison.services.channels import CHANNELS, SMS, TEMPLATE
from liaison.services.departments import find_department_id
from liaison.services.photos import Kept
from liaison.services.receipts import first_event
from liaison.services.sealing import Keys
from liaison.services.trunks import Trunk, find_told
from liaison.writing import write_new

_TAKE_KEY = insert(Idempotency.__table__).on_conflict_do_nothing().returning(case_numbers.next_value(), wall.PASS)

MIN_TEXT, MAX_TEXT = 10, 2000  # fewer characters tell nothing; more do not fit a phone's screen or a clerk's day
TITLE = 30


@dataclass(frozen=True)
class Submission:
    """What a resident tells; `text` is already clean.

    `about_department` is the code of the department it is about, `about_person` a person in the resident's own words.
    `visitor_id` is who tells, where WeChat said so; with `hears` WeChat tells them of news.
    """

    text: str
    category: str | None = None
    place: vault.Spot = field(default_factory=vault.Spot)
    contact: vault.Contact = field(default_factory=vault.Contact)
    share_identity: bool = False
    about_department: str | None = None
    about_person: str = ""
    source: str = "scan"
    files: Sequence[Kept] = ()
    visitor_id: UUID | None = None
    hears: bool = False


@dataclass(frozen=True)
class Submitted:
    """The matter as it stands, its query code, its first event, when it is due, and whether this call made it."""

    case: Case
    secret: str
    receipt: Event
    due_at: datetime | None
    created: bool


def submit(
    actor: Actor, station_code: str, submission: Submission, *, key: str, digest: str, keys: Keys, now: datetime
) -> Submitted:
    """Take a matter in, exactly once per idempotency `key` of this station.

    `digest` is the hash of what was sent: the same key with another digest raises Conflict.
    Raises NotFound for an unknown station and Invalid for an unknown category or department. Whoever the resident or
    the text names does not get the matter, and is in conflict with it from its first moment.
    """
    station = stations.get_station(station_code, retired=True)
    case_id = new_id()
    place = _take_key(station.code, key, digest, case_id, now)
    if place is None:
        wall.pass_through()
        return _submitted_before(station.code, key, digest, keys)
    category = stations.find_category(submission.category)
    if submission.category and category is None:
        raise Invalid({"category": ["没有这个类别，请重新选择。"]})
    told, named = complaints.read(station.region.path, submission.text, submission.about_department)
    barred = Parties(departments=frozenset(each.id for each in [*told, *named]))
    routing = stations.route(station, submission.text, category, barred, now)
    addresses = _addresses(submission, keys)
    about = {"deputy_id": routing.choice.deputy_id, "category_id": category.id if category else None}
    case = _open(station, submission, now, id=case_id, place=place, channels=list(addresses), **about)
    secret = _secret(keys, keys.newest_code, station.code, key, case)
    with session.no_autoflush:  # every row of the submission is written once
        _add_matter(case, actor, submission, routing, secret, keys)
        _seal(case, submission, addresses, keys, now)
        consents.agree(case, _agreed_to(submission, hears=bool(addresses)), now)
        files = attach(case, actor.role, submission.files, now)
        receipt = _first_event(case, actor, station, submission, now)
        complaints.keep(case, actor, told, named, now)
        pictures, known = _pictures(files, submission.files), bool(submission.visitor_id)
        found = content_checks.put(case, receipt, pictures, now, known=known)
        stays, is_asked = station.screening or found.is_flagged, known and content_checks.asks_platform()
        if stays or is_asked:  # by the platform, which then looks before the deputy does (`checking`)
            cases.wait(case, now)
        news = receipt if stays else None if is_asked else _let_through(case, SYSTEM, now)
        submitted = _submitted(case, secret, receipt, created=True)
        if told or named:
            write_new()  # so that nobody is told whom the matter is about
        if news:
            announce(case, news, now)
        write_new()  # unless it was written with the notices
    return submitted


def _open(station: Station, submission: Submission, now: datetime, **columns: object) -> Case:
    told = {"title": _title(submission.text), "text": submission.text}
    at = {"region_id": station.region_id, "region_path": station.region.path, "station_id": station.id}
    return cases.open_case("matter", now, **told, **at, **columns)


def let_through(case: Case, actor: Actor, now: datetime, *, text: str = "") -> None:
    """Pass a screened matter to its deputy; one that has no deputy goes to the office to dispatch, never to nobody."""
    announce(case, _let_through(case, actor, now, text=text), now)


def _let_through(case: Case, actor: Actor, now: datetime, *, text: str = "") -> Event:
    return cases.move(case, "accept" if case.deputy_id else "accept_unattended", actor, now, text=text)


def find_by_code(number: str, code: str, keys: Keys) -> Trunk | None:
    """The matter of that number, if the query code opens it; for who looks behind the wall (`wall.behind`).

    A wrong code takes the same work as an absent number.
    """
    trunk = find_told(number)
    seal, key_id = (trunk.matter.code_seal, trunk.matter.code_key_id) if trunk else (bytes(32), keys.newest_code)
    return trunk if numbers.same_code(keys.mac(key_id), number, code, seal) else None


def add(actor: Actor, number: str, text: str, files: Sequence[Kept], *, now: datetime) -> Case:
    """Add words and photos to an open matter; while the case waits for the resident, this answers the question."""
    case = cases.lock_case(actor, number)
    code = "supply" if case.state == "needs_info" else "add"
    attached = attach(case, actor.role, files, now)
    event = cases.move(case, code, actor, now, text=text, data={"files": attached} if attached else None)
    content_checks.put(case, event, _pictures(attached, files), now)
    announce(case, event, now)
    return case


def withdraw(actor: Actor, number: str, reason: str, *, now: datetime) -> Case:
    """Take a matter back before anybody works on it."""
    case = cases.lock_case(actor, number)
    cases.move(case, "withdraw", actor, now, text=reason)
    return case


def _take_key(scope: str, key: str, digest: str, case_id: UUID, now: datetime) -> int | None:
    """Write the idempotency row and draw the case's place; waits for a twin in flight, None when the key was used.

    Whoever has a key of their own passes the wall with the same statement.
    """
    row = {"scope": scope, "key": key, "digest": digest, "case_id": case_id, "created_at": now}
    place = session.connection().scalar(_TAKE_KEY, row)
    wall.passed(place is not None)
    return place


def _submitted_before(scope: str, key: str, digest: str, keys: Keys) -> Submitted:
    row = session.get(Idempotency, (scope, key))
    if row.digest != digest:
        raise Conflict("这份提交已经收到过，但内容不同；如需修改，请在查询页面补充说明。")
    case = session.get_one(Case, row.case_id)
    key_id = session.scalar(select(Matter.code_key_id).where(Matter.case_id == case.id))
    return _submitted(case, _secret(keys, key_id, scope, key, case), first_event(case.id), created=False)


def _submitted(case: Case, secret: str, receipt: Event, *, created: bool) -> Submitted:
    clock = cases.current_clock(case)
    return Submitted(case, secret, receipt, clock.due_at if clock else None, created)


def _secret(keys: Keys, key_id: str, scope: str, key: str, case: Case) -> str:
    """The query code: derived, so that a repeated request gets it again although only its seal is stored."""
    return numbers.derive_code(keys.mac(key_id), scope, key, str(case.id))


def _addresses(submission: Submission, keys: Keys) -> dict[str, str]:
    """Where the resident hears of news, by channel: in WeChat if they wish, and on a mobile number that was left."""
    found, installed = dict[str, str](), told(CHANNELS)
    if submission.visitor_id and submission.hears and TEMPLATE in installed:
        found[TEMPLATE] = visitors.openid_of(submission.visitor_id, keys)
    phone = submission.contact.phone
    if phone and SMS in installed and (mobile := find_mobile(phone)):
        found[SMS] = mobile
    return found


def _agreed_to(submission: Submission, *, hears: bool) -> list[Purpose]:
    """What the form tells that submitting, ticking and leaving a mobile number mean."""
    return [Purpose.PROCESSING, *[Purpose.SHARING] * submission.share_identity, *[Purpose.NOTICES] * hears]


def _title(text: str) -> str:
    first_line = mask_personal(text.strip().splitlines()[0])  # titles stand in lists that departments read
    return first_line[:TITLE] + ("…" if len(first_line) > TITLE else "")


def _add_matter(
    case: Case, actor: Actor, submission: Submission, routing: stations.Routing, secret: str, keys: Keys
) -> None:
    best = routing.suggestions[0] if routing.suggestions else None
    department = find_department_id(best.department_code) if best else None
    session.add(
        Matter(
            case_id=case.id,
            code_seal=numbers.seal_code(keys.mac(keys.newest_code), case.number, secret),
            code_key_id=keys.newest_code,
            source=submission.source,
            entered_by_id=actor.account_id,
            share_identity=submission.share_identity,
            about_person=submission.about_person,
            routing=_reasons(routing.choice, routing.suggestions),
            suggested_department_id=department,
        )
    )


def _seal(case: Case, submission: Submission, addresses: dict[str, str], keys: Keys, now: datetime) -> None:
    """Keep who the resident is, where it is, where they hear of news, and in whose list the matter stands."""
    session.add_all(vault.slots(case.id, submission.contact, submission.place, keys))
    if not (addresses or submission.visitor_id):
        return
    with wall.in_vault():
        for channel, address in addresses.items():
            vault.keep_address(case.id, channel, address, keys, now)
        if submission.visitor_id:
            own_matters.bind(submission.visitor_id, case.id, now)


def _reasons(choice: Choice, suggestions: Sequence[Suggestion]) -> dict:
    """Why this deputy and these departments, as it is shown to the office later."""
    departments = [
        {"code": each.department_code, "ground": each.ground, "reason": each.reason, "matched": list(each.matched)}
        for each in suggestions
    ]
    return stations.reasons_of(choice) | {"departments": departments}


def _pictures(positions: Sequence[int], files: Sequence[Kept]) -> dict[int, str]:
    """The hashes of the pictures among new files, by position."""
    placed = zip(positions, files, strict=True)
    return {position: file.sha256 for position, file in placed if file.mime.startswith("image/")}


def _first_event(case: Case, actor: Actor, station: Station, submission: Submission, now: datetime) -> Event:
    data = {"station": station.code, "source": submission.source, "files": [file.sha256 for file in submission.files]}
    return cases.record(case, "submit", actor, now, text=submission.text, data=data)
