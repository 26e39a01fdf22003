"""The pages a phone opens before there is a matter: start, the station behind the QR code, the form."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_wtf.csrf import validate_csrf
from werkzeug.datastructures import MultiDict
from wtforms.validators import ValidationError

from liaison.domain import station_codes
from liaison.domain.errors import Conflict, Invalid, Unavailable
from liaison.models.stations import Station
from liaison.services import addresses, chat, privacy, publication, stations
from liaison.services.channels import SMS
from liaison.services.departments import departments_around
from liaison.services.intake import MAX_TEXT, MIN_TEXT
from liaison.services.photos import MAX_PHOTOS, Kept
from liaison.services.voices import MAX_SECONDS, STANDS_FOR_WORDS, is_voice
from liaison.web import proofs, schemas
from liaison.web.bursts import Burst, hold_back
from liaison.web.errors import unavailable
from liaison.web.guards import guard
from liaison.web.limits import submission_limit
from liaison.web.resident import access, visitors
from liaison.web.resident.submitting import Teller, open_files, seal_files, submit
from liaison.web.uploads import from_form, keep_photos, keep_voice, load
from liaison.web.wiring import now, today, unit_of_work, wiring

blueprint = Blueprint("resident", __name__)
HEARS = "hears"  # the box by which somebody known by WeChat wants to hear of news there
PER_PAGE, MOST_SKIPPED = 20, 10_000
SHOWN_ANSWERS = 3
LONGEST_QUERY = 50
TOLD = "told"
"""The part of an address that names what somebody wrote to the service account (`services.chat`)."""

TOO_MANY = f"最多上传 {MAX_PHOTOS} 张照片，请去掉一些。"


@dataclass
class Draft:
    """A form on its way: the key that makes it count once, its photos and voice, what is wrong with it.

    `note` is `stale` (the page stood too long), `repeated` (the key came with something else before) or `forgotten`
    (what was written to the service account is not there any more).
    """

    key: str
    files: list[Kept] = field(default_factory=list)
    errors: dict[str, list[str]] = field(default_factory=dict)
    note: str = ""

    @property
    def photos(self) -> list[Kept]:
        """The pictures among its files."""
        return [file for file in self.files if not is_voice(file.mime)]

    @property
    def voice(self) -> list[Kept]:
        """The newest voice message among its files, if there is one."""
        return [file for file in self.files if is_voice(file.mime)][-1:]


@blueprint.get("/")
@guard("public.read")
def start() -> str:
    """What this is, and the way to a station, to answers and to one's own matter."""
    query = request.args.get("q", "").strip()[:LONGEST_QUERY]
    skip = min(max(0, request.args.get("skip", 0, type=int)), MOST_SKIPPED)
    found = stations.search(query, skip=skip, limit=PER_PAGE + 1)
    following = skip + PER_PAGE if len(found) > PER_PAGE else None
    rows = [(each, signature_of(each)) for each in found[:PER_PAGE]]
    told = request.args.get(TOLD, "") or None
    return render_template("resident/start.html", rows=rows, q=query, next=following, told=told)


@blueprint.get("/s/<code>")
@guard("station.read")
def station(code: str) -> str | Response | tuple[str, int]:
    """The page behind the QR code. A wrong signature keeps nobody out; it only shows how to tell a genuine code."""
    found = stations.get_station(code, retired=True)
    if not found.active:
        return _gone(found)
    if by_wechat := visitors.silent_round():
        return by_wechat
    if stations.is_scan_due(found, now()):
        with unit_of_work():
            stations.note_scan(found, now())
    on_duty = stations.on_duty(found, now())
    signature = request.args.get("k", "")
    return render_template(
        "resident/station.html",
        station=found,
        deputies=sorted(stations.deputies_of(found, today()), key=lambda deputy: deputy.id != on_duty),
        on_duty=on_duty,
        answers=publication.published(station_id=found.id, limit=SHOWN_ANSWERS),
        genuine=station_codes.check(found.code, signature, wiring().keys.stations),
        signature=signature,
    )


@blueprint.get("/s/<code>/new")
@guard("matter.submit")
def form(code: str) -> Response | tuple[str, int]:
    """The form, with a fresh key; with what was written to the service account, where a link of ours names it."""
    found, name = stations.get_station(code, retired=True), request.args.get(TOLD, "")
    if not found.active:
        return _gone(found)
    if by_wechat := visitors.silent_round():
        return by_wechat
    text = chat.find_told(name, wiring().keys, now()) if name else None
    draft = Draft(uuid.uuid4().hex, note="forgotten" if name and text is None else "")
    return _form(found, draft, 200, MultiDict({"text": text[:MAX_TEXT]}) if text else None)


@blueprint.post("/s/<code>/new")
@guard("matter.submit")
@submission_limit
def submit_form(code: str) -> Any:
    """Take the matter in, and lead on to its receipt; else give the form back with all that was typed."""
    found = stations.get_station(code, retired=True)
    code, draft = found.code, Draft(_key())
    try:
        body = _read(found, draft)
        hold_back(code, draft.key, request.form.get(proofs.FIELD, ""), str(visitors.current() or ""))
        submitted = submit(code, draft.key, body, draft.files, _teller())
    except Invalid as error:
        draft.errors |= error.errors
        return _form(found, draft, 422)
    except Conflict:
        return _form(found, Draft(uuid.uuid4().hex, note="repeated"), 409)
    except Burst as burst:
        return _queue(found, draft, burst)
    except Unavailable as error:
        return unavailable(error, _carried(code, draft))
    access.remember(submitted.case.number, submitted.secret)
    return redirect(url_for("tracking.matter", number=submitted.case.number, receipt=code), 303)


def signature_of(found: Station) -> str:
    """The signature our own links to a station carry, so that they need no note about genuine codes."""
    return station_codes.sign(found.code, wiring().keys.stations)


def _gone(found: Station) -> tuple[str, int]:
    """What is said behind the code of a station that was closed: where else to go."""
    rows = [(each, signature_of(each)) for each in stations.nearby(found)]
    return render_template("resident/station_gone.html", station=found, rows=rows), 410


def _read(found: Station, draft: Draft) -> dict[str, Any]:
    """The checked body; the draft gets the files, kept before anything else is refused. Raises Invalid."""
    draft.files = open_files(found.code, draft.key, request.form.getlist("kept"))
    for name, keep in (("photos", keep_photos), ("voice", keep_voice)):
        try:
            draft.files += keep(request.files.getlist(name))
        except Invalid as error:
            draft.errors |= error.errors
    draft.files = draft.photos + draft.voice
    if len(draft.photos) > MAX_PHOTOS:
        draft.errors["photos"] = [TOO_MANY]
    schema = schemas.SubmissionIn.kept()
    body = load(schema, from_form(schema, _worded(draft)))
    try:
        validate_csrf(request.form.get("csrf_token"))
    except ValidationError:
        draft.note = "stale"
    if draft.errors or draft.note:
        raise Invalid(draft.errors)
    return body


def _worded(draft: Draft) -> MultiDict[str, str]:
    """The form; who has spoken need not write, so that a text too short by itself says that there is a voice."""
    form, text = MultiDict(request.form), request.form.get("text", "").strip()
    if draft.voice and len(text) < MIN_TEXT:
        form["text"] = text + STANDS_FOR_WORDS
    return form


def _carried(code: str, draft: Draft) -> list[tuple[str, str]]:
    """What was typed and the files that are kept, as fields; the database is not asked."""
    anew = ("key", "kept", proofs.FIELD)
    typed = [(name, value) for name, value in request.form.items(multi=True) if name not in anew]
    return [*typed, ("key", draft.key), *(("kept", token) for token in seal_files(code, draft.key, draft.files))]


def _queue(found: Station, draft: Draft, burst: Burst) -> Response:
    """All that was typed and the photos, to be sent again by the browser once it has worked off the challenge."""
    page = render_template(
        "resident/queue.html",
        station=found,
        carried=_carried(found.code, draft),
        text=request.form.get("text", ""),
        photos=len(draft.photos),
        voice=bool(draft.voice),
        burst=burst,
        ticket=proofs.ticket(burst.challenge),
    )
    return Response(page, 429, {"Retry-After": str(burst.wait)})


def _teller() -> Teller:
    """Who tells: the visitor, where WeChat said who that is, and whether they want to hear of news there."""
    visitor_id = visitors.current()
    return Teller(visitor_id=visitor_id, hears=visitor_id is not None and bool(request.form.get(HEARS)))


def _key() -> str:
    """The form's key; one that no form of ours has is replaced."""
    given = request.form.get("key", "")
    return given if len(given) == 32 and given.isalnum() else uuid.uuid4().hex


def _folds(draft: Draft) -> bool:
    """Whether what may be left out is folded away: nothing of it was filled in and nothing of it is wrong."""
    folded = ("category", "about", "place", "contact", "share_identity")
    filled = any(value for name, value in request.form.items() if name.startswith(folded))
    return not filled and not any(name.startswith(folded) for name in draft.errors)


def _form(found: Station, draft: Draft, status: int, told: MultiDict[str, str] | None = None) -> Response:
    page = render_template(
        "resident/form.html",
        station=found,
        signature=signature_of(found),
        categories=stations.top_categories(),
        departments=departments_around(found.region.path),
        typed=request.form if told is None else told,
        draft=draft,
        kept=seal_files(found.code, draft.key, draft.files),
        places=stations.places_around(found),
        folds=_folds(draft),
        most_seconds=MAX_SECONDS,
        spoken=STANDS_FOR_WORDS,
        shortest=MIN_TEXT,
        longest=MAX_TEXT,
        most_photos=MAX_PHOTOS,
        texts=SMS in addresses.installed(),
        known=visitors.current() is not None,
        missed=visitors.missed(),
        wechat_script=visitors.wechat_script(),
        privacy_version=privacy.current(),
    )
    return Response(page, status)
