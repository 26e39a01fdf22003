"""What the settings page shows of config.toml and of the program: values to know of, never one of a secret."""

from dataclasses import dataclass
from functools import reduce

from liaison.domain.calendar import OFFICE_HOURS
from liaison.services import reveals, sign_in
from liaison.settings import Config
from liaison.web.labels import label

_SHOWN = {
    "base_url": "网址（印在二维码里）",
    "site.name": "系统名称",
    "site.region": "主办地区",
    "accounts.second_factor_for": "必须两步验证的角色",
    "accounts.password_length": "密码最少位数",
    "accounts.passwords_remembered": "不能与最近几个密码相同",
    "accounts.password_days": "多少天须改密码（0 为不限）",
    "web.rate_limits": "限制频繁操作",
    "web.max_body_bytes": "一次最多上传（字节）",
    "sms.per_minute": "短信每分钟最多",
    "sms.per_day": "短信每天最多",
    "retention.contact_days": "姓名电话保存（办结后，天）",
    "retention.place_days": "精确位置保存（办结后，天）",
    "retention.photos_days": "照片保存（办结后，天）",
    "retention.text_days": "事项文字保存（办结后，天）",
    "retention.notices_days": "消息记录保存（办结后，天）",
    "retention.sessions_days": "登录记录保存（天）",
    "retention.logs_days": "运行日志保存（天）",
}
_SECRET = {
    "wechat.secret": "小程序密钥",
    "service_account.secret": "服务号密钥",
    "wecom.secret": "企业微信密钥",
    "sms.key_secret": "短信密钥",
    "email.password": "邮箱密码",
    "callbacks.secret": "回执签名密钥",
    "notices.webhook_secret": "消息平台签名密钥",
}


@dataclass(frozen=True)
class Shown:
    """One value with its name, and where it is changed."""

    name: str
    value: str
    place: str


def in_file(config: Config) -> list[Shown]:
    """What stands in config.toml; of secrets only whether they are there."""
    plain = [Shown(name, _words(key, _get(config, key)), _place(key)) for key, name in _SHOWN.items()]
    secret = [Shown(name, "已设置" if _get(config, key) else "未设置", _place(key)) for key, name in _SECRET.items()]
    return plain + secret


def fixed() -> list[Shown]:
    """What nobody changes while it runs."""
    hours = "、".join(f"{opens:%H:%M}–{closes:%H:%M}" for opens, closes in OFFICE_HOURS)
    longest = sign_in.LIFETIME.total_seconds() // 3600
    locked = sign_in.LOCKED_FOR.total_seconds() // 60
    reveal = reveals.OPEN_FOR.total_seconds() // 60
    why = "已写进告知群众的说明"
    return [
        Shown("提醒只在这些时间发送（工作日）", hours, "紧急事项除外；夜间和休息日不发"),
        Shown("一次登录最长", f"{longest:.0f} 小时", "之后须重新登录"),
        Shown("输错密码锁定", f"{sign_in.MAX_FAILURES} 次，锁 {locked:.0f} 分钟", "安全管理员可以解锁"),
        Shown("查看群众联系方式，批准后开放", f"{reveal:.0f} 分钟", why),
    ]


def _get(config: Config, key: str) -> object:
    return reduce(getattr, key.split("."), config)


def _place(key: str) -> str:
    section, _, name = key.rpartition(".")
    return f"[{section}] {name}" if section else name


def _words(key: str, value: object) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if key == "accounts.second_factor_for":
        return "、".join(label("role", role) for role in str(value).split()) or "无"
    return str(value)
