"""What the console's own forms take, all but the moves, whose schemas stand in `web.schemas`."""

import re

from marshmallow import fields, validate

from liaison.domain.duty import Change
from liaison.domain.preferences import CATALOGUE, GROUPS
from liaison.domain.reminders import Audience, Rung
from liaison.domain.terms import DEFAULT_TERMS
from liaison.services import notes
from liaison.services.intake import MAX_TEXT
from liaison.services.rules import RuleText
from liaison.web.fields import Input, Words
from liaison.web.schemas import REASON

HIGHEST_PRIORITY = 1000
TERM = 20
LONGEST_TABLE = 200_000  # characters; a year's table has some thirty lines
TOO_LONG = "表格太长，请只保留放假和调休的日子。"
_SEPARATORS = re.compile(r"[\s,，、;；]+")


class RuleIn(Input):
    """A routing rule as the office types it; keywords in one line."""

    keywords = Words(0, REASON, load_default="")
    category = fields.String(load_default="")
    department = fields.String(required=True)
    region = fields.String(required=True)
    priority = fields.Integer(
        required=True, validate=validate.Range(0, HIGHEST_PRIORITY, error=f"优先级应在 0 到 {HIGHEST_PRIORITY} 之间。")
    )
    reason = Words(2, REASON, required=True)


class TryIn(Input):
    """A text to try the rules on, as if it were told at a station."""

    text = Words(2, MAX_TEXT, required=True)
    station = fields.String(load_default="")
    category = fields.String(load_default="")


class SwitchIn(Input):
    """On or off."""

    on = fields.Boolean(required=True)


class TurnIn(Input):
    """A deputy of a roster, and what to do with the place: up, down, add, drop."""

    deputy = fields.String(required=True)
    act = fields.String(required=True, validate=validate.OneOf(("up", "down", "add", "drop"), error="请重新操作。"))


LadderIn = Input.from_dict(
    {
        rung: fields.List(
            fields.String(validate=validate.OneOf(list(Audience), error="请重新选择。")), load_default=list
        )
        for rung in Rung
    },
    name="LadderIn",
)
"""Whom each rung of the ladder is for."""

TermsIn = Input.from_dict({clock: Words(0, TERM, load_default="") for clock in DEFAULT_TERMS}, name="TermsIn")
"""A region's own terms; an empty one means that it has none."""


class TableIn(Input):
    """An official table of working days, pasted."""

    table = fields.String(load_default="", validate=validate.Length(max=LONGEST_TABLE, error=TOO_LONG))


class NoteIn(Input):
    """A note among those of one side."""

    text = Words(1, notes.LONGEST, required=True)


class AbsenceIn(Input):
    """Until which day a deputy is away; nothing means back."""

    deputy = fields.String(required=True)
    absent_until = fields.Date(load_default=None, allow_none=True)


SettingsIn = Input.from_dict(
    {
        "group": fields.String(required=True, validate=validate.OneOf(GROUPS, error="请刷新后再试。")),
        "seen": fields.String(load_default=""),
        **{key: Words(0, TERM, load_default="") for key in CATALOGUE},
    },
    name="SettingsIn",
)
"""A group's numbers as typed, an empty one meaning that it follows; and the last change that was seen of them."""


class UndoIn(Input):
    """A change that is taken back."""

    change = fields.UUID(required=True, error_messages={"invalid_uuid": "请刷新后再试。"})


class DutyDayIn(Input):
    """What one day of a station is changed to, and who takes it."""

    day = fields.Date(required=True)
    change = fields.String(required=True, validate=validate.OneOf(["", *Change], error="请选择这一天怎样安排。"))
    deputy = fields.String(load_default="")


class ChannelIn(Input):
    """A channel by its name."""

    channel = fields.String(required=True)


class AddressIn(ChannelIn):
    """Where an account is reached by a channel."""

    address = fields.String(required=True)


class OrderIn(ChannelIn):
    """A channel of an account, and what to do with its place: up, down, drop."""

    act = fields.String(required=True, validate=validate.OneOf(("up", "down", "drop"), error="请重新操作。"))


def rule_text(body: dict) -> RuleText:
    """The rule a checked body describes."""
    words = [word for word in _SEPARATORS.split(body["keywords"]) if word]
    return RuleText(
        body["department"], words, body["category"] or None, body["region"], body["priority"], body["reason"]
    )
