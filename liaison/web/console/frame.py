"""The console's blueprint and what every one of its pages shows around its own content."""

from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, flash

from liaison.domain.actors import DEPARTMENT_ROLES, OFFICE_ROLES, Role
from liaison.domain.policy import may
from liaison.services import frames
from liaison.services.frames import Frame
from liaison.web.guards import current_actor, current_need

blueprint = Blueprint("console", __name__, url_prefix="/console")


@dataclass(frozen=True)
class Viewer:
    """Who looks at a page: account, name, role, what the menu may offer, and what else stands around the page."""

    account_id: UUID
    name: str
    role: str
    menu: tuple[tuple[str, str], ...]
    frame: Frame

    def may(self, action: str) -> bool:
        """Whether a page may offer this to whoever looks at it."""
        return may(Role(self.role), action)


@blueprint.context_processor
def viewer() -> dict[str, Viewer | None]:
    """The viewer of this page, or none before signing in. Read afresh, since a refused move has been rolled back."""
    actor = current_actor()
    if actor.account_id is None:
        return {"viewer": None}
    frame = frames.frame_of(actor)
    open_to = () if current_need() else _MENU
    menu = tuple((endpoint, words) for endpoint, words, action in open_to if may(actor.role, action))
    return {"viewer": Viewer(actor.account_id, actor.name, actor.role, menu, frame)}


def flash_undo(words: str, address: str, **fields: str) -> None:
    """Say that something was taken away, with a button that sends these fields there to bring it back."""
    flash({"words": words, "address": address, "fields": fields}, "undo")


def is_plain(role: Role) -> bool:
    """Whether this role has no work with cases in the console yet."""
    return role not in OFFICE_ROLES | DEPARTMENT_ROLES | {Role.DEPUTY, Role.LIAISON}


_MENU = (
    ("console.home", "事项", "console.case"),
    ("console.queue_home", "初审交办", "queue.read"),
    ("console.quick_reply_page", "快捷回复", "templates.write"),
    ("console.digest_page", "今日摘要", "digest.read"),
    ("console.overview_page", "总览", "overview.read"),
    ("console.duties_page", "总览", "overview.duties"),
    ("console.statistics_page", "统计", "statistics.read"),
    ("console.proxy_entry", "代录", "station.enter"),
    ("console.station_list", "联络站", "roster.read"),
    ("console.register_list", "基础资料", "registers.read"),
    ("console.rule_list", "分派规则", "rules.read"),
    ("console.ladder_page", "提醒与时限", "ladders.read"),
    ("console.calendar_page", "节假日", "calendar.read"),
    ("console.settings_page", "系统设置", "settings.read"),
    ("console.outbox_page", "发件箱", "outbox.read"),
    ("console.import_list", "导入", "imports.read"),
    ("console.account_list", "账号", "accounts.read"),
    ("console.recovery_list", "找回账号", "recovery.confirm"),
    ("console.binding_page", "微信绑定", "binding.read"),
    ("console.audit_page", "审计日志", "audit.read"),
    ("console.notice_list", "消息", "console.case"),
    ("console.reach_page", "通知方式", "reach.read"),
)
