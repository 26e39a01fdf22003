"""What several faces give back and are asked for in lists, for the OpenAPI document: `projections` in schemas."""

from marshmallow import Schema, fields

from liaison.domain.actors import Role
from liaison.domain.clocks import Light
from liaison.domain.conflict import Source
from liaison.domain.outcomes import Outcome, Result
from liaison.domain.routing import Ground
from liaison.domain.terms import COMPLEXITIES
from liaison.domain.workflow import ASSIGNMENT, MATTER, Party, Phase
from liaison.services.inboxes import DEPARTMENT_BOXES, DEPUTY_BOXES, OFFICE_BOXES
from liaison.web.paging import DEFAULT_LIMIT, MAX_LIMIT
from liaison.web.schemas import one_of


def choice(choices: object, **more: object) -> fields.String:
    """One of these values, always there; with `allow_none` also null."""
    return fields.String(validate=one_of(choices), required=True, **more)


class PageQuery(Schema):
    """Which page of a list."""

    limit = fields.Integer(
        load_default=DEFAULT_LIMIT, metadata={"minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
    )
    after = fields.String(load_default="", metadata={"description": "the `next` of the page before"})


class DeputyQuery(PageQuery):
    """Which of the deputy's boxes."""

    box = fields.String(load_default="todo", validate=one_of(DEPUTY_BOXES))


class DepartmentQuery(PageQuery):
    """Which of the department's boxes."""

    box = fields.String(load_default="todo", validate=one_of(DEPARTMENT_BOXES))


class OfficeQuery(PageQuery):
    """Which of the office's boxes, and which matters of it."""

    box = fields.String(load_default="all", validate=one_of(OFFICE_BOXES))
    q = fields.String(load_default="", metadata={"description": "a number, or words of the text"})
    state = fields.String(load_default="", validate=one_of(["", *MATTER.states]))
    department = fields.String(load_default="", metadata={"description": "the code of a department"})


class NamedOut(Schema):
    """A station, deputy or department by its code."""

    code = fields.String(required=True)
    name = fields.String(required=True)


class FileOut(Schema):
    """A file by its address."""

    url = fields.String(required=True)
    thumb_url = fields.String(required=True, allow_none=True)
    name = fields.String(required=True, allow_none=True)
    mime = fields.String(required=True)
    sha256 = fields.String(required=True)


class EventOut(Schema):
    """One line of the history."""

    at = fields.DateTime(required=True)
    kind = fields.String(required=True)
    by_role = choice(Role)
    by = fields.String(required=True, allow_none=True)
    text = fields.String(required=True)
    data = fields.Dict(required=True)
    state = choice(MATTER.states)
    hash = fields.String(required=True)


class ReplyOut(Schema):
    """One answer."""

    at = fields.DateTime(required=True)
    by = fields.String(required=True)
    by_role = choice(Role)
    text = fields.String(required=True)
    outcome = choice(Outcome)
    measures = fields.String(required=True)
    owner = fields.String(required=True)
    promised_on = fields.Date(required=True, allow_none=True)
    approved = fields.Boolean(required=True)
    files = fields.List(fields.Nested(FileOut), required=True)


class RatingOut(Schema):
    """The last rating."""

    round = fields.Integer(required=True)
    result = choice(Result)
    attitude = fields.Integer(required=True)
    speed = fields.Integer(required=True)
    text = fields.String(required=True)
    at = fields.DateTime(required=True)


class ReceiptOut(Schema):
    """The hash of a matter's first event, and when it was taken in."""

    hash = fields.String(required=True)
    at = fields.DateTime(required=True)


class StandingOut(Schema):
    """Where a matter stands."""

    number = fields.String(required=True)
    state = choice(MATTER.states)
    phase = choice(Phase)
    waiting_for = choice(Party, allow_none=True)
    due_at = fields.DateTime(required=True, allow_none=True)
    receipt = fields.Nested(ReceiptOut, required=True)


class MatterOut(StandingOut):
    """A matter as its resident sees it."""

    light = choice(Light)
    text = fields.String(required=True)
    category = fields.String(required=True, allow_none=True)
    photos = fields.List(fields.Nested(FileOut), required=True)
    voices = fields.List(fields.Nested(FileOut), required=True)
    events = fields.List(fields.Nested(EventOut), required=True)
    replies = fields.List(fields.Nested(ReplyOut), required=True)
    rating = fields.Nested(RatingOut, required=True, allow_none=True)


class ContactOut(Schema):
    """How the resident can be reached, for those who may know."""

    name = fields.String(required=True)
    phone = fields.String(required=True, allow_none=True)


class StepOut(Schema):
    """One line of how a due date came about."""

    kind = fields.String(required=True)
    day = fields.Date(required=True)
    amount = fields.Integer(required=True)


class RungOut(Schema):
    """A reminder and when it comes."""

    rung = fields.String(required=True)
    at = fields.DateTime(required=True)


class DeadlineOut(Schema):
    """A clock: how its due date came about, and its ladder of reminders."""

    kind = fields.String(required=True)
    term = fields.String(required=True)
    due_at = fields.DateTime(required=True)
    provisional = fields.Boolean(required=True)
    light = choice(Light)
    steps = fields.List(fields.Nested(StepOut), required=True)
    ladder = fields.List(fields.Nested(RungOut), required=True)


class ExtensionOut(Schema):
    """The extension a department asked for; `granted` is null until it is decided."""

    working_days = fields.Integer(required=True)
    reason = fields.String(required=True)
    granted = fields.Boolean(required=True, allow_none=True)


class DutyOut(Schema):
    """One department's assignment; `moves` are those open to the viewer."""

    id = fields.String(required=True)
    department = fields.Nested(NamedOut, required=True)
    part = fields.String(required=True)
    round = fields.Integer(required=True)
    level = fields.Integer(required=True)
    state = choice(ASSIGNMENT.states)
    complexity = choice(COMPLEXITIES)
    locked = fields.Boolean(required=True)
    assigned_at = fields.DateTime(required=True)
    acknowledged_at = fields.DateTime(required=True, allow_none=True)
    return_reason = fields.String(required=True, allow_none=True)
    due_at = fields.DateTime(required=True, allow_none=True)
    light = choice(Light)
    extension = fields.Nested(ExtensionOut, required=True, allow_none=True)
    moves = fields.List(fields.String(), required=True)


class SuggestionOut(Schema):
    """A department the routing rules name, and why."""

    code = fields.String(required=True)
    ground = choice(Ground)
    reason = fields.String(required=True)
    matched = fields.List(fields.String(), required=True)


class ConflictOut(Schema):
    """One of those a matter is about: it neither sees nor handles it while `stands`."""

    party = fields.String(required=True, metadata={"example": "department:housing"})
    name = fields.String(required=True)
    source = choice(Source)
    reason = fields.String(required=True)
    stands = fields.Boolean(required=True)


class RevealOut(Schema):
    """A request to learn who the resident is; `granted` is null until it is decided."""

    id = fields.Integer(required=True)
    reason = fields.String(required=True)
    granted = fields.Boolean(required=True, allow_none=True)
    expires_at = fields.DateTime(required=True, allow_none=True)


class StaffMatterOut(MatterOut):
    """A matter as deputy, department and office see it; `moves` are those open to the viewer."""

    title = fields.String(required=True)
    round = fields.Integer(required=True)
    created_at = fields.DateTime(required=True)
    supervised = fields.Boolean(required=True)
    station = fields.Nested(NamedOut, required=True, allow_none=True)
    deputy = fields.Nested(NamedOut, required=True, allow_none=True)
    place = fields.String(required=True, allow_none=True)
    contact = fields.Nested(ContactOut, required=True, allow_none=True)
    deadline = fields.Nested(DeadlineOut, required=True, allow_none=True)
    assignments = fields.List(fields.Nested(DutyOut), required=True)
    suggestions = fields.List(fields.Nested(SuggestionOut), required=True)
    merged_into = fields.String(required=True, allow_none=True)
    merged = fields.List(fields.String(), required=True)
    reveals = fields.List(fields.Nested(RevealOut), required=True)
    about_person = fields.String(required=True, metadata={"description": "as the resident says; office alone"})
    conflicts = fields.List(fields.Nested(ConflictOut), required=True)
    moves = fields.List(fields.String(), required=True)


class AssignmentOut(DutyOut):
    """An assignment with its matter, as its department sees them."""

    matter = fields.Nested(StaffMatterOut, required=True)


class RowOut(Schema):
    """One line of a list; `id` names the assignment in a department's, else the matter."""

    id = fields.String(required=True)
    number = fields.String(required=True)
    title = fields.String(required=True)
    state = choice(MATTER.states)
    assignment_state = choice(ASSIGNMENT.states, allow_none=True)
    light = choice(Light)
    due_at = fields.DateTime(required=True, allow_none=True)
    created_at = fields.DateTime(required=True)
    category = fields.String(required=True, allow_none=True)
    station = fields.String(required=True, allow_none=True)
    deputy = fields.String(required=True, allow_none=True)
    supervised = fields.Boolean(required=True)
    round = fields.Integer(required=True)


class RowsOut(Schema):
    """A page of a list, newest first."""

    items = fields.List(fields.Nested(RowOut), required=True)
    next = fields.String(required=True, allow_none=True)


class ActorOut(Schema):
    """Who is signed in; codes of region, department and station."""

    name = fields.String(required=True)
    role = choice(Role)
    region = fields.String(required=True)
    department = fields.String(required=True, allow_none=True)
    station = fields.String(required=True, allow_none=True)


class SessionOut(Schema):
    """A session; the token is shown this once."""

    token = fields.String(required=True)
    expires_at = fields.DateTime(required=True)
    actor = fields.Nested(ActorOut, required=True)
