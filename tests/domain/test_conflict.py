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
