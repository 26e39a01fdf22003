"""Where people are reached: what an address of each channel looks like, and how it is shown with its middle hidden."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from liaison.domain.errors import Invalid

LONGEST = 254  # characters; the longest e-mail address (RFC 5321, errata 1690)
_FILLING = re.compile(r"[\s\-().（）]+")
_WORD, _LABEL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+", r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"


@dataclass(frozen=True)
class _Shape:
    """What an address must match once it is tidied, what is said when it does not, how it is masked."""

    pattern: re.Pattern[str]
    wrong: str
    tidy: Callable[[str], str]
    mask: Callable[[str], str]


def check_address(channel: str, typed: str) -> str:
    """The address as it is kept, however it was typed. Raises Invalid for `address`."""
    shape = _SHAPES[channel]
    tidied = shape.tidy(typed)
    if len(tidied) > LONGEST or not shape.pattern.fullmatch(tidied):
        raise Invalid({"address": [shape.wrong]})
    return tidied


def find_mobile(phone: str) -> str | None:
    """The mobile number a text message can go to; None for a landline, a foreign number or none at all."""
    number = plain_phone(phone)
    return number if _SHAPES["sms"].pattern.fullmatch(number) else None


def plain_phone(typed: str) -> str:
    """A phone number without what people put between its digits, and without our own country's prefix."""
    return re.sub(r"^(\+|00)86", "", _FILLING.sub("", typed))


def masked(channel: str, address: str) -> str:
    """As much of an address as its owner needs to know it again."""
    return _SHAPES[channel].mask(address)


def _ends(address: str) -> str:
    shown = 2 if len(address) > 6 else 1
    return f"{address[:shown]}****{address[-shown:] if len(address) > 6 else ''}"


def _before_at(address: str) -> str:
    user, _, host = address.rpartition("@")
    return f"{user[:1]}****@{host}"


_OPENID = _Shape(
    re.compile(r"[A-Za-z0-9_-]{20,40}"),
    "请填写微信给出的 openid，只有字母、数字、短横线和下划线。",
    str.strip,
    _ends,
)
_SHAPES: Mapping[str, _Shape] = MappingProxyType(
    {
        "sms": _Shape(
            re.compile(r"1[3-9][0-9]{9}"),
            "请填写 11 位的手机号，例如 138 开头的号码；座机收不到短信。",
            plain_phone,
            lambda number: f"{number[:3]}****{number[-4:]}",
        ),
        "email": _Shape(
            re.compile(rf"{_WORD}(?:\.{_WORD})*@{_LABEL}(?:\.{_LABEL})+"),
            "请填写一个完整的邮箱地址，例如 name@example.gov.cn。",
            str.strip,
            _before_at,
        ),
        "wecom": _Shape(
            re.compile(r"[A-Za-z0-9][A-Za-z0-9_@.-]{0,63}"),
            "请填写企业微信通讯录里的“账号”一栏，由字母、数字和 _ - @ . 组成；不是姓名。",
            str.strip,
            _ends,
        ),
        "wechat_template": _OPENID,
        "wechat_subscribe": _OPENID,
    }
)
