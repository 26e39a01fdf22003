"""An event's data in words, and the words of the timeline where staff read others than residents do."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from liaison.domain.actors import Role
from liaison.models.cases import Event
from liaison.services.dossiers import Dossier
from liaison.services.parties import Barred
from liaison.web.labels import label

_SOURCES = {"scan": "扫码", "proxy": "站点代录", "api": "接口"}
_STAFF_EVENTS = MappingProxyType(
    {
        "ask": "请群众补充情况",
        "supply": "群众补充了情况",
        "add": "群众补充说明",
        "report": "部门已答复，请代表审看",
        "accept_answer": "代表认可答复，请群众评价",
        "lapse_review": "代表未提出意见，请群众评价",
        "keep_promise": "承诺已兑现，请群众评价",
    }
)


def event_words(event: Event) -> str:
    """What happened, as staff read it."""
    return _STAFF_EVENTS.get(event.kind) or label("event", event.kind)


def who(event: Event) -> str:
    """Who did it: the role, and the name of those who act by office; residents stay nameless."""
    role = label("role", event.by_role)
    return f"{role} {event.by_name}" if event.by_name and event.by_role != Role.RESIDENT else role


def conflict_words(barred: Barred) -> str:
    """One of those a case is about: who it is, and who said so."""
    return f"{barred.party.name}（{label('named_by', barred.row.source)}）"


def waits_for(dossier: Dossier) -> str:
    """Whom a case waits for, as staff call them."""
    return "群众" if dossier.waiting_for == "resident" else label("party", dossier.waiting_for)


def facts(event: Event) -> Iterator[tuple[str, str]]:
    """The data of an event, line by line: what it is and its words; what is not for reading is left out."""
    for key, value in event.data.items():
        if key in _FACTS and value not in (None, "", []):
            name, words = _FACTS[key]
            yield name, words(value)


def _departments(value: Any) -> str:
    """Names, or names with their part when a case was dispatched."""
    parts = [each if isinstance(each, str) else f"{label('part', each[0])} {each[1]}" for each in value]
    return "、".join(parts)


def _files(value: Any) -> str:
    return f"{len(value)} 个"


_FACTS: Mapping[str, tuple[str, Callable[[Any], str]]] = MappingProxyType(
    {
        "source": ("来源", lambda code: _SOURCES.get(code, code)),
        "files": ("附件", _files),
        "into": ("并入", str),
        "from": ("并入的事项", str),
        "deputy": ("代表", str),
        "parties": ("对象", "、".join),
        "department": ("单位", str),
        "departments": ("单位", _departments),
        "part": ("分工", lambda code: label("part", code)),
        "belongs_to": ("应由", str),
        "complexity": ("难度", lambda code: label("complexity", code)),
        "channel": ("渠道", lambda code: label("channel", code)),
        "outcome": ("结果类别", lambda code: label("outcome", code)),
        "result": ("总体", lambda code: label("result", code)),
        "attitude": ("态度", lambda grade: f"{grade} 分"),
        "speed": ("速度", lambda grade: f"{grade} 分"),
        "level": ("责任人", lambda level: label("level", level)),
        "working_days": ("延长", lambda days: f"{days} 个工作日"),
        "reason": ("申请理由", str),
        "done": ("实地看到", lambda done: "已经办实" if done else "没有办实"),
        "title": ("公开标题", str),
        "clock": ("时限", lambda code: label("clock", code)),
        "before": ("原到期日", str),
        "after": ("新到期日", str),
    }
)
