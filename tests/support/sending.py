"""A worker's part by hand: ring, claim, settle, and send through outlets that keep what they get and fail as told."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select

from liaison.clients.letters import Kind, Letter, NotSent
from liaison.db import session, transaction
from liaison.models.cases import Case
from liaison.models.notices import Notice
from liaison.models.people import Account
from liaison.services import bundles, claims, delivery, notices, vault
from liaison.services.channels import CHANNELS as INSTALLED
from liaison.services.channels import SUBSCRIBE, Limit
from liaison.services.claims import TEMPLATES, Message, Outcome
from liaison.services.delivery import Post
from tests.support.life import Life

CHANNELS = ("wechat_subscribe", "wechat_template", "wecom", "sms", "email", "webhook", "log")
REFUSED, HOPELESS, TOO_MUCH = NotSent("refused"), NotSent("no such user", Kind.FINAL), NotSent("too much", Kind.QUOTA)
CONSENTED = "template-of-tests"
"""The WeChat template that needs consent, of `install`."""


class Way:
    """An outlet that keeps the letters it is given and raises the given errors in turn."""

    def __init__(self, *errors: Exception | None) -> None:
        self.errors, self.letters = list(errors), list[Letter]()

    def send(self, letter: Letter) -> str | None:
        """Take a letter, or fail as told."""
        self.letters.append(letter)
        if error := self.errors.pop(0) if self.errors else None:
            raise error
        return None


def install(**limits: Limit) -> None:
    """Have just these channels, each with its limit, for the rest of a test whose commits are rolled back."""
    told = {INSTALLED: limits, TEMPLATES: {SUBSCRIBE: CONSENTED}}
    session.connection().execution_options(**told)


def reach(life: Life, who: Account | Case, *channels: str) -> None:
    """Keep an address of an account, or of a matter's resident, in each channel, in this order of preference."""
    with transaction():
        for channel in channels:
            vault.keep_address(who.id, channel, f"{channel}-of-{who.id}", life.keys, life.clock())
        session.get_one(type(who), who.id).channels = list(channels)


def outward(life: Life, number: str, role: str = "office") -> UUID:
    """The id of the first notice about a matter that is on its way to somebody of that role."""
    return next(each.id for each in life.notices(number, channel="log") if each.recipient_role == role)


def fresh(notice_id: UUID) -> Notice:
    """The notice as the database has it."""
    return session.get_one(Notice, notice_id, populate_existing=True)


def ring(life: Life) -> list[UUID]:
    """Ring as the relay does, without bundling."""
    with transaction():
        return notices.ring(life.clock())


def relay(life: Life) -> list[UUID]:
    """Bundle and ring as the relay does."""
    with transaction():
        bundles.bundle(life.clock())
        return notices.ring(life.clock())


def claim(life: Life, *ids: UUID) -> list[Message]:
    """Claim as a worker does."""
    with transaction():
        return claims.claim(ids, life.keys, life.clock())


def settle(life: Life, message: Message, error: NotSent | None = None) -> bool:
    """Settle as a worker does; whether anything was written."""
    before = _state(message)
    with transaction():
        claims.settle([Outcome(message, error=error)], life.clock())
    return _state(message) != before


def send(life: Life, outlet: Way | Mapping[str, Way], *ids: UUID) -> int:
    """Send as a worker does, by whatever channel, or by an outlet for each."""
    outlets = outlet if isinstance(outlet, Mapping) else dict.fromkeys(CHANNELS, outlet)
    return delivery.send_notices(ids, Post(outlets, lambda: life.keys, life.clock, "http://testserver"), slots=4)


def _state(message: Message) -> tuple:
    row = select(Notice.state, Notice.channel, Notice.next_at, Notice.error).where(Notice.id == message.notice_id)
    return tuple(session.execute(row).one())
