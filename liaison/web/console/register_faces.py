"""How each register looks: its words, the fields of its form, and what such a form takes.

What a field accepts is decided by the services alone, which tell every fault at once; the schemas give types.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from marshmallow import fields
from werkzeug.datastructures import MultiDict

from liaison.services.register_sheets import LONG, LONGEST
from liaison.web.console.choices import Choices
from liaison.web.console.fields import Field
from liaison.web.fields import Codes, Input, Words

_MADE = "留空自动生成；以后不能改。"


class _RegisterIn(Input):
    """What every one of these forms sends; `seen` stands for the row as whoever fills it in has seen it."""

    seen = fields.String(load_default="")
    name = Words(0, LONGEST, load_default="")


class _NewIn(_RegisterIn):
    """A new row may be told its code."""

    code = fields.String(load_default="")


class DepartmentIn(_NewIn):
    """A department."""

    region = fields.String(load_default="")
    duties = Words(0, LONGEST, load_default="")
    head = Words(0, LONGEST, load_default="")


class DeputyIn(_NewIn):
    """A deputy."""

    level = fields.String(load_default="")
    region = fields.String(load_default="")
    unit = Words(0, LONGEST, load_default="")
    occupation = Words(0, LONGEST, load_default="")
    term = Words(0, LONGEST, load_default="")
    groups = Words(0, LONGEST, load_default="")
    stations = Codes(load_default=list)
    leads = Codes(load_default=list)


class StationIn(_RegisterIn):
    """A station; its public code is made by chance."""

    kind = fields.String(load_default="")
    region = fields.String(load_default="")
    address = Words(0, LONGEST, load_default="")
    opening = Words(0, LONGEST, load_default="")
    capabilities = Codes(load_default=list)
    screening = fields.Boolean(load_default=False)


class CategoryIn(_NewIn):
    """A category."""

    parent = fields.String(load_default="")
    department = fields.String(load_default="")
    complexity = fields.String(load_default="")
    position = fields.Integer(load_default=0)


@dataclass(frozen=True)
class Face:
    """One register's words and form. `about` says what it is for, `retiring` what follows from retiring a row."""

    kind: str
    word: str
    title: str
    about: str
    retiring: str
    schema: type[Input]
    fields: tuple[Field, ...]
    has_code: bool = True

    @property
    def new_fields(self) -> tuple[Field, ...]:
        """The fields of a new row."""
        code = Field("code", "代号", "line", f"{_MADE}网址和表格里用，例如 zjj。")
        return (*self.fields, code) if self.has_code else self.fields


_REGION = Field("region", "所在区域", "select", "regions", required=True)

FACES: Mapping[str, Face] = MappingProxyType(
    {
        "department": Face(
            "department",
            "承办单位",
            "承办单位",
            "交办时从这里选。停用的单位不能再交办，办过的事项照旧显示它的名称。",
            "停用后不能再向它交办，分派规则和类别也不再建议它；办过的事项不变。手里还有事项的，先办结才能停用。",
            DepartmentIn,
            (
                Field("name", "名称", "line", required=True),
                _REGION,
                Field("duties", "职责", "area", help=f"一两句话，最多 {LONG} 个字。"),
                Field("head", "负责人", "line", help="只用于显示；收提醒的账号在“账号”里设为单位负责人。"),
            ),
        ),
        "deputy": Face(
            "deputy",
            "代表",
            "人大代表",
            "姓名、层级、选举单位会在公开的代表名册上显示。停用的代表不再接收新事项，并从值班名册移出。",
            "停用后不再接收新事项，从所有联络站的值班名册移出，公开名册上不再显示。手里还有事项的，先转给其他代表。",
            DeputyIn,
            (
                Field("name", "姓名", "line", required=True),
                Field("level", "代表层级", "select", "deputy_level", required=True),
                _REGION,
                Field("unit", "选举单位", "line", help="会公开，例如“第三选区”。"),
                Field("occupation", "职业", "line"),
                Field("term", "任期", "line", help="例如 2022–2027。"),
                Field("groups", "专业小组", "line", help="用空格或顿号隔开。"),
                Field("stations", "值班联络站", "checks", "own_station", "新勾选的排在名册最后。", aside=True),
                Field(
                    "leads",
                    "分管或任职的单位",
                    "checks",
                    "departments",
                    "群众反映这些单位的事项，不会交给这位代表，已经在手里的会收回。",
                    aside=True,
                ),
            ),
        ),
        "station": Face(
            "station",
            "联络站",
            "联络站",
            "",
            "停用后，扫这个码的群众会看到附近哪个站还在接待；已经反映的事项照常办理。海报请从墙上取下。",
            StationIn,
            (
                Field("name", "站名", "line", help="会印在海报上。", required=True),
                Field("kind", "类型", "select", "station_kind", required=True),
                _REGION,
                Field("address", "地址", "line", help="会公开。"),
                Field("opening", "接待时间", "line", help="会公开，例如“每周二、周四 上午9:00–11:30”。"),
                Field("capabilities", "功能", "checks", "capability"),
                Field("screening", "新事项先由人大办初审", "tick", help="不选的，直接交给当值代表。"),
            ),
            has_code=False,
        ),
        "category": Face(
            "category",
            "类别",
            "类别",
            "所有联络站共用，分两级；群众只选第一级。停用的类别不能再选，以前的事项照旧显示。",
            "停用后不能再选；已经选了它的事项和统计不变。第一级停用的，群众不再看到。",
            CategoryIn,
            (
                Field("name", "名称", "line", required=True),
                Field("parent", "上级类别", "select", "top_categories", "留空即第一级，群众从第一级里选。"),
                Field("department", "通常由谁办理", "select", "departments", "没有规则命中时，交办建议里出现它。"),
                Field("complexity", "通常的办理难度", "select", "complexity", required=True),
                Field("position", "排序", "number", help="数字小的在前；添加时留空，排到最后。"),
            ),
        ),
    }
)


def form_values(told: Mapping[str, Any]) -> MultiDict:
    """A row's parts as a form shows them."""
    shown = MultiDict()
    for name, value in told.items():
        if isinstance(value, bool):
            shown[name] = "true" if value else ""
        elif isinstance(value, list) and name != "groups":
            shown.setlist(name, value)
        else:
            shown[name] = "、".join(value) if isinstance(value, list) else str(value)
    return shown


def changed_parts(face: Face, now_at: MultiDict, typed: MultiDict, choices: Choices) -> Sequence[tuple[str, str]]:
    """What of a form is otherwise in the register than it was typed: the label, and what the register says."""
    return [
        (field.label, _words(field, now_at.getlist(field.name), choices))
        for field in face.fields
        if sorted(filter(None, now_at.getlist(field.name))) != sorted(filter(None, typed.getlist(field.name)))
    ]


def _words(field: Field, values: Sequence[str], choices: Choices) -> str:
    if field.kind == "tick":
        return "是" if any(values) else "否"
    names = dict(choices.of(field.choices)) if field.choices else {}
    return "、".join(names.get(value, value) for value in values if value) or "（空）"
