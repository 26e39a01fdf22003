"""Which channels an installation has, by its settings, and the client behind each; part of the composition root."""

from collections.abc import Mapping
from pathlib import Path

from redis import Redis

from liaison.clients.letters import Outlet
from liaison.clients.mail import MailOutlet, MailServer
from liaison.clients.message_log import MessageLog
from liaison.clients.sms import SmsAccount, SmsOutlet, SmsTemplate
from liaison.clients.webhook import Webhook
from liaison.clients.wechat import MessageTemplate, SubscribeOutlet, TemplateOutlet, Wechat, WechatAccount
from liaison.clients.wechat_checks import ContentCheck
from liaison.clients.wechat_codes import MiniProgramCodes
from liaison.clients.wechat_desk import CustomerDesk
from liaison.clients.wechat_jssdk import JsSdk
from liaison.clients.wechat_mini import MiniProgram
from liaison.clients.wechat_oauth import OAuth
from liaison.clients.wecom import Wecom, WecomAccount, WecomDoor, WecomOutlet
from liaison.services.channels import EMAIL, LOG, SMS, SUBSCRIBE, TEMPLATE, WEBHOOK, WECOM, Limit
from liaison.settings import Config

TEMPLATE_PER_DAY = 100_000  # what WeChat allows a service account
MAIL_PER_MINUTE = 120  # more makes a mail server take us for a sender of advertisements


def installed(config: Config) -> dict[str, Limit]:
    """The channels that are set up, each with its limit; a file takes the messages while there is none at all."""
    there = {
        SUBSCRIBE: (config.wechat.app_id, Limit()),
        TEMPLATE: (config.service_account.app_id, Limit(per_day=TEMPLATE_PER_DAY)),
        WECOM: (config.wecom.corp_id, Limit()),
        SMS: (config.sms.key_id, Limit(config.sms.per_minute, config.sms.per_day)),
        EMAIL: (config.email.host, Limit(MAIL_PER_MINUTE)),
        WEBHOOK: (config.notices.webhook_url, Limit()),
    }
    found = {channel: limit for channel, (told, limit) in there.items() if told}
    return found or {LOG: Limit()}


def open_outlets(config: Config, redis: Redis) -> Mapping[str, Outlet]:
    """A client for each installed channel; `redis` keeps the tokens all processes share."""
    openers = {
        SUBSCRIBE: _subscribe,
        TEMPLATE: _template,
        WECOM: _wecom,
        SMS: _sms,
        EMAIL: _email,
        WEBHOOK: _webhook,
        LOG: lambda config, redis: MessageLog(Path(config.notices.log_file)),
    }
    return {channel: openers[channel](config, redis) for channel in installed(config)}


def open_checks(config: Config, redis: Redis) -> Mapping[str, ContentCheck]:
    """The clients that ask WeChat about content, by the channel whose openids each knows; none unless it is set up."""
    accounts = {SUBSCRIBE: config.wechat, TEMPLATE: config.service_account} if config.checks.wechat else {}
    return {
        channel: ContentCheck(
            Wechat(
                WechatAccount(told.app_id, told.secret), redis, base_url=told.base_url, inside=config.notices.inside
            )
        )
        for channel, told in accounts.items()
        if told.app_id
    }


def open_codes(config: Config, redis: Redis) -> MiniProgramCodes | None:
    """What draws the mini-program's codes for posters; None without a mini-program or a page for stations."""
    told = config.wechat
    if not (told.app_id and told.station_page):
        return None
    return MiniProgramCodes(_mini_program(config, redis), told.station_page)


def open_desk(config: Config, redis: Redis) -> CustomerDesk | None:
    """The desk that answers those who write to the service account, if there is one."""
    return CustomerDesk(_service_account(config, redis)) if config.service_account.app_id else None


def open_mini_program(config: Config, redis: Redis) -> MiniProgram | None:
    """What tells whose phone has opened the mini-program, if there is one."""
    return MiniProgram(_mini_program(config, redis)) if config.wechat.app_id else None


def open_oauth(config: Config, redis: Redis) -> OAuth | None:
    """What learns from WeChat who opens a page in its browser; None without a service account."""
    told = config.service_account
    return OAuth(_service_account(config, redis), told.app_id, told.open_url) if told.app_id else None


def open_js_sdk(config: Config, redis: Redis) -> JsSdk | None:
    """What signs our pages for WeChat's script; None without a service account."""
    told = config.service_account
    return JsSdk(_service_account(config, redis), told.app_id) if told.app_id else None


def _service_account(config: Config, redis: Redis) -> Wechat:
    told = config.service_account
    account = WechatAccount(told.app_id, told.secret)
    return Wechat(account, redis, base_url=told.base_url, inside=config.notices.inside)


def _mini_program(config: Config, redis: Redis) -> Wechat:
    told = config.wechat
    account = WechatAccount(told.app_id, told.secret)
    return Wechat(account, redis, base_url=told.base_url, inside=config.notices.inside)


def _subscribe(config: Config, redis: Redis) -> Outlet:
    told, account = config.wechat, _mini_program(config, redis)
    return SubscribeOutlet(account, MessageTemplate(told.template, told.text_field, told.time_field, told.page))


def _template(config: Config, redis: Redis) -> Outlet:
    told, account = config.service_account, _service_account(config, redis)
    return TemplateOutlet(account, MessageTemplate(told.template, told.text_field, told.time_field))


def open_wecom_door(config: Config, redis: Redis) -> WecomDoor | None:
    """What lets staff sign in by WeCom, where that is wanted."""
    told = config.wecom
    return WecomDoor(_wecom_application(config, redis), told.login_url) if told.corp_id and told.sign_in else None


def _wecom(config: Config, redis: Redis) -> Outlet:
    return WecomOutlet(_wecom_application(config, redis))


def _wecom_application(config: Config, redis: Redis) -> Wecom:
    told = config.wecom
    account = WecomAccount(told.corp_id, told.secret, told.agent_id)
    return Wecom(account, redis, base_url=told.base_url, inside=config.notices.inside)


def _sms(config: Config, redis: Redis) -> Outlet:
    told = config.sms
    template = SmsTemplate(told.sign_name, told.template, told.link_field, told.link_prefix)
    account = SmsAccount(told.key_id, told.key_secret)
    return SmsOutlet(account, template, base_url=told.base_url, inside=config.notices.inside)


def _webhook(config: Config, redis: Redis) -> Outlet:
    told = config.notices
    return Webhook(told.webhook_url, told.webhook_secret, inside=told.inside)


def _email(config: Config, redis: Redis) -> Outlet:
    told = config.email
    return MailOutlet(MailServer(told.host, told.port, told.sender, told.security, told.username, told.password))
