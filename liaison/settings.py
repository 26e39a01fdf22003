"""The settings of one installation as frozen dataclasses, each with its default; `config` reads and checks them."""

import base64
from dataclasses import dataclass, field
from pathlib import Path

from liaison.domain.keyrings import Key, read_cipher_key, read_digest_key, read_station_key


@dataclass(frozen=True)
class Site:
    """What the installation is called on pages and posters."""

    name: str = "码上联"
    region: str = "示范县"
    security_contact: str = ""


@dataclass(frozen=True)
class Database:
    """Where the truth is; an empty `url` means the embedded PostgreSQL of the instance."""

    url: str = ""


@dataclass(frozen=True)
class Redis:
    """Where the wake-up calls are; an empty `url` means the embedded Redis of the instance."""

    url: str = ""


@dataclass(frozen=True)
class Secrets:
    """Keys that must not leave the machine; never printed. Rings hold keys by id, oldest first."""

    session: str = field(default="", repr=False)
    anchors: str = field(default="", repr=False)
    vault_keys: dict[str, str] = field(default_factory=dict, repr=False)
    code_keys: dict[str, str] = field(default_factory=dict, repr=False)
    station_keys: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def anchor_key(self) -> bytes:
        """The 32 bytes of the Ed25519 key that signs the daily anchors."""
        return base64.b64decode(self.anchors, validate=True)

    @property
    def vault_ring(self) -> dict[str, Key]:
        """The keys that seal names, phones and precise places."""
        return {key_id: read_cipher_key(text) for key_id, text in self.vault_keys.items()}

    @property
    def code_ring(self) -> dict[str, Key]:
        """The keys of query codes and of digests for look-up."""
        return {key_id: read_digest_key(text) for key_id, text in self.code_keys.items()}

    @property
    def station_ring(self) -> dict[str, bytes]:
        """The keys that sign station codes."""
        return {key_id: read_station_key(text) for key_id, text in self.station_keys.items()}


@dataclass(frozen=True)
class Web:
    """How requests reach the application."""

    trusted_proxies: int = 0
    max_body_bytes: int = 100_000_000
    rate_limits: bool = True


@dataclass(frozen=True)
class Accounts:
    """What is asked of those who sign in; `second_factor_for` holds roles, apart by spaces."""

    second_factor_for: str = "office_lead administrator security_administrator auditor"
    password_length: int = 10
    passwords_remembered: int = 5
    password_days: int = 90

    @property
    def factor_roles(self) -> frozenset[str]:
        """The roles that must have a second factor."""
        return frozenset(self.second_factor_for.split())


@dataclass(frozen=True)
class Files:
    """Where photos and attachments lie; an empty `url` means a folder in the instance."""

    url: str = ""


@dataclass(frozen=True)
class History:
    """Where the daily anchors lie; an empty `anchors` means a folder in the instance."""

    anchors: str = ""


@dataclass(frozen=True)
class Notices:
    """How reminders leave the house: by `webhook_url`, or when it is empty into a file, by default in the instance."""

    log_file: str = ""
    webhook_url: str = ""
    webhook_secret: str = field(default="", repr=False)
    private_hosts: str = ""

    @property
    def inside(self) -> frozenset[str]:
        """The hosts of the county's own network that may be called."""
        return frozenset(self.private_hosts.lower().replace(",", " ").split())


@dataclass(frozen=True)
class Callbacks:
    """What platforms sign with that tell us something unasked; an empty secret closes its doors.

    `wechat_app_id` may hold several apps that share token and key, apart by spaces.
    """

    wechat_token: str = field(default="", repr=False)
    wechat_aes_key: str = field(default="", repr=False)
    wechat_app_id: str = ""
    secret: str = field(default="", repr=False)

    @property
    def is_whole(self) -> bool:
        """Whether all is there that WeChat's encrypted mode needs, or nothing."""
        given = (self.wechat_token, self.wechat_aes_key, self.wechat_app_id)
        return all(given) or not any(given)


@dataclass(frozen=True)
class Wechat:
    """The mini-program, its subscribe message, its page for stations; `domain_files` are texts by their file names."""

    app_id: str = ""
    secret: str = field(default="", repr=False)
    template: str = ""
    text_field: str = "thing1"
    time_field: str = "time2"
    page: str = ""
    station_page: str = ""
    domain_files: dict[str, str] = field(default_factory=dict)
    base_url: str = "https://api.weixin.qq.com"


@dataclass(frozen=True)
class Checks:
    """Whether WeChat is asked about residents' words and photos, and the file of our own words, if not the usual."""

    wechat: bool = False
    words: str = ""


@dataclass(frozen=True)
class ServiceAccount:
    """The WeChat service account and its template message."""

    app_id: str = ""
    secret: str = field(default="", repr=False)
    template: str = ""
    text_field: str = "thing1"
    time_field: str = "time2"
    base_url: str = "https://api.weixin.qq.com"
    open_url: str = "https://open.weixin.qq.com"
    script_url: str = "https://res.wx.qq.com/open/js/jweixin-1.6.0.js"


@dataclass(frozen=True)
class Wecom:
    """The enterprise WeChat of the county's staff."""

    corp_id: str = ""
    secret: str = field(default="", repr=False)
    agent_id: int = 0
    sign_in: bool = False
    login_url: str = "https://login.work.weixin.qq.com"
    base_url: str = "https://qyapi.weixin.qq.com"


@dataclass(frozen=True)
class Sms:
    """The SMS gateway, Aliyun's or one that speaks like it."""

    key_id: str = ""
    key_secret: str = field(default="", repr=False)
    sign_name: str = ""
    template: str = ""
    link_field: str = ""
    link_prefix: str = ""
    per_minute: int = 600
    per_day: int = 5000
    base_url: str = "https://dysmsapi.aliyuncs.com"


@dataclass(frozen=True)
class Email:
    """The mail server that takes messages to staff."""

    host: str = ""
    port: int = 587
    sender: str = ""
    security: str = "starttls"
    username: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class Retention:
    """For how many days each kind of data is kept; bounds and reasons stand in `domain.retention`."""

    contact_days: int = 365
    place_days: int = 365
    photos_days: int = 1095
    text_days: int = 3650
    notices_days: int = 730
    sessions_days: int = 30
    inbound_days: int = 30
    idempotency_days: int = 30
    logs_days: int = 180


@dataclass(frozen=True)
class Logging:
    """How much is written down and in which form."""

    level: str = "INFO"
    json: bool = True


@dataclass(frozen=True)
class Config:
    """Everything an installation can be told."""

    base_url: str = "http://127.0.0.1:8000"
    instance: Path = Path("instance")
    demo: bool = False
    site: Site = Site()
    database: Database = Database()
    redis: Redis = Redis()
    secrets: Secrets = Secrets()
    web: Web = Web()
    accounts: Accounts = Accounts()
    files: Files = Files()
    history: History = History()
    notices: Notices = Notices()
    wechat: Wechat = Wechat()
    checks: Checks = Checks()
    service_account: ServiceAccount = ServiceAccount()
    wecom: Wecom = Wecom()
    sms: Sms = Sms()
    email: Email = Email()
    callbacks: Callbacks = Callbacks()
    retention: Retention = Retention()
    logging: Logging = Logging()
