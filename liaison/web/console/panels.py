"""The moves open to one viewer of one case, each as a panel: a form with its values, errors and address."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from flask import url_for
from marshmallow import fields
from werkzeug.datastructures import MultiDict

from liaison.domain.actors import DEPARTMENT_ROLES, OFFICE_ROLES, Actor, Role
from liaison.domain.errors import DomainError, Invalid, NotFound
from liaison.domain.policy import may
from liaison.models.desk import Draft
from liaison.models.matters import Reveal
from liaison.services import publication, reveals
from liaison.services.dossiers import Dossier, Duty
from liaison.web import schemas
from liaison.web.console.facts import conflict_words
from liaison.web.console.fields import FACES, Face
from liaison.web.console.prefill import start_of
from liaison.web.forms import DEPARTMENT_FORMS, DEPUTY_FORMS, OFFICE_FORMS, Form
from liaison.web.wiring import now


class RevealNamed(schemas.Nothing):
    """One request to learn who the resident is."""

    position = fields.Integer(required=True)


class RevealDecision(schemas.Decision):
    """A decision about one request to learn who the resident is."""

    position = fields.Integer(required=True)


_REVEAL_DECISION = Form(
    "reveal-decision",
    "office.reveal_decision",
    "",
    RevealDecision,
    lambda a, n, b, t: reveals.decide_reveal(a, n, b["position"], b["approve"], b["text"], now=t),
)
_REVEAL_END = Form(
    "reveal-end",
    "office.reveal_end",
    "",
    RevealNamed,
    lambda a, n, b, t: reveals.end_reveal(a, n, b["position"], now=t),
)
_DUTY_MOVES = ("decide_extension", "approve_return", "approve")


@dataclass(frozen=True)
class Attempt:
    """A form that comes back: what was typed, and why it was refused; without an error it was only filled in."""

    name: str
    reference: str
    typed: MultiDict
    error: DomainError | None = None

    @property
    def errors(self) -> Mapping[str, Sequence[str]]:
        """The sentences by field."""
        return self.error.errors if isinstance(self.error, Invalid) else {}


@dataclass(frozen=True)
class Panel:
    """One move as the page shows it; `about` says what it decides on, `hidden` names it to the server.

    `saved_at` says since when a draft that was kept stands in it.
    """

    form: Form
    face: Face
    url: str
    values: MultiDict
    hidden: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)
    is_open: bool = False
    about: str = ""
    why: str = ""
    saved_at: datetime | None = None

    @property
    def key(self) -> str:
        """A name of its own within the page."""
        return "-".join([self.form.name, *self.hidden.values(), *self.url.split("?")[0].split("/")[-2:-1]])

    @property
    def is_written(self) -> bool:
        """Whether there is something to write in it, which is worth keeping as a draft."""
        return any(each.kind == "area" for each in self.face.fields)

    @property
    def elsewhere(self) -> list[str]:
        """The sentences about fields this form does not show."""
        shown = {each.name for each in self.face.fields}
        return [sentence for name, sentences in self.errors.items() if name not in shown for sentence in sentences]


def forms_of(role: Role) -> Sequence[Form]:
    """Every form of a role, open or not."""
    if role in OFFICE_ROLES:
        return (*OFFICE_FORMS, _REVEAL_DECISION, _REVEAL_END)
    if role in DEPARTMENT_ROLES:
        return DEPARTMENT_FORMS
    return DEPUTY_FORMS if role is Role.DEPUTY else ()


def get_form(role: Role, name: str) -> Form:
    """The role's form of that name. Raises NotFound."""
    for form in forms_of(role):
        if form.name == name and may(role, form.action):
            return form
    raise NotFound()


def panels(actor: Actor, dossier: Dossier, attempt: Attempt | None = None) -> list[Panel]:
    """The moves open to this viewer; the refused one, if there was one, is open and keeps what was typed."""
    return [
        _panel(actor, dossier, form, duty, hidden, attempt)
        for form in forms_of(actor.role)
        if may(actor.role, form.action)
        for duty, hidden in _occasions(actor, dossier, form)
    ]


def with_drafts(found: Sequence[Panel], kept: Sequence[Draft]) -> list[Panel]:
    """The panels with what was typed and kept before, but for the one that comes back with what was typed just now."""
    by_panel = {(draft.form, draft.about): draft for draft in kept}
    return [_with_draft(panel, by_panel.get((panel.form.name, panel.key))) for panel in found]


def _with_draft(panel: Panel, draft: Draft | None) -> Panel:
    if draft is None or panel.is_open:
        return panel
    values = MultiDict(panel.values)
    for name, value in draft.fields.items():
        values[name] = value
    return replace(panel, values=values, saved_at=draft.saved_at, is_open=True)


def _occasions(actor: Actor, dossier: Dossier, form: Form) -> Iterator[tuple[Duty | None, dict[str, str]]]:
    """The things this form is open for: the case itself, some of its assignments, some requests."""
    if form is _REVEAL_DECISION:
        waiting = [each for each in dossier.reveals if each.granted is None and each.asked_by_id != actor.account_id]
        yield from ((None, {"position": str(each.position)}) for each in waiting)
    elif form is _REVEAL_END:
        seen = [each for each in dossier.reveals if reveals.is_open(each, now()) and _may_end(actor, each)]
        yield from ((None, {"position": str(each.position)}) for each in seen)
    elif form.action == "office.lift_bar":
        yield from ((None, {"party": each.party.key}) for each in dossier.barred if each.row.lifted_at is None)
    elif actor.role in DEPARTMENT_ROLES:
        yield from ((duty, {}) for duty in own_duties(actor, dossier) if _is_open_for(form, duty))
    elif form.move in _DUTY_MOVES:
        yield from ((duty, {"assignment": duty.reference}) for duty in dossier.duties if form.move in duty.moves)
    elif _is_open(actor, dossier, form):
        yield None, {}


def _may_end(actor: Actor, asked: Reveal) -> bool:
    return actor.role is Role.OFFICE_LEAD or asked.asked_by_id == actor.account_id


def own_duties(actor: Actor, dossier: Dossier) -> list[Duty]:
    """The assignments of the viewer's own department."""
    return [duty for duty in dossier.duties if duty.assignment.department_id == actor.department_id]


def _is_open_for(form: Form, duty: Duty) -> bool:
    return form.move in duty.moves and not (form.move == "request_return" and duty.assignment.locked)


def _is_open(actor: Actor, dossier: Dossier, form: Form) -> bool:
    case = dossier.case
    match form.name:
        case "bar":
            return True
        case "publication":
            return False  # it has a page of its own
        case "unpublication":
            return publication.find_published(actor, case.number) is not None
        case "erasure-decision":
            return dossier.asks_erasure
        case "hold":
            return True
        case "reveal":
            mine = [each for each in dossier.reveals if each.asked_by_id == actor.account_id]
            return dossier.contact is None and all(each.granted is not None for each in mine)
        case "verdict" if actor.role in OFFICE_ROLES:
            return form.move in dossier.moves and case.deputy_id is None
        case "send-back":
            return form.move in dossier.moves and case.deputy_id is not None
    return form.move in dossier.moves


def _panel(
    actor: Actor, dossier: Dossier, form: Form, duty: Duty | None, hidden: dict[str, str], attempt: Attempt | None
) -> Panel:
    mine = attempt if attempt and _is_of(attempt, form, duty, hidden) else None
    start = start_of(actor, form, dossier, duty)
    return Panel(
        form=form,
        face=FACES[form.action],
        url=_url(actor, dossier, form, duty),
        values=mine.typed if mine else start.values,
        hidden=hidden,
        errors=mine.errors if mine else {},
        is_open=mine is not None,
        about=_about(dossier, form, duty, hidden),
        why=start.why,
    )


def _is_of(attempt: Attempt, form: Form, duty: Duty | None, hidden: dict[str, str]) -> bool:
    same_duty = not attempt.reference or (duty is not None and duty.reference == attempt.reference)
    return attempt.name == form.name and same_duty and all(attempt.typed.get(k) == v for k, v in hidden.items())


def _url(actor: Actor, dossier: Dossier, form: Form, duty: Duty | None) -> str:
    seen = dossier.events[-1].seq
    if duty is not None and actor.role in DEPARTMENT_ROLES:
        return url_for("console.move_assignment", reference=duty.reference, name=form.name, seen=seen)
    return url_for("console.move_case", number=dossier.case.number, name=form.name, seen=seen)


def _about(dossier: Dossier, form: Form, duty: Duty | None, hidden: dict[str, str]) -> str:
    """What a decision is about, in the words of the one who asked; which assignment, when there are several."""
    if "position" in hidden:
        asked = next(each for each in dossier.reveals if str(each.position) == hidden["position"])
        return f"申请理由：{asked.reason}"
    if "party" in hidden:
        return next(conflict_words(each) for each in dossier.barred if each.party.key == hidden["party"])
    if duty is None:
        return ""
    words = f"{duty.assignment.department.name}（{duty.reference}）"
    if form.move == "decide_extension" and duty.extension is not None:
        return f"{words}申请延长 {duty.extension.working_days} 个工作日：{duty.extension.reason}"
    if form.move == "approve_return":
        return f"{words}申请退办：{duty.assignment.return_reason}"
    return words if len(dossier.duties) > 1 else ""
