"""How each register looks as a table: its columns in Chinese, what may be chosen in them, an example, what to mind."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from liaison.domain.actors import Actor
from liaison.domain.registers import CAPABILITIES, DEPUTY_LEVELS, STATION_KINDS
from liaison.domain.terms import COMPLEXITIES
from liaison.services import import_kinds
from liaison.services.departments import regions_within
from liaison.services.rosters import deputies_to_take_over
from liaison.web.console.choices import Choices, Pair
from liaison.web.labels import label

EXAMPLE = "示例"
"""A row that begins with this is left out when the table is read."""

YES, NO = "是", "否"
_NEW_CODE = "新增的可以留空，由系统编一个；修改已有的，请保留原来的代号，系统凭代号认行。"


@dataclass(frozen=True)
class Column:
    """One column: the part of a row it fills, its head, and what may stand in it.

    `choices` names a list (`Words.of`); `many` takes several, with 、 between. What is left empty of one that is
    `settled` stays as it is, or is what a new row has.
    """

    field: str
    head: str
    help: str = ""
    required: bool = False
    choices: str = ""
    many: bool = False
    example: str = ""
    width: int = 18
    settled: bool = False


@dataclass(frozen=True)
class Layout:
    """A kind of table; `minds` are sentences that stand above the notes on its columns."""

    kind: str
    title: str
    columns: tuple[Column, ...]
    minds: tuple[str, ...] = ()


_CODE = Column("code", "代号", _NEW_CODE, example=EXAMPLE, width=14)
_REGION = Column("region", "所在区域", "从列表中选择。", True, "regions", width=26)

LAYOUTS: Mapping[str, Layout] = MappingProxyType(
    {
        layout.kind: layout
        for layout in (
            Layout(
                "department",
                "承办单位",
                (
                    _CODE,
                    Column("name", "名称", "单位全称或规范简称。", True, example="住房和城乡建设局", width=26),
                    _REGION,
                    Column("duties", "职责", "主要职责，用顿号隔开。", example="住房保障、物业监管", width=50),
                    Column("head", "负责人", example="杨月娥"),
                ),
            ),
            Layout(
                "deputy",
                "人大代表",
                (
                    _CODE,
                    Column("name", "姓名", "", True, example="王建国"),
                    Column("level", "层级", "从列表中选择。", True, "levels", width=24),
                    _REGION,
                    Column("unit", "选举单位", example="南塘街道第三选区", width=26),
                    Column("occupation", "职业", example="社区医生", width=22),
                    Column("groups", "专业小组", "几个的用顿号隔开。", many=True, example="教科文卫、农业", width=26),
                    Column("term", "届期", example="2022–2027"),
                ),
                ("代表在哪个联络站值班，请用“值班名册”表导入；分管哪些单位，请在代表的页面上设定。",),
            ),
            Layout(
                "station",
                "联络站",
                (
                    _CODE,
                    Column("name", "名称", "", True, example="南塘街道桂园社区人大代表联络站", width=38),
                    Column("kind", "类型", "从列表中选择。", True, "kinds", width=22),
                    _REGION,
                    Column("address", "地址", example="桂园路36号社区党群服务中心", width=38),
                    Column("opening", "开放时间", example="每周三 下午14:30–17:00", width=28),
                    Column(
                        "capabilities", "一站多用", "可填几个，用顿号隔开。", False, "capabilities", True, "示范点", 26
                    ),
                    Column(
                        "screening", "先由人大办初审", "填“否”的，事项直接交给值班代表。", choices="yes", settled=True
                    ),
                ),
                ("联络站的代号印在二维码里，已经张贴的请不要改。",),
            ),
            Layout(
                "roster",
                "值班名册",
                (
                    Column("station", "联络站", "从列表中选择。", True, "stations", example=EXAMPLE, width=42),
                    Column("deputy", "代表", "从列表中选择。", True, "deputies", width=30),
                    Column("position", "顺序", "1 排在最前；每周依次轮到下一位。", True, example="1"),
                ),
                (
                    "一位代表一行。表里出现的联络站，名册以表为准：没有列出的代表会移出这个站的名册，核对时会一一列出。",
                    "表里没有出现的联络站不变。",
                ),
            ),
            Layout(
                "category",
                "事项类别",
                (
                    _CODE,
                    Column("name", "名称", "", True, example="道路桥梁养护", width=26),
                    Column("parent", "上级类别", "空着就是一级类别；只有两级。", False, "categories", width=26),
                    Column("department", "常办单位", "通常由谁办理。", False, "departments", width=30),
                    Column("complexity", "办理难度", "决定办理时限。", True, "complexities", width=18),
                    Column("position", "排序", "小的在前；新增的空着就排到最后。", example="10", settled=True),
                ),
                ("类别由所有联络站共用。",),
            ),
        )
    }
)


class Words:
    """The codes that may stand in a column, with the words people read and write for them; looked up once per page."""

    def __init__(self, actor: Actor) -> None:
        self._actor, self._choices = actor, Choices(actor)
        self._known: dict[str, dict[str, str]] = {}

    def of(self, name: str) -> Mapping[str, str]:
        """The words by code, as a drop-down list shows them."""
        if name not in self._known:
            self._known[name] = _MAKERS[name](self)
        return self._known[name]

    def cell(self, column: Column, value: Any) -> str:
        """What a value looks like in its cell."""
        if isinstance(value, bool):
            return YES if value else NO
        if isinstance(value, list | tuple):
            return "、".join(self.cell(column, each) for each in value)
        if value is None or value == "":
            return ""
        return self.of(column.choices).get(value, value) if column.choices else str(value)

    def _named(self, pairs: Sequence[Pair]) -> dict[str, str]:
        return {code: f"{words}（{code}）" for code, words in pairs}

    def _rows(self, kind: str) -> dict[str, str]:
        rows = import_kinds.KINDS[kind].rows(self._actor).values()
        return self._named([(row["code"], row["name"]) for row in rows])

    def _regions(self) -> dict[str, str]:
        return self._named([(each.code, each.name) for each in regions_within(self._actor)])

    def _deputies(self) -> dict[str, str]:
        """Also those from around, who may stand on a station's roster as well."""
        around = deputies_to_take_over(self._actor.region_path, able=False)
        return self._named([(each.code, each.name) for each in around])

    def _departments(self) -> dict[str, str]:
        return self._named(self._choices.of("departments"))


def _codes(group: str, codes: Sequence[str]) -> Callable[[Words], dict[str, str]]:
    return lambda words: {code: label(group, code) for code in codes}


_MAKERS: Mapping[str, Callable[[Words], dict[str, str]]] = {
    "regions": Words._regions,
    "departments": Words._departments,
    "stations": lambda words: words._rows("station"),
    "deputies": Words._deputies,
    "categories": lambda words: words._rows("category"),
    "levels": _codes("deputy_level", DEPUTY_LEVELS),
    "kinds": _codes("kind", STATION_KINDS),
    "capabilities": _codes("capability", CAPABILITIES),
    "complexities": _codes("complexity", COMPLEXITIES),
    "yes": lambda words: {"true": YES, "false": NO},
}
