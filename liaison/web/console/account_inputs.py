"""What the forms about signing in and about accounts take."""

from marshmallow import fields, validate

from liaison.domain.actors import Role
from liaison.services.accounts import LONGEST_NAME, ROLES, Place
from liaison.web.fields import Input, Words
from liaison.web.schemas import REASON, one_of

NAME = 30  # characters, of a person's name with what tells namesakes apart
SECRET = 256  # characters: longer is no password, and is told so by the rules
CODE = 40  # characters: six digits, or a recovery code with its hyphens


class CodeIn(Input):
    """The second factor's code, or a recovery code."""

    code = fields.String(required=True, validate=validate.Length(1, CODE, error="请填写验证码。"))
    next = fields.String(load_default="")


class PasswordIn(Input):
    """One's own password, changed: the current one, and the new one twice."""

    current = fields.String(required=True, validate=validate.Length(1, SECRET, error="请填写现在的密码。"))
    password = fields.String(required=True, validate=validate.Length(1, SECRET, error="请填写新密码。"))
    again = fields.String(required=True, validate=validate.Length(1, SECRET, error="请再填写一次新密码。"))


class RecoveryIn(Input):
    """Both halves of a recovery's code, and the new password twice."""

    username = fields.String(required=True, validate=validate.Length(1, LONGEST_NAME, error="请填写用户名。"))
    first = fields.String(required=True, validate=validate.Length(1, CODE, error="请填写找回码前半段。"))
    second = fields.String(required=True, validate=validate.Length(1, CODE, error="请填写找回码后半段。"))
    password = fields.String(required=True, validate=validate.Length(1, SECRET, error="请填写新密码。"))
    again = fields.String(required=True, validate=validate.Length(1, SECRET, error="请再填写一次新密码。"))


class PlaceIn(Input):
    """A role, and where and for what it acts."""

    role = fields.String(required=True, validate=one_of(ROLES))
    region = fields.String(required=True)
    department = fields.String(load_default="")
    station = fields.String(load_default="")
    deputy = fields.String(load_default="")
    head = fields.Boolean(load_default=False)


class AccountIn(PlaceIn):
    """A new account."""

    username = Words(1, LONGEST_NAME, required=True)
    name = Words(1, NAME, required=True)


class PhoneIn(Input):
    """A mobile number, or none."""

    phone = fields.String(load_default="", validate=validate.Length(0, CODE, error="号码太长，请核对。"))


class UserIdIn(Input):
    """A WeCom user id, or none."""

    userid = fields.String(load_default="", validate=validate.Length(0, LONGEST_NAME, error="账号太长，请核对。"))


class AskIn(Input):
    """Why somebody is to be let in again."""

    reason = Words(2, REASON, required=True)


def place_of(body: dict) -> Place:
    """The place a checked body describes; what its role does not act for is left out."""
    told = {name: body[name] or None for name in ("department", "station", "deputy")}
    return Place(Role(body["role"]), body["region"], **told, head=body["head"])
