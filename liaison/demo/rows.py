"""The shapes of the demo town's matters; they know only codes, text and day offsets, never the database."""

from dataclasses import dataclass

from liaison.domain.county import County


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: `promised_in` is days after the reply (class B), `ground` the evidence or legal ground."""

    text: str
    outcome: str
    measures: str
    owner: str
    ground: str
    promised_in: int | None = None


@dataclass(frozen=True, slots=True)
class Rating:
    """The resident's judgement: satisfied, basically or dissatisfied; attitude and speed 1–5."""

    result: str
    attitude: int
    speed: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Assist:
    """An assisting department and its opinion; the opinion is empty where it still owes one."""

    department: str
    opinion: str = ""


@dataclass(frozen=True, slots=True)
class Return:
    """A department's request to return its assignment; `approved` None means not yet decided."""

    department: str
    belongs_to: str | None
    reason: str
    approved: bool | None = None
    decision: str = ""


@dataclass(frozen=True, slots=True)
class Extension:
    """A department's request for more time; `approved` None means not yet decided."""

    working_days: int
    reason: str
    approved: bool | None = None


@dataclass(frozen=True, slots=True)
class Round:
    """One round of handling: dispatch, incidents, the first draft the deputy sent back, reply, rating.

    `stage` says how far the assignment got: assigned, acknowledged, return_requested, replied (waiting
    for the approver), approved, or returned (the next round has another lead). `pushback` is the
    deputy's reason for sending `draft` back; `kept` is the answer once a class B promise was carried out.
    """

    lead: str
    complexity: str
    stage: str = "approved"
    assisting: tuple[Assist, ...] = ()
    returned: Return | None = None
    extension: Extension | None = None
    draft: Reply | None = None
    pushback: str = ""
    reply: Reply | None = None
    verdict: str = ""
    rating: Rating | None = None
    kept: Reply | None = None
    kept_rating: Rating | None = None


@dataclass(frozen=True, slots=True)
class Matter:
    """A resident's matter and all that is said on its way to `state`, in the order of the fields.

    `age_days` is how long ago it was submitted, `proxy` whether the station's liaison typed it in, `contact`
    whether a name and phone were left, `about` the department it is about if the resident said so. `question` and
    `addition` are a request for more and its answer.
    `refusal` and `channel` belong to not_accepted and redirected; `merged_into` is a matter's code.
    `claimed` says whether an open matter with the deputy was taken up; `passed` why it went to another one.
    `deputy_reply` is set where the deputy answers alone, `look_back` where a closed matter was reopened.
    `title` is what the public reads instead of the resident's words when `publish` is set.
    """

    code: str
    station: str
    category: str
    text: str
    place: str
    state: str
    age_days: int
    proxy: bool = False
    contact: bool = False
    about: str | None = None
    question: str = ""
    addition: str = ""
    refusal: str = ""
    channel: str = ""
    merged_into: str | None = None
    withdrawal: str = ""
    claimed: bool = False
    passed: str = ""
    deputy_reply: Reply | None = None
    deputy_rating: Rating | None = None
    advice: str = ""
    rounds: tuple[Round, ...] = ()
    look_back: str = ""
    publish: bool = False
    title: str = ""


@dataclass(frozen=True, slots=True)
class Town(County):
    """The whole demo town: a county, its matters and the office's people; every reference is by code."""

    matters: tuple[Matter, ...]
    office_staff: tuple[str, ...]
