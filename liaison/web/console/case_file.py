"""One case as the sheet offices print and file (办理单); it says who printed it, and never who the resident is."""

from collections.abc import Iterator
from datetime import datetime

from flask import Response

from liaison.domain.actors import Actor
from liaison.models.assignments import Reply
from liaison.models.cases import Event
from liaison.services import audit
from liaison.services.case_sheets import CaseSheet, case_sheet_pdf
from liaison.services.dossiers import Dossier, Duty
from liaison.services.voices import is_voice
from liaison.web.console import facts
from liaison.web.console.frame import blueprint
from liaison.web.console.table_files import taken
from liaison.web.guards import current_actor, guard
from liaison.web.labels import day, label, minute
from liaison.web.reading import read_dossier
from liaison.web.wiring import now, unit_of_work

TITLE = "群众反映事项办理单"
LEAD = "lead"
TOLD = 120  # characters of what was said at each step; the whole of it stands in the case
GAP = "　" * 8
SIGNATURES = f"\n承办人：{GAP}审核人：{GAP}签发人：\n\n{GAP * 3}　年　　月　　日"


@blueprint.get("/cases/<number>/sheet.pdf")
@guard("case.print")
def case_file(number: str) -> Response:
    """The sheet of a case within reach, as far as the viewer may read it; written down."""
    actor, at, dossier = current_actor(), now(), read_dossier(number)
    with unit_of_work():
        audit.note(actor, audit.SHEET, at, about=dossier.case.number, region_path=dossier.case.region_path)
    answer = Response(case_sheet_pdf(_sheet(dossier, actor, at)), mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="{dossier.case.number}.pdf"'
    return answer


def _sheet(dossier: Dossier, actor: Actor, at: datetime) -> CaseSheet:
    mark = f"{taken(actor, at, '打印')}，内部资料，请勿外传"
    return CaseSheet(TITLE, dossier.case.number, _pairs(dossier), [*_blocks(dossier)], mark)


def _pairs(dossier: Dossier) -> list[tuple[str, str]]:
    case = dossier.case
    leads = [duty.assignment.department.name for duty in dossier.duties if duty.assignment.part == LEAD]
    state = label("state", case.state) + ("（督办）" if case.supervised_at else "")
    return [
        ("登记时间", minute(case.created_at)),
        ("联络站", dossier.station.name if dossier.station else "—"),
        ("类别", dossier.category.name if dossier.category else "未选"),
        ("责任代表", dossier.deputy.name if dossier.deputy else "人大办"),
        ("主办单位", leads[-1] if leads else "—"),
        ("办理期限", day(dossier.deadline.clock.due_at) if dossier.deadline else "—"),
        ("状态", state),
        ("办理轮次", f"第 {case.round} 轮"),
    ]


def _blocks(dossier: Dossier) -> Iterator[tuple[str, str]]:
    yield "反映内容", dossier.text + _attached(dossier)
    if dossier.place and dossier.place.name:
        yield "地点", dossier.place.name
    yield "交办", "\n".join(map(_duty_words, dossier.duties))
    for reply in dossier.replies:
        if not reply.rejected_at:
            yield "答复", "\n".join(_reply_words(reply))
    for rating in dossier.ratings:
        grades = f"{label('result', rating.result)}，态度 {rating.attitude} 分，速度 {rating.speed} 分"
        yield "群众评价", f"{minute(rating.at)} · {grades}\n{rating.text}".rstrip()
    yield "经过", "\n".join(map(_event_words, dossier.events))
    yield "签批", SIGNATURES


def _attached(dossier: Dossier) -> str:
    voices = sum(is_voice(file.mime) for file in dossier.files)
    photos = len(dossier.files) - voices
    told = [words for words in (photos and f"照片 {photos} 张", voices and f"语音 {voices} 段") if words]
    return f"\n（附：{'、'.join(told)}）" if told else ""


def _duty_words(duty: Duty) -> str:
    part = duty.assignment
    told = [
        f"{label('part', part.part)} {part.department.name}",
        label("complexity", part.complexity),
        f"{minute(part.assigned_at)} 交办",
        f"{minute(part.acknowledged_at)} 签收" if part.acknowledged_at else "未签收",
        f"{day(duty.deadline.clock.due_at)} 前办结" if duty.deadline else "",
        label("part_state", part.state),
    ]
    return "，".join(words for words in told if words)


def _reply_words(reply: Reply) -> Iterator[str]:
    who, signed = f"{label('role', reply.by_role)} {reply.by_name}", "已签发" if reply.approved_at else "待签发"
    yield f"{who} · {minute(reply.at)} · {label('outcome', reply.outcome)} · {signed}"
    yield reply.text
    for name, words in (("措施或依据", reply.measures), ("责任人", reply.owner)):
        if words:
            yield f"{name}：{words}"
    if reply.promised_on:
        yield f"承诺日期：{day(reply.promised_on)}"


def _event_words(event: Event) -> str:
    said = event.text if event.kind != "submit" else ""
    told = f"：{said[:TOLD]}{'……' if len(said) > TOLD else ''}" if said else ""
    return f"{minute(event.at)} {facts.who(event)} {facts.event_words(event)}{told}"
