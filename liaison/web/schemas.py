"""What each call takes, as the HTTP contract names it; one set for the JSON API and the console's forms."""

from marshmallow import fields, validate

from liaison.domain.consent import SWITCHED
from liaison.domain.outcomes import Outcome, Result
from liaison.domain.terms import COMPLEXITIES
from liaison.services.extensions import LONGEST
from liaison.services.intake import MAX_TEXT, MIN_TEXT
from liaison.services.matters import CHANNELS
from liaison.services.reveals import MIN_REASON
from liaison.web.fields import CaseNumber, Codes, Input, Words

REASON, NOTE = 500, 1000  # characters: a reason fits on a phone's screen, a note on two


def one_of(choices: object) -> validate.OneOf:
    """Only these values."""
    return validate.OneOf([str(choice) for choice in choices], error="请从给出的选项中选择。")


class Nothing(Input):
    """A move that needs no words."""


class Reason(Input):
    """A reason, always needed."""

    reason = Words(2, REASON, required=True)


class RevealReason(Input):
    """Why somebody must learn who the resident is; the resident reads it."""

    reason = Words(MIN_REASON, REASON, required=True)


class Remark(Input):
    """Words that may be left out."""

    text = Words(0, NOTE, load_default="")


class Place(Input):
    """Where a matter is: a name as people say it, degrees only if the resident chose to give them."""

    name = Words(0, 100, load_default="")
    lat = fields.Float(load_default=None, allow_none=True, validate=validate.Range(-90, 90, error="纬度超出范围。"))
    lng = fields.Float(load_default=None, allow_none=True, validate=validate.Range(-180, 180, error="经度超出范围。"))


class Contact(Input):
    """How the resident can be reached."""

    name = Words(0, 30, load_default="")
    phone = fields.String(
        load_default="",
        validate=validate.Regexp(r"^$|^\+?[0-9][0-9 \-]{5,18}$", error="请填写正确的电话号码，或留空。"),
    )


class About(Input):
    """Whom a matter is about: the code of a department, a person in the resident's own words."""

    department = fields.String(load_default="", allow_none=True)
    person = Words(0, 50, load_default="")


class SubmissionIn(Input):
    """A resident's matter."""

    text = Words(MIN_TEXT, MAX_TEXT, required=True)
    category = fields.String(load_default=None, allow_none=True)
    place = fields.Nested(Place, load_default=None, allow_none=True)
    contact = fields.Nested(Contact, load_default=None, allow_none=True)
    about = fields.Nested(About, load_default=None, allow_none=True)
    share_identity = fields.Boolean(load_default=False)


class AdditionIn(Input):
    """Words added to a matter."""

    text = Words(2, MAX_TEXT, required=True)


class RatingIn(Input):
    """A rating in three parts; dissatisfied needs words."""

    result = fields.String(required=True, validate=one_of(Result))
    attitude = fields.Integer(required=True, validate=validate.Range(1, 5, error="请打 1 到 5 分。"))
    speed = fields.Integer(required=True, validate=validate.Range(1, 5, error="请打 1 到 5 分。"))
    text = Words(0, NOTE, load_default="")


class ReopeningIn(Input):
    """What is not done yet although the matter was closed."""

    text = Words(2, NOTE, required=True)


class WithdrawalIn(Input):
    """Taking a matter back."""

    reason = Words(0, REASON, load_default="")


class ConsentIn(Input):
    """One consent, given or taken back."""

    purpose = fields.String(required=True, validate=one_of(SWITCHED))
    agreed = fields.Boolean(required=True)


class ErasureIn(Input):
    """The wish to be erased, once what goes and what stays has been read."""

    confirm = fields.Boolean(load_default=False)


class Holding(Input):
    """Whether a matter is held, and why."""

    on = fields.Boolean(required=True)
    reason = Words(2, REASON, required=True)


class Credentials(Input):
    """Name and password, and where there is a second factor its code or a recovery code."""

    username = fields.String(required=True, validate=validate.Length(1, 64, error="请填写用户名。"))
    password = fields.String(required=True, validate=validate.Length(1, 256, error="请填写密码。"))
    otp = fields.String(load_default=None, allow_none=True, validate=validate.Length(0, 40, error="验证码太长。"))


class Question(Input):
    """What the resident is asked for."""

    question = Words(2, REASON, required=True)


class Refusal(Input):
    """Why a matter is not accepted, and the right channel."""

    reason = Words(2, REASON, required=True)
    channel = fields.String(required=True, validate=one_of(CHANNELS))


class Redirection(Input):
    """The channel the law provides."""

    channel = fields.String(required=True, validate=one_of(CHANNELS))
    reason = Words(0, REASON, load_default="")


class Merge(Input):
    """The matter this one is merged into."""

    into = CaseNumber(required=True)


class Dispatch(Input):
    """Who handles a matter, and how hard it is; either a lead with those assisting, or several separately."""

    lead = fields.String(load_default=None, allow_none=True)
    assisting = Codes(load_default=list)
    separate = Codes(load_default=list)
    complexity = fields.String(required=True, validate=one_of(COMPLEXITIES))
    text = Words(0, NOTE, load_default="")


class Decision(Input):
    """Yes or no, with words."""

    approve = fields.Boolean(required=True)
    text = Words(0, REASON, load_default="")


class AssignmentDecision(Decision):
    """A decision about one assignment."""

    assignment = fields.String(required=True)


class Bar(Reason):
    """Whom a matter is about: one department, deputy or account, by its code or username."""

    department = fields.String(load_default=None, allow_none=True)
    deputy = fields.String(load_default=None, allow_none=True)
    account = fields.String(load_default=None, allow_none=True)


class BarLifting(Reason):
    """One of those a matter is about, as its `conflicts` name it, and why it need not keep away any longer."""

    party = fields.String(required=True)


class Publication(Input):
    """What the public may read, redacted by hand; `because` is why it is published although a check found something."""

    title = Words(2, 60, required=True)
    text = Words(2, MAX_TEXT, required=True)
    answer = Words(2, MAX_TEXT, required=True)
    consent = fields.Boolean(required=True)
    because = Words(0, NOTE, load_default="")


class LookBack(Input):
    """What a look back found."""

    done = fields.Boolean(required=True)
    text = Words(2, NOTE, required=True)


class DeputyAnswer(Input):
    """A deputy's own answer."""

    text = Words(2, MAX_TEXT, required=True)
    outcome = fields.String(required=True, validate=one_of(Outcome))


class HandOver(Input):
    """A deputy's advice to the office."""

    advice = Words(2, NOTE, required=True)
    departments = Codes(load_default=list)


class Passing(Input):
    """Another deputy, and why."""

    deputy = fields.String(required=True)
    reason = Words(2, REASON, required=True)


class Verdict(Input):
    """Whether an answer will do."""

    accept = fields.Boolean(required=True)
    text = Words(0, REASON, load_default="")


class ReturnRequest(Input):
    """Why an assignment is not ours, and whose it may be."""

    reason = Words(2, REASON, required=True)
    belongs_to = fields.String(load_default=None, allow_none=True)


class ExtensionRequest(Input):
    """How many working days more, and why."""

    working_days = fields.Integer(
        required=True, validate=validate.Range(1, LONGEST, error=f"可申请 1 到 {LONGEST} 个工作日。")
    )
    reason = Words(2, REASON, required=True)


class DepartmentAnswer(Input):
    """A department's answer with what the reply guard asks for."""

    text = Words(2, MAX_TEXT, required=True)
    outcome = fields.String(required=True, validate=one_of(Outcome))
    measures = Words(0, NOTE, load_default="")
    owner = Words(0, 50, load_default="")
    promised_on = fields.Date(load_default=None, allow_none=True)
