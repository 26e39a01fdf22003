"""The resident's JSON: stations, submitting, following, adding, rating, withdrawing. No account needed."""

from collections.abc import Callable, Iterable
from typing import Any

from apiflask import APIBlueprint
from flask import request

from liaison.domain.actors import Actor
from liaison.domain.errors import DomainError
from liaison.domain.workflow import WORKFLOWS
from liaison.models.cases import Case
from liaison.models.departments import Category, Department
from liaison.services import dossiers, intake, ratings, stations
from liaison.services.departments import departments_around
from liaison.services.photos import MAX_PHOTOS
from liaison.web import projections, proofs, schemas
from liaison.web.bursts import hold_back
from liaison.web.described import describe
from liaison.web.guards import guard
from liaison.web.limits import code_limit, submission_limit
from liaison.web.resident import access, answers
from liaison.web.resident.submitting import Teller, submit
from liaison.web.uploads import keep_photos, keep_voice, read_body
from liaison.web.wiring import now, today, unit_of_work, wiring

api = APIBlueprint("resident_api", __name__, url_prefix="/api/v1", tag="Resident")

Run = Callable[[Actor, str, dict[str, Any]], Case]
REFUSES = (404, 409, 429)
NO_KEY = "请在 Idempotency-Key 请求头里提供 1 到 200 个字符的唯一编号，重试时使用同一个。"


@api.get("/stations/<code>")
@describe(answers.StationOut, refuses=(404,))
@guard("station.read")
def station(code: str) -> Any:
    """A station: where it is, when it is open, who is on its roster, what can be told there."""
    found = stations.get_station(code)
    receiver = stations.on_duty(found, now())
    return {
        "code": found.code,
        "name": found.name,
        "kind": found.kind,
        "address": found.address,
        "opening": found.opening,
        "capabilities": found.capabilities,
        "deputies": [
            {
                "name": each.name,
                "level": each.level,
                "unit": each.unit,
                "photo_url": None,
                "on_duty": each.id == receiver,
            }
            for each in stations.deputies_of(found, today())
        ],
        "categories": _named(stations.top_categories()),
        "departments": _named(departments_around(found.region.path)),
    }


def _named(rows: Iterable[Category | Department]) -> list[dict[str, str]]:
    return [{"code": each.code, "name": each.name} for each in rows]


@api.post("/stations/<code>/matters")
@describe(
    answers.SubmittedOut,
    status=201,
    takes=schemas.SubmissionIn,
    files={"photos": MAX_PHOTOS, "voice": 1},
    headers=answers.KeyHeader,
    repeats=True,
    refuses=REFUSES,
)
@guard("matter.submit")
@submission_limit
def submit_matter(code: str) -> Any:
    """Tell a matter at a station. The same key again gives the same answer with 200, with another body 409.

    As multipart, `place` and `contact` are parts with JSON in them or parts such as `place.name`; `voice` is a message
    of a minute, which departments hear only while identity is shared. While too many are told at once, 429 carries a
    `challenge`: send the same again with its solution in X-Proof-Of-Work.
    """
    key = request.headers.get("Idempotency-Key", "").strip()
    if not 1 <= len(key) <= answers.KEY_LENGTH:
        raise DomainError(NO_KEY)
    body = read_body(schemas.SubmissionIn.kept())
    code = stations.get_station(code, retired=True).code  # before any work on photos
    hold_back(code, key, request.headers.get(proofs.HEADER, ""))
    files = keep_photos(request.files.getlist("photos")) + keep_voice(request.files.getlist("voice"))
    is_form = request.form.get("key") == key  # our own form, sent later by the phone, which had no signal
    submitted = submit(code, key, body, files, Teller("scan" if is_form else "api"))
    return submitted_json(submitted), 201 if submitted.created else 200


@api.get("/matters/<number>")
@describe(answers.OwnMatterOut, headers=answers.SecretHeader, refuses=(404, 429))
@guard("matter.follow")
@code_limit
def matter(number: str) -> Any:
    """A matter as its resident may see it: history, answers, who is waited for and until when."""
    actor, trunk = access.trunk_by_header(number)
    return _own(dossiers.dossier_of(actor, trunk, wiring().keys, now()))


@api.post("/matters/<number>/additions")
@describe(
    answers.OwnMatterOut,
    status=201,
    takes=schemas.AdditionIn,
    files={"photos": MAX_PHOTOS},
    headers=answers.SecretHeader,
    refuses=REFUSES,
)
@guard("matter.add")
@code_limit
@submission_limit
def add(number: str) -> Any:
    """Add words and photos; while the matter waits for its resident, this answers the question."""
    case = access.case_by_header(number)
    body = read_body(schemas.AdditionIn.kept())
    files = keep_photos(request.files.getlist("photos"))
    with unit_of_work():
        intake.add(access.actor_for(case), case.number, body["text"], files, now=now())
    return _seen(case), 201


def _moves(name: str, action: str, schema: type[schemas.Input], run: Run) -> None:
    """Add `POST /matters/{number}/{name}`, which makes one move without files."""

    def view(number: str) -> Any:
        case = access.case_by_header(number)
        body = read_body(schema.kept())
        with unit_of_work():
            run(access.actor_for(case), case.number, body)
        return _seen(case)

    view.__name__, view.__doc__ = name, schema.__doc__
    guarded = guard(action)(code_limit(view))
    described = describe(answers.OwnMatterOut, takes=schema, headers=answers.SecretHeader, refuses=REFUSES)(guarded)
    api.post(f"/matters/<number>/{name}")(described)


_moves(
    "rating",
    "matter.rate",
    schemas.RatingIn,
    lambda actor, number, body: ratings.rate(actor, number, ratings.Opinion(**body), now=now()),
)
_moves(
    "withdrawal",
    "matter.withdraw",
    schemas.WithdrawalIn,
    lambda actor, number, body: intake.withdraw(actor, number, body["reason"], now=now()),
)
_moves(
    "reopening",
    "matter.reopen",
    schemas.ReopeningIn,
    lambda actor, number, body: ratings.ask_again(actor, number, body["text"], now=now()),
)


def submitted_json(submitted: intake.Submitted) -> dict[str, Any]:
    """The answer to a submission, the same for every repetition until somebody makes a move."""
    case, state = submitted.case, WORKFLOWS[submitted.case.kind].state(submitted.case.state)
    return {
        "number": case.number,
        "state": case.state,
        "phase": state.phase,
        "waiting_for": state.waits_for,
        "due_at": projections.moment(submitted.due_at),
        "receipt": projections.receipt(submitted.receipt),
        "secret": submitted.secret,
        "track_url": f"{wiring().config.base_url}/m/{case.number}?c={submitted.secret}",
    }


def _seen(case: Case) -> Any:
    """The matter as it is read again after a move."""
    return _own(dossiers.get_dossier(access.actor_for(case), case.number, wiring().keys, now()))


def _own(dossier: dossiers.Dossier) -> Any:
    links = [projections.link_json(event) for event in dossier.links]
    return projections.resident_matter(dossier) | {"chain": links}
