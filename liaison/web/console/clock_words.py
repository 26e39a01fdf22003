"""How a due date came about, in one sentence; the steps behind it stand in `domain.derivation`."""

from datetime import date, timedelta

from liaison.domain.derivation import Step, StepKind
from liaison.services.dossiers import Deadline
from liaison.web.labels import label, term

FEW = 3  # stretches of rest that are named one by one


def how_due(deadline: Deadline) -> str:
    """“交办 11月20日（周五）起，5 个工作日，遇 11月21日至22日休息，11月27日（周五）到期。”"""
    steps = {kind: [step for step in deadline.steps if step.kind is kind] for kind in StepKind}
    clock = deadline.clock
    start = "交办" if clock.kind == "handling" else label("clock", clock.kind)
    said = [f"{start} {_day(steps[StepKind.start][0].day)}起", term(clock.term), *_rest(steps[StepKind.rest])]
    said += [f"{_short(step.day)}调休上班照算" for step in steps[StepKind.makeup]]
    said += [f"等待群众补充顺延 {step.amount} 个工作日" for step in steps[StepKind.pause]]
    said += [f"等待群众补充顺延 {step.amount} 分钟" for step in steps[StepKind.pause_minutes]]
    said += [f"期满遇休息日顺延 {step.amount} 天" for step in steps[StepKind.moved]]
    said += [f"批准延期 {step.amount} 个工作日" for step in steps[StepKind.extension]]
    ends = f"{_day(steps[StepKind.due][0].day)}到期"
    return "，".join([*said, ends]) + ("（节假日安排尚未公布，暂定）。" if steps[StepKind.provisional] else "。")


def _rest(steps: list[Step]) -> list[str]:
    if not steps:
        return []
    named = "、".join(_stretch(step) for step in steps[:FEW])
    more = f"等共 {sum(step.amount for step in steps)} 天" if len(steps) > FEW else ""
    return [f"遇 {named}{more}休息"]


def _stretch(step: Step) -> str:
    last = step.day + timedelta(days=step.amount - 1)
    if last == step.day:
        return _short(step.day)
    return f"{_short(step.day)}至" + (f"{last.day}日" if last.month == step.day.month else _short(last))


def _short(day: date) -> str:
    return f"{day.month}月{day.day}日"


def _day(day: date) -> str:
    return f"{_short(day)}（周{'一二三四五六日'[day.weekday()]}）"
