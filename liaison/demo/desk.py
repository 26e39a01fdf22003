"""What people at their desks in the demo town keep for themselves: texts for reuse, a view, a few notes."""

from datetime import datetime

from sqlalchemy import exists, select

from liaison.db import session, transaction
from liaison.domain.actors import Actor
from liaison.models.cases import Case
from liaison.models.desk import QuickReply
from liaison.services.notes import add_note
from liaison.services.quick_replies import Wording, save_quick_reply
from liaison.services.saved_views import save_view
from liaison.services.sign_in import actor_of, find_account

OFFICE = "office1"
ANSWERS = ("zjj-qf", "cgj-qf", "slj-qf", "gjg-qf")
"""Approvers whose departments have a text for answers in common."""

TEXTS = (
    Wording("已现场查看", "{部门}已于{今天}派人到{地点}现场查看，情况是：", "answer", None, True),
    Wording("列入计划", "经{部门}研究，{地点}的问题已列入计划，预计完成时间和责任科室如下：", "answer", None, True),
)
WHERE = "请补充具体位置（路名、门牌或附近的标志），有照片更好，便于现场核实。"
QUESTION = Wording("请补充地点", WHERE, "question", None, True)
VIEW = ("亮红灯的", "box=all&light=red&sort=urgent")
NOTES = ("已电话催办，对方答应本周内报来。", "与上月那件相近，交办前先查一下。")


def furnish(now: datetime) -> None:
    """Put all of it there, once."""
    with transaction():
        if session.scalar(select(exists().select_from(QuickReply))):
            return
        office = _actor(OFFICE)
        save_quick_reply(office, QUESTION, None, now=now)
        save_view(office, *VIEW, now=now)
        for username in ANSWERS:
            for wording in TEXTS:
                save_quick_reply(_actor(username), wording, None, now=now)
        held = select(Case.number).where(Case.state == "assigned").order_by(Case.number).limit(len(NOTES))
        for number, text in zip(session.scalars(held).all(), NOTES, strict=False):
            add_note(office, number, text, now=now)


def _actor(username: str) -> Actor:
    return actor_of(find_account(username))
