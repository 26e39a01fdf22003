"""What the selects and radios of the console offer: codes with their Chinese words, looked up once per page."""

from collections.abc import Callable, Sequence
from functools import cached_property, partial

from liaison.domain.actors import Actor
from liaison.domain.outcomes import Outcome
from liaison.domain.registers import CAPABILITIES, DEPUTY_LEVELS, STATION_KINDS
from liaison.domain.terms import COMPLEXITIES
from liaison.models.cases import Case
from liaison.models.people import Account, Deputy
from liaison.services.accounts import KINDS, ROLES, accounts_within, acts_for
from liaison.services.clocks import due_if_started, term_for
from liaison.services.departments import all_categories, departments_for, regions_within, retired_departments
from liaison.services.matters import CHANNELS
from liaison.services.parties import concerned, parties_of
from liaison.services.rosters import deputies_to_take_over, stations_within
from liaison.web.labels import day, label, term
from liaison.web.wiring import now

Pair = tuple[str, str]

_NEEDS = {
    Outcome.A: "需写明措施，并附照片材料或写清何时何地核实",
    Outcome.B: "需写明措施和承诺办结日期，到期会跟踪",
    Outcome.C: "需写明受什么条件所限及依据",
    Outcome.D: "需写明依据；不能只说“留作参考”",
}
_WORDS = {
    "approve": (("true", "同意"), ("false", "不同意")),
    "sign": (("true", "签发"), ("false", "退回修改")),
    "accept": (("true", "认可，请群众评价"), ("false", "退回补办")),
    "hold": (("true", "暂停删除"), ("false", "解除保留")),
    "unit": (("percent", "%（百分比）"), ("number", "件")),
    "done": (("true", "已经办实"), ("false", "没有办实，重新办理")),
}


class Choices:
    """The choices of one page for one actor, and for one case if the page is about one."""

    def __init__(self, actor: Actor, case: Case | None = None) -> None:
        self._actor, self._case = actor, case

    def of(self, name: str) -> Sequence[Pair]:
        """The code and words of each choice of that list."""
        if name in _WORDS:
            return _WORDS[name]
        makers: dict[str, Callable[[], Sequence[Pair]]] = {
            "departments": lambda: self.departments,
            "deputies": self._deputies,
            "all_deputies": lambda: [_of_deputy(each) for each in deputies_to_take_over(self._path, able=False)],
            "accounts": lambda: [(each.username, _of_account(each)) for each in accounts_within(self._actor)],
            "categories": lambda: self._categories(retired=False),
            "all_categories": lambda: self._categories(retired=True),
            "top_categories": lambda: [(row.code, row.name) for row in all_categories() if row.parent_id is None],
            "deputy_level": lambda: [(code, label("deputy_level", code)) for code in DEPUTY_LEVELS],
            "station_kind": lambda: [(code, label("kind", code)) for code in STATION_KINDS],
            "capability": lambda: [(code, label("capability", code)) for code in CAPABILITIES],
            "stations": lambda: [(row.code, row.name) for row in stations_within(self._actor)],
            "regions": lambda: [(region.code, region.name) for region in regions_within(self._actor)],
            "roles": lambda: [(role, label("role", role)) for role in ROLES],
            **{f"own_{kind}": partial(self._own, kind) for kind in KINDS},
            "channel": lambda: [(code, label("channel", code)) for code in CHANNELS],
            "outcome": lambda: [(code, label("outcome", code)) for code in Outcome],
            "outcome_needs": lambda: [(code, f"{label('outcome', code)}：{_NEEDS[code]}") for code in Outcome],
            "complexity": lambda: [(code, self._complexity(code)) for code in COMPLEXITIES],
        }
        return makers[name]()

    @cached_property
    def departments(self) -> list[Pair]:
        """The departments the actor may choose."""
        return [(each.code, each.name) for each in departments_for(self._actor)]

    def department_name(self, code: str) -> str:
        """The name of a department, also of a retired one; its code when it is not in reach."""
        return dict(self.departments).get(code) or retired_departments().get(code, code)

    def _deputies(self) -> list[Pair]:
        """Those who may take the case over: not the one who has it, and nobody in conflict with it."""
        found = {each.id: each for each in deputies_to_take_over(self._path)}
        if self._case:
            out = {self._case.deputy_id} | concerned(parties_of(self._case.id), set(found))
            found = {id_: each for id_, each in found.items() if id_ not in out}
        return [_of_deputy(each) for each in found.values()]

    @property
    def _path(self) -> str:
        return self._case.region_path if self._case else self._actor.region_path

    def _own(self, kind: str) -> list[Pair]:
        return [(code, f"{name}（{code}）") for code, name in acts_for(self._actor, kind)]

    def _categories(self, *, retired: bool) -> list[Pair]:
        """Those to choose from; with `retired` all that a matter or a rule may still have, so marked."""
        rows = all_categories()
        parents = {row.id: row for row in rows if row.parent_id is None}
        found = []
        for row in rows:
            above = parents.get(row.parent_id)
            words = f"{above.name} › {row.name}" if above else row.name
            if row.active and (above is None or above.active):
                found.append((row.code, words))
            elif retired:
                found.append((row.code, f"{words}（已停用）"))
        return found

    def _complexity(self, code: str) -> str:
        words = label("complexity", code)
        if self._case is None:
            return words
        due = due_if_started(self._case, code, now())
        return f"{words}（{term(str(term_for(self._case, code)))}，现在交办到 {day(due.day)}）"


def _of_deputy(deputy: Deputy) -> Pair:
    words = f"{deputy.name}（{label('deputy_level', deputy.level)} {deputy.unit}）"
    return deputy.code, words.replace(" ）", "）")


def _of_account(account: Account) -> str:
    at = account.department.name if account.department else label("role", account.role)
    return f"{account.name}（{at}）"
