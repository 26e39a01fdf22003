"""Result classes of answers, what each must show, and ratings; standard library only, no clock.

Source: DOMAIN sections 2 and 6. An answer that only says it was passed on or is being studied is refused with
what is missing: the measure, who is responsible, the date, the evidence or the legal ground.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType

from liaison.domain.errors import Invalid
from liaison.domain.substance import is_hollow, weight

MIN_ANSWER = 15
MIN_MEASURE = 2
MIN_EVIDENCE = 10
MAX_PROMISE = timedelta(days=730)
GRADES = range(1, 6)


class Outcome(StrEnum):
    """What came of a case: A solved, B under way or planned, C waits for conditions, D kept for reference."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"


class Result(StrEnum):
    """What the resident says of an answer."""

    SATISFIED = "satisfied"
    BASICALLY = "basically"
    DISSATISFIED = "dissatisfied"


@dataclass(frozen=True)
class Needs:
    """What a department's answer of one class must show; every class needs a text and an owner."""

    measures: bool = False
    evidence: bool = False
    promise: bool = False
    ground: bool = False


OUTCOME_SCHEME: Mapping[Outcome, Needs] = MappingProxyType(
    {
        Outcome.A: Needs(measures=True, evidence=True),
        Outcome.B: Needs(measures=True, promise=True),
        Outcome.C: Needs(ground=True),
        Outcome.D: Needs(ground=True),
    }
)

_GROUND = re.compile(
    r"《.+》|〔\d{4}〕|\[\d{4}\]|条例|规定|规划|规范|标准|政策|文件|批复|合同|协议|判决|裁定|(?<![无办设没方想做说看])法|"
    r"资金|经费|预算|财政|造价|产权|权属|红线|用地|征地|拆迁|选址|审批|职权|职责|管辖|权限|范围|归属|保修|条件|"
    r"因(?!此|而)|由于|鉴于|受\w{1,12}[限响]|不[符合属具备满足宜]|未[达纳列经能]|尚未|暂[不未无]|超[出过]"
)
_TRACE = re.compile(
    r"\d|[一二三四五六七八九十两]+(?:处|盏|个|米|公里|次|户|家|人|天|台|辆|套|栋|只|块|名|棵|根|吨|条)|现场|实地|上门|到场|"
    r"查看|勘查|查勘|检查|检测|监测|测量|验收|复查|回访|走访|照片|拍照|录像|通报|公示|恢复|"
    r"今日|今天|昨日|昨天|当天|当日|上午|下午|当晚"
)
_VAGUE_OWNER = re.compile(r"^(?:有关|相关|职能|责任|承办|主管|各|本|我)*(?:部门|单位|科室|人员|同志|领导|局|处|科)?$")


def check_rating(result: str, attitude: int, speed: int, text: str | None) -> None:
    """Raise Invalid unless the rating is complete: a known result, two grades from 1 to 5.

    A dissatisfied resident says why, because the case is handled again on these words.
    """
    errors: dict[str, list[str]] = {}
    if result not in list(Result):
        errors["result"] = ["请选择满意、基本满意或不满意。"]
    for field, grade in (("attitude", attitude), ("speed", speed)):
        if isinstance(grade, bool) or not isinstance(grade, int) or grade not in GRADES:
            errors[field] = ["请打 1 到 5 分。"]
    if result == Result.DISSATISFIED and not (text or "").strip():
        errors["text"] = ["请写明哪里不满意，我们将据此重新办理。"]
    _raise(errors)


def guard_reply(
    text: str,
    outcome: str,
    *,
    measures: str,
    owner: str,
    promised_on: date | None,
    evidence: bool,
    today: date,
    by_deputy: bool = False,
    scheme: Mapping[Outcome, Needs] = OUTCOME_SCHEME,
    shortest: int = MIN_ANSWER,
    longest_promise: timedelta = MAX_PROMISE,
) -> None:
    """Raise Invalid, field by field, for what an answer still lacks.

    `evidence` tells whether files are attached; `today` is the date in Shanghai. A deputy's direct answer is
    held to its text and class only; a department's also to what `scheme` needs for the class.
    `shortest` characters and `longest_promise` are what the region asks for.
    """
    errors = _text_errors(text, shortest)
    if outcome not in list(Outcome) or Outcome(outcome) not in scheme:
        errors["outcome"] = ["请选择办理结果类别：" + "、".join(scheme) + "。"]
    elif not by_deputy:
        needs = scheme[Outcome(outcome)]
        errors |= _owner_errors(owner) | _proof_errors(needs, text, measures, evidence)
        errors |= _promise_errors(promised_on, today, longest_promise) if needs.promise else {}
    _raise(errors)


def _text_errors(text: str, shortest: int) -> dict[str, list[str]]:
    """Return what is wrong with the answer's own words."""
    if is_hollow(text):
        sentence = "答复只说明了收到、转办或正在研究，没有说明结果：请写清查到了什么、做了什么、结果如何。"
        return {"text": [sentence]}
    if len("".join(text.split())) < shortest:
        return {"text": [f"答复太短，至少 {shortest} 个字：请写清查到了什么、做了什么、结果如何。"]}
    return {}


def _owner_errors(owner: str) -> dict[str, list[str]]:
    """Return what is wrong with the responsible owner."""
    named = "".join(unicodedata.normalize("NFKC", owner).split())
    if len(named) < 2 or _VAGUE_OWNER.match(named):
        return {"owner": ["请写明负责的科室或负责人，不能只写“相关部门”。"]}
    return {}


def _proof_errors(needs: Needs, text: str, measures: str, evidence: bool) -> dict[str, list[str]]:
    """Return which of measures, evidence and ground are missing."""
    errors: dict[str, list[str]] = {}
    both = unicodedata.normalize("NFKC", f"{text}\n{measures}")
    said = weight(measures, min_clause=1)
    if needs.measures and said < MIN_MEASURE:
        errors["measures"] = ["请写明采取了或将采取什么具体措施，不能只写研究、转办。"]
    if needs.evidence and not (evidence or _TRACE.search(both) or said >= MIN_EVIDENCE):
        errors["files"] = ["请上传办结照片或材料，或者写明何时、何地、由谁核实过结果。"]
    if needs.ground and not _GROUND.search(both):
        errors.setdefault("measures", []).append(
            "请写明依据或具体原因：适用的法律、规定、规划，或资金、产权等条件限制。"
        )
    return errors


def _promise_errors(promised_on: date | None, today: date, longest: timedelta) -> dict[str, list[str]]:
    """Return what is wrong with the date by which a promise will be kept."""
    if promised_on is None:
        return {"promised_on": ["请填写承诺办结的日期。"]}
    if promised_on <= today:
        return {"promised_on": ["承诺办结的日期要晚于今天。"]}
    if promised_on > today + longest:
        most = "两年" if longest == MAX_PROMISE else f" {longest.days} 天"
        return {"promised_on": [f"承诺办结的日期不能超过{most}；确需更久的，请分阶段承诺。"]}
    return {}


def _raise(errors: Mapping[str, list[str]]) -> None:
    """Raise Invalid when there are errors."""
    if errors:
        raise Invalid(errors)
