"""What people read for the codes of reminders and of sending them: rungs, states, channels, what may go wrong."""

from collections.abc import Mapping
from types import MappingProxyType

NOTICE_WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
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
    }
)
