"""What people read for each code; the only place besides templates where the faces' Chinese words stand."""

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from urllib.parse import urlsplit

from flask import Flask
from markupsafe import Markup, escape

from liaison.domain.calendar import SHANGHAI

LABELS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "state": {
            "submitted": "已提交",
            "needs_info": "待补充",
            "with_deputy": "代表处理中",
            "handed_over": "已上交",
            "assigned": "部门办理中",
            "replied": "部门已答复",
            "rating": "待评价",
            "tracking": "承诺跟踪",
            "reopened": "重新办理",
            "closed": "已销号",
            "merged": "已并单",
            "not_accepted": "不予受理",
            "redirected": "转法定渠道",
            "withdrawn": "已撤回",
        },
        "part_state": {
            "assigned": "待签收",
            "acknowledged": "已签收",
            "replied": "待签发",
            "approved": "已签发",
            "return_requested": "申请退办",
            "returned": "已退办",
            "recalled": "已收回",
        },
        "phase": {
            "voice": "选民说事",
            "inquiry": "代表问事",
            "deliberation": "活动议事",
            "handling": "政府办事",
            "oversight": "人大督事",
        },
        "party": {
            "office": "人大办",
            "deputy": "人大代表",
            "departments": "承办单位",
            "lead": "主办单位",
            "resident": "您本人",
        },
        "role": {
            "anyone": "群众",
            "resident": "群众",
            "deputy": "人大代表",
            "handler": "承办单位经办人",
            "approver": "承办单位签发人",
            "liaison": "站点联络员",
            "office": "人大办",
            "office_lead": "人大办负责人",
            "supervisor": "监督委员",
            "administrator": "管理员",
            "auditor": "审计员",
            "system": "系统",
        },
        "light": {"none": "正常", "blue": "临期", "yellow": "超期", "red": "严重超期"},
        "part": {"lead": "主办", "assisting": "协办", "separate": "分办"},
        "level": {"0": "经办人", "1": "单位负责人", "2": "分管领导"},
        "complexity": {
            "consultation": "咨询类",
            "ordinary": "一般",
            "complex": "复杂",
            "hard": "疑难",
            "urgent": "紧急",
        },
        "audience": {
            "owner": "当前责任方",
            "handler": "承办单位经办人",
            "approver": "承办单位签发人",
            "head": "承办单位负责人",
            "office": "人大办",
        },
        "outcome": {
            "A": "A 已解决或基本解决",
            "B": "B 正在解决或列入规划",
            "C": "C 因条件所限待以后解决",
            "D": "D 留作参考",
        },
        "result": {"satisfied": "满意", "basically": "基本满意", "dissatisfied": "不满意"},
        "channel": {
            "litigation": "向人民法院提起诉讼",
            "arbitration": "申请仲裁",
            "reconsideration": "申请行政复议",
            "discipline": "向纪检监察机关检举控告",
            "emergency": "紧急情况请拨打 110、119 或 120",
            "petition": "向信访部门反映",
            "other": "其他渠道",
        },
        "clock": {
            "screening": "初审",
            "information": "补充材料",
            "verification": "代表核实",
            "dispatch": "交办",
            "acknowledgement": "签收",
            "return_request": "申请退办",
            "return_decision": "退办审批",
            "handling": "办理",
            "consultation": "办理（咨询类）",
            "ordinary": "办理（一般）",
            "complex": "办理（复杂）",
            "hard": "办理（疑难）",
            "urgent": "办理（紧急）",
            "rework": "补办",
            "review": "代表审看",
            "rating": "评价",
            "promise": "承诺兑现",
            "reopening": "销号后再次反映",
        },
        "kind": {
            "station": "人大代表联络站",
            "home": "人大代表之家",
            "point": "代表联络点",
            "base": "代表活动基地",
            "chain": "产业链代表联络站",
        },
        "capability": {"demonstration": "示范点", "legislation": "立法联系点", "budget": "预算审查联系点"},
        "deputy_level": {
            "national": "全国人大代表",
            "province": "省人大代表",
            "provincial": "省人大代表",
            "city": "市人大代表",
            "county": "县（市、区）人大代表",
            "township": "乡镇人大代表",
        },
        "box": {
            "todo": "待办",
            "doing": "在办",
            "done": "已办",
            "screening": "待初审",
            "dispatch": "待交办",
            "decisions": "待审批",
            "overdue": "已超期",
            "supervised": "督办",
            "all": "全部",
            "today": "今日新收",
            "due_today": "今日到期",
            "late": "超期",
            "yellow": "超期",
            "red": "严重超期",
            "dead": "发送失败的通知",
        },
        "event": {
            "submit": "提交事项",
            "accept": "初审通过，交代表处理",
            "accept_unattended": "初审通过，由人大办直接交办",
            "ask": "请您补充情况",
            "supply": "已补充情况",
            "lapse_information": "到期未补充，继续办理",
            "refuse": "不予受理",
            "redirect": "转法定渠道",
            "merge": "并入同一事项",
            "merged_here": "并入一件事项",
            "withdraw": "撤回事项",
            "restore": "恢复办理",
            "claim": "代表已认领",
            "pass": "转由另一位代表处理",
            "answer": "代表答复",
            "hand_over": "代表上交",
            "send_back": "退回代表",
            "dispatch": "交办",
            "take_back": "收回重新交办",
            "report": "部门已答复，请代表审看",
            "accept_answer": "代表认可答复，请您评价",
            "reject_answer": "代表退回答复，要求补办",
            "lapse_review": "代表未提出意见，请您评价",
            "content": "评价：满意",
            "await_promise": "评价完成，跟踪承诺",
            "discontent": "评价：不满意，重新办理",
            "lapse_rating": "到期未评价，办结",
            "keep_promise": "承诺已兑现，请您评价",
            "break_promise": "承诺未兑现，重新办理",
            "look_back": "回头看",
            "reopen": "重新办理",
            "add": "补充说明",
            "supervise": "列入督办",
            "raise_owner": "超期未办，责任人上提一级",
            "acknowledge": "部门签收",
            "request_return": "申请退办",
            "approve_return": "同意退办",
            "decline_return": "不同意退办",
            "request_extension": "申请延期",
            "grant_extension": "同意延期",
            "decline_extension": "不同意延期",
            "reply": "部门拟好答复",
            "approve": "部门签发答复",
            "reject": "退回修改答复",
            "publish": "公开答复",
            "ask_reveal": "申请查看联系方式",
            "grant_reveal": "同意查看联系方式",
            "decline_reveal": "不同意查看联系方式",
            "calendar": "节假日安排更新，时限重新计算",
        },
        "rung": {
            "half": "时限过半",
            "blue": "临期提醒",
            "due_day": "今日到期",
            "overdue_1": "超期 1 个工作日",
            "overdue_3": "超期 3 个工作日",
            "overdue_5": "超期 5 个工作日，列入督办",
            "repeat": "持续督办",
        },
        "when": {
            "half": "时限过半",
            "blue": "剩余时间不足五分之一，或只剩 1 个工作日",
            "due_day": "到期当天",
            "overdue_1": "超期第 1 个工作日",
            "overdue_3": "超期第 3 个工作日",
            "overdue_5": "超期第 5 个工作日，同时列入督办、责任人上提一级",
            "repeat": "此后每隔 5 个工作日",
        },
        "notice_state": {
            "dead": "发送失败",
            "in_doubt": "待定",
            "due": "待发",
            "leased": "发送中",
            "sent": "已发出",
            "bundled": "已合并",
            "cancelled": "已取消",
        },
        "via": {
            "inbox": "站内消息",
            "wechat_subscribe": "小程序订阅消息",
            "wechat_template": "公众号模板消息",
            "wecom": "企业微信",
            "sms": "短信",
            "email": "电子邮件",
            "webhook": "对接平台",
            "log": "消息日志",
        },
        "act": {"take": "接手处理", "send_again": "重新发送", "release": "放行", "cancel": "不再发送"},
        "topic": {"digest": "今日工作摘要", "bundle": "多条提醒合并为一条"},
        "step": {
            "start": "起算日，不计入",
            "rest": "休息日，不计入",
            "makeup": "调休上班，计入",
            "pause": "等待补充，顺延",
            "pause_minutes": "等待补充，顺延（分钟）",
            "moved": "月末遇休息日，顺延",
            "extension": "批准延期",
            "due": "到期",
            "provisional": "节假日安排尚未公布，日期为暂定",
        },
        "route": {
            "on_duty": "当值代表",
            "next_in_roster": "当值代表暂不能处理，按值班顺序递补",
            "first_in_roster": "按名册顺序",
            "roster_empty": "本站没有值班代表，由人大办处理",
            "nobody_available": "值班代表暂都不能处理，由人大办处理",
            "absent": "请假",
            "no_account": "未开通账号",
            "excluded": "刚刚转出",
            "category": "按类别",
            "rule": "按规则",
        },
    }
)
UNITS = {"wd": "个工作日", "h": "小时", "months": "个月"}


def label(group: str, code: object) -> str:
    """The Chinese words for a code; the code itself when there are none, so that nothing is ever blank."""
    return LABELS[group].get(str(code), str(code)) if code is not None else ""


def topic(code: str) -> str:
    """What a notice is about."""
    head, _, rung = code.partition(".")
    if head == "reminder":
        return f"时限提醒：{label('rung', rung)}"
    return LABELS["topic"].get(code) or label("event", code)


def rung(key: str) -> str:
    """A step of the ladder by its key."""
    head, _, index = key.partition("repeat_")
    return f"第 {index} 次持续督办" if not head and index else label("rung", key)


def term(text: str) -> str:
    """A term such as "5 wd" in words."""
    amount, _, unit = text.partition(" ")
    return f"{amount} {UNITS.get(unit, unit)}"


def day(value: date | datetime | None) -> str:
    """A day as people write it: 2026年3月1日, with the weekday."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.astimezone(SHANGHAI).date()
    return f"{value.year}年{value.month}月{value.day}日（周{'一二三四五六日'[value.weekday()]}）"


def minute(value: datetime | None) -> str:
    """A time to the minute in Shanghai."""
    return value.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if value else ""


def paragraphs(text: str) -> Markup:
    """What somebody typed, with its line breaks and nothing else kept."""
    return Markup("<br>").join(escape(line) for line in text.splitlines())


def register(app: Flask) -> None:
    """Let templates use the labels and know the site."""
    for function in (label, topic, rung, term, day, minute, paragraphs):
        app.template_filter(function.__name__)(function)
    app.jinja_env.globals["label"] = label
    app.jinja_env.globals["LABELS"] = LABELS
    config = app.extensions["liaison"].config
    app.jinja_env.globals |= {"site": config.site, "host": urlsplit(config.base_url).netloc}
