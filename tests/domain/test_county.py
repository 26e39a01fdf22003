"""A county's tables: every cell arrives where it is meant to, and every fault is told at once, with its place."""

from pathlib import Path

import pytest

from liaison.domain import county
from liaison.domain.county import Category, Department, Deputy, Region, RoutingRule, Station, read_county
from liaison.domain.errors import Invalid

TABLES = {
    "regions.csv": "code,name,level,parent\njd,江东省,province,\nqh,清河县,county,jd\n",
    "stations.csv": (
        "code,name,kind,township,address,serves,opening,capabilities,chain,duty_weekdays,duty_days,liaison\n"
        "s1,南塘之家,home,qh,塘前街18号,全域,每周二,legislation budget,纺织,2 4,1 15,卢景行\n"
        "s2,桂园站,station,qh,桂园路36号,桂园社区,每周三,,,,,郝红霞\n"
    ),
    "deputies.csv": (
        "code,name,level,unit,township,stations,groups,occupation,term,account,leads\n"
        "d2,高思源,national,省选举单位,qh,s2 s1,教科文卫 农业,医生,2023–2028,yes,zjj cgj\n"
        "d1,杨玉明,county,第三选区,qh,s1,,农场主,2021–2026,no,\n"
    ),
    "departments.csv": (
        "code,name,duties,head,handlers,approver,superior,township\n"
        "zjj,住建局,房屋安全,杨月娥,陶浩然 罗文涛,周健,,\n"
        "cgj,城管局,路灯,周宇轩,吴振宇,武桂兰,zjj,qh\n"
    ),
    "categories.csv": (
        "code,name,parent,keywords,department,complexity,working_days,reason\n"
        "urban,城乡建设,,,,ordinary,5,\n"
        "road,道路养护,urban,坑洼 井盖,cgj,complex,15,城市道路由城管局养护\n"
    ),
    "rules.csv": (
        "code,priority,category,keywords,township,department,reason\nr1,80,road,物业 电梯,qh,zjj,先由街道受理\n"
    ),
}


def faults(**changed: str | None) -> dict[str, list[str]]:
    """What a county with these tables changed is refused with; None takes a table away."""
    tables = TABLES | {f"{name}.csv": text for name, text in changed.items()}
    with pytest.raises(Invalid) as refused:
        read_county({name: text for name, text in tables.items() if text is not None})
    assert "一行都没有导入" in refused.value.detail
    return refused.value.errors


def added(name: str, row: str) -> str:
    """A table with a row more."""
    return TABLES[f"{name}.csv"] + row + "\n"


def test_every_cell_arrives_in_its_field():
    read = read_county(TABLES)
    assert read.regions == (Region("jd", "江东省", "province", None), Region("qh", "清河县", "county", "jd"))
    home, station = read.stations
    assert home == Station(
        "s1", "南塘之家", "home", "qh", "塘前街18号", "全域", "每周二", ("legislation", "budget"), "纺织",
        (2, 4), (1, 15), "卢景行", ("d2", "d1"),
    )  # fmt: skip
    assert (station.capabilities, station.chain, station.duty_weekdays, station.duty_days) == ((), "", (), ())
    assert read.deputies == (
        Deputy(
            "d2", "高思源", "national", "省选举单位", "qh", ("s2", "s1"), ("教科文卫", "农业"), "医生", "2023–2028",
            True, ("zjj", "cgj"),
        ),
        Deputy("d1", "杨玉明", "county", "第三选区", "qh", ("s1",), (), "农场主", "2021–2026", False, ()),
    )  # fmt: skip
    assert read.departments == (
        Department("zjj", "住建局", "房屋安全", "杨月娥", ("陶浩然", "罗文涛"), "周健", None, None),
        Department("cgj", "城管局", "路灯", "周宇轩", ("吴振宇",), "武桂兰", "zjj", "qh"),
    )
    assert read.categories == (
        Category("urban", "城乡建设", None, (), None, "ordinary", 5, ""),
        Category("road", "道路养护", "urban", ("坑洼", "井盖"), "cgj", "complex", 15, "城市道路由城管局养护"),
    )


def test_a_category_with_a_department_is_a_weak_rule_and_rules_by_hand_come_after():
    assert read_county(TABLES).rules == (
        RoutingRule("by-road", county.CATEGORY_PRIORITY, "road", (), None, "cgj", "城市道路由城管局养护"),
        RoutingRule("r1", 80, "road", ("物业", "电梯"), "qh", "zjj", "先由街道受理"),
    )


def test_duty_goes_round_in_the_order_of_the_deputies_table():
    assert [station.duty_order for station in read_county(TABLES).stations] == [("d2", "d1"), ("d2",)]


def test_empty_parts_of_a_rule_match_everything():
    *_, rule = read_county(TABLES | {"rules.csv": added("rules", "r2,5,,,,zjj,")}).rules
    assert rule == RoutingRule("r2", 5, None, (), None, "zjj", "")


def test_missing_tables_and_columns_are_told_together():
    told = faults(rules=None, regions="code,name,level\njd,江东省,province\nqh,清河县,county\n")
    assert told == {"rules.csv": ["缺少这张表。"], "regions.csv": ["缺少“parent”这一列。"]}


@pytest.mark.parametrize("name", sorted(TABLES))
def test_a_row_that_is_cut_short_is_told_by_its_line(name):
    table = name.removesuffix(".csv")
    line = len(TABLES[name].splitlines()) + 1
    told = faults(**{table: added(table, "cut,short")})
    assert told == {name: [f"第 {line} 行有一格不完整或不是数字。"]}


def test_lines_with_letters_for_numbers_are_all_told():
    text = added("categories", "a,甲,urban,,cgj,ordinary,五,") + "b,乙,urban,,cgj,ordinary,,\n"
    assert faults(categories=text) == {"categories.csv": [f"第 {line} 行有一格不完整或不是数字。" for line in (4, 5)]}


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("regions", "x,甲,township,nowhere"),
        ("stations", "x,甲,home,nowhere,,,,,,,,"),
        ("deputies", "x,甲,county,,nowhere,s1,,,,no,"),
        ("deputies", "x,甲,county,,qh,s1 nowhere,,,,no,"),
        ("deputies", "x,甲,county,,qh,s1,,,,no,zjj nowhere"),
        ("departments", "x,甲,,,,,,nowhere"),
        ("categories", "x,甲,nowhere,,cgj,ordinary,5,"),
        ("categories", "x,甲,urban,,nowhere,ordinary,5,"),
        ("categories", "x,甲,urban,,cgj,nowhere,5,"),
        ("rules", "x,5,,,,nowhere,"),
        ("rules", "x,5,nowhere,,,zjj,"),
        ("rules", "x,5,,,nowhere,zjj,"),
    ],
)
def test_a_code_nobody_has_is_told_under_the_table_that_names_it(table, row):
    told = faults(**{table: added(table, row)})
    assert told.pop(f"{table}.csv") == ["没有代号“nowhere”。"]
    assert set(told) <= {"rules.csv"}  # a category's department is a rule as well


def test_each_unknown_code_is_told_once_and_all_of_them():
    text = added("regions", "a,甲,township,x") + "b,乙,township,x\nc,丙,township,y\n"
    assert faults(regions=text) == {"regions.csv": ["没有代号“x”。", "没有代号“y”。"]}


@pytest.mark.parametrize("row", ["jd,重复,city,", ",无代号,city,", "x,,city,"])
@pytest.mark.parametrize("table", ["regions", "stations", "deputies", "departments", "categories"])
def test_codes_are_single_and_rows_have_names(table, row):
    header, first, *_ = TABLES[f"{table}.csv"].splitlines()
    cells = dict(zip(header.split(","), first.split(","), strict=True))
    code, name, *_ = row.split(",")
    cells |= {"code": cells["code"] if code == "jd" else code, "name": name}
    told = faults(**{table: added(table, ",".join(cells.values()))})
    assert told == {f"{table}.csv": [f"代号“{cells['code']}”重复，或代号、名称为空。"]}


def test_the_county_that_comes_with_the_program_is_sound():
    folder = Path(county.__file__).parent.parent / "demo" / "content"
    read = read_county({name: (folder / name).read_text("utf-8") for name in county.TABLES})
    assert len(read.stations) > 1 and all(station.duty_order for station in read.stations)
