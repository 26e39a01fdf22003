"""Who is in conflict with a case, and which departments a text names."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liaison.domain.conflict import Parties, Person, Source, learns_identity, named_in

IDS = st.sampled_from([UUID(int=n) for n in range(6)])
SOME = st.frozensets(IDS, max_size=3)
PEOPLE = st.builds(Person, st.none() | IDS, st.none() | IDS, st.none() | IDS, SOME)
PARTIES = st.builds(Parties, SOME, SOME, SOME)
NAMES = {
    "zjj": "住房和城乡建设局",
    "slj": "水利局",
    "wjw": "卫生健康委员会",
    "nt": "南塘街道办事处",
    "lw": "柳湾镇人民政府",
    "gdg": "供电公司",
    "jtj": "清和市交通运输局",
}


@given(PEOPLE)
def test_where_nobody_is_named_nobody_is_in_conflict(person: Person) -> None:
    assert not Parties().concern(person)


@given(PARTIES, PARTIES, PEOPLE)
def test_another_party_more_lets_nobody_out_of_conflict(one: Parties, other: Parties, person: Person) -> None:
    both = Parties(
        one.departments | other.departments, one.deputies | other.deputies, one.accounts | other.accounts
    )
    assert both.concern(person) is (one.concern(person) or other.concern(person))


@given(PEOPLE, IDS)
def test_who_belongs_to_or_leads_a_department_is_in_conflict_with_it(person: Person, department: UUID) -> None:
    is_theirs = person.department_id == department or department in person.leads
    assert Parties(departments=frozenset({department})).concern(person) is is_theirs


@given(PEOPLE, IDS)
def test_a_conflict_with_one_person_concerns_that_one_alone(person: Person, id_: UUID) -> None:
    assert Parties(accounts=frozenset({id_})).concern(person) is (person.account_id == id_)
    assert Parties(deputies=frozenset({id_})).concern(person) is (person.deputy_id == id_)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("住建局的人收了钱不办事", ["zjj"]),
        ("请住房和城乡 建设局来看看", ["zjj"]),
        ("卫健委和水利局互相推", ["slj", "wjw"]),
        ("南塘街道办不作为", ["nt"]),
        ("柳湾镇人民政府门口", ["lw"]),
        ("交通局说不归他们管", ["jtj"]),
        ("交通运输局说不归他们管", ["jtj"]),
        ("供电公司又停电了", ["gdg"]),
        ("南塘街道的路灯坏了，请有关部门处理", []),
        ("乡镇人民政府的事", []),
        ("这个局面没人管，村委会也没办法", []),
        ("", []),
    ],
)
def test_departments_are_found_by_the_names_people_use(text: str, named: list[str]) -> None:
    assert named_in(text, NAMES, ["清和市", "柳湾镇", "南塘街道"]) == named


@given(st.text(max_size=60), st.sampled_from(sorted(NAMES)), st.text(max_size=60))
def test_a_full_name_is_found_wherever_it_stands(before: str, key: str, after: str) -> None:
    assert key in named_in(f"{before}\n{NAMES[key]}\n{after}", NAMES)


def test_who_was_ever_in_conflict_does_not_learn_who_it_was() -> None:
    lifted = {source: learns_identity(source, stands=False) for source in Source}
    assert lifted == {Source.RESIDENT: False, Source.OFFICE: False, Source.TEXT: True}
    assert not any(learns_identity(source, stands=True) for source in Source)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("城乡建设局", False),  # does not begin as the name does
        ("住房和城乡建设局啊", True),
        ("住房局", True),
        ("住建部", False),
        ("局建住", False),
        ("住乡城局", False),  # not in the order of the name
        ("住房和城乡建设处", False),
        ("住 建　局", True),
        ("住局", False),  # two characters may stand in any word
        ("请住房城乡局来", True),  # six characters with what is before it
    ],
)
def test_a_short_form_begins_and_ends_alike_and_keeps_the_order(text: str, named: bool) -> None:
    assert named_in(text, {"zjj": "住房和城乡建设局"}) == ["zjj"] * named


def test_a_department_is_found_without_the_widest_region_before_its_name() -> None:
    names = {"jtj": "江东省清和市交通运输局"}
    regions = ["江东省", "江东省清和市", "江东"]
    assert named_in("交通运输局又在挖路", names, regions) == ["jtj"]
    assert named_in("江东省清和市交通运输局又在挖路", names, regions) == ["jtj"]
    assert named_in("交通运输局又在挖路", names, ["江东省", "江东"]) == []


@pytest.mark.parametrize("region", ["柳湾镇", "柳湾乡", "柳湾街道"])
def test_a_town_stays_in_the_name_since_without_it_any_government_would_be_meant(region: str) -> None:
    names = {"gov": f"{region}人民政府"}
    assert named_in("我去过人民政府", names, [region]) == []
    assert named_in(f"我去过{region}人民政府", names, [region]) == ["gov"]


def test_what_is_left_without_the_region_is_no_name_when_it_is_too_short() -> None:
    assert named_in("水局", {"sj": "清和市水局"}, ["清和市"]) == []
    assert named_in("水利局", {"slj": "清和市水利局"}, ["清和市"]) == ["slj"]


@given(st.text("住房和城乡建设局水利卫健委办 ", max_size=30), st.sampled_from(sorted(NAMES)))
def test_naming_a_region_before_it_hides_no_department(text: str, key: str) -> None:
    alone = named_in(text, {key: NAMES[key]})
    assert named_in(text, {key: f"江东省{NAMES[key]}"}, ["江东省"]) == alone


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("住房城乡建设局", "住房和城乡建设局"),
        ("自然资源规划局", "自然资源和规划局"),
        ("文化广电旅游局", "文化广电和旅游局"),
        ("人力资源社会保障局", "人力资源和社会保障局"),
        ("人社局", "人力资源和社会保障局"),
        ("政务中心", "政务服务中心"),
    ],
)
def test_a_name_without_its_and_is_found_however_long_it_is(text: str, name: str) -> None:
    assert named_in(f"我去{text}办事，没人理", {"it": name}) == ["it"]


def test_a_part_that_ends_as_another_office_does_is_no_short_form() -> None:
    assert named_in("我去公安局办事", {"jjd": "公安局交警队"}) == []
