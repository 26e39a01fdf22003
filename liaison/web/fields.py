"""Marshmallow fields that read what people type the way the domain wants it, and say in Chinese what is wrong."""

from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar, Self

from marshmallow import Schema, ValidationError, fields, pre_load

from liaison.domain import numbers, text
from liaison.domain.errors import Invalid

fields.Field.default_error_messages.update(
    required="请填写此项。", null="此项不能为空。", validator_failed="填写的内容不符合要求。"
)
fields.String.default_error_messages.update(invalid="请填写文字。", invalid_utf8="文字编码有误，请重新输入。")
fields.Integer.default_error_messages.update(invalid="请填写整数。")
fields.Number.default_error_messages.update(invalid="请填写数字。", too_large="数字太大。")
fields.Float.default_error_messages.update(special="请填写普通的数字。")
fields.Boolean.default_error_messages.update(invalid="请选择是或否。")
fields.Date.default_error_messages.update(invalid="请按“2026-01-31”的样式填写日期。", format="日期无效。")
fields.List.default_error_messages.update(invalid="这里应当是一个列表。")
fields.Nested.default_error_messages.update(type="这一项的格式不正确。")


LONGEST_NAME, MOST_NAMES = 200, 100  # characters of a code or number, many times the longest; lines of a page
ENDLESS = "内容太长，请核对后重新填写。"


class Input(Schema):
    """A body or form: every field named here, nothing else taken."""

    error_messages: ClassVar = {"unknown": "没有这一项，请核对字段名称。", "type": "请按 JSON 对象的格式提交。"}

    @classmethod
    @cache
    def kept(cls) -> Self:
        """The same one for every request, which loading does not change: to make one takes longer than to load."""
        return cls()

    @pre_load
    def refuse_endless(self, data: Any, **more: Any) -> Any:
        """What only names something is short, and a list of such names, too, so that no query is asked for more."""
        told = data.items() if isinstance(data, Mapping) else ()
        if faults := {name: [ENDLESS] for name, value in told if _is_endless(self.fields.get(name), value)}:
            raise ValidationError(faults)
        return data


class Words(fields.String):
    """Text as the domain cleans it: no NUL, no lone surrogates, NFC, within its length in characters people see."""

    def __init__(self, shortest: int, longest: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shortest, self.longest = shortest, longest
        self.metadata |= {"minLength": shortest, "maxLength": longest} if shortest else {"maxLength": longest}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        typed = super()._deserialize(value, attr, data, **kwargs)
        if not typed.strip() and not self.required:
            return ""
        return _told(lambda: text.clean(typed, "", self.shortest, self.longest))


class CaseNumber(fields.String):
    """A case number however it was typed, in its one printed form."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        typed = super()._deserialize(value, attr, data, **kwargs)
        return _told(lambda: numbers.check_number(typed))


class Codes(fields.List):
    """A list of codes."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(fields.String(), **kwargs)


def _is_endless(field: fields.Field | None, value: Any) -> bool:
    if isinstance(value, list):
        return len(value) > MOST_NAMES
    is_name = isinstance(field, fields.String) and not isinstance(field, Words) and not field.validators
    return is_name and isinstance(value, str) and len(value) > LONGEST_NAME


def _told(read: Any) -> Any:
    try:
        return read()
    except Invalid as error:
        raise ValidationError([sentence for sentences in error.errors.values() for sentence in sentences]) from None
