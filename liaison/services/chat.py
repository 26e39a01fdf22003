"""Who writes to the service account is led to a station's form, with the words filled in that were written.

An answer in the reply to WeChat's push is not possible, since a push is kept before it is read. So what is to be said
is a row, said by a job through the customer desk. What was written stays sealed where the push was kept; the links
carry a signed name of it that is good for two days, never a word.
"""

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from liaison.clients import wechat_push
from liaison.clients.letters import Kind, NotSent
from liaison.clients.pushes import Push, Unreadable
from liaison.clients.wechat_desk import LONGEST, CustomerDesk
from liaison.db import session, transaction
from liaison.models.inbound import Answer, InboundEvent
from liaison.models.stations import Station
from liaison.services import vault
from liaison.services.sealing import Keys

TOLD, POINTER, WELCOME = "told", "pointer", "welcome"
KINDS = {
    "wechat.text": TOLD,
    "wechat.image": POINTER,
    "wechat.voice": POINTER,
    "wechat.video": POINTER,
    "wechat.shortvideo": POINTER,
    "wechat.location": POINTER,
    "wechat.link": POINTER,
    "wechat.subscribe": WELCOME,
}
"""By what came, what is said to it."""

GOOD_FOR = timedelta(hours=48)
"""As long as WeChat lets us answer, and as long as the links in the answer lead to what was written."""

BATCH = 20
LEASE = timedelta(seconds=60)
MOST_ATTEMPTS = 5
FIRST_WAIT = timedelta(seconds=20)
MOST_STATIONS = 6  # links in one message: more is a list to scroll, and a text holds 2,048 bytes
SHORTEST_SIGNATURE = 32  # hex digits: 128 bits
WAITING, DONE, FAILED = "waiting", "done", "failed"

HEARD = "您的话收到了，但还没有提交。请点一个联络站，核对后提交，就有编号、有人办："
SHOWN = "照片、语音和位置，请在提交页面里添加：点一个联络站，写几句话，再拍照或录音。"
GREETING = "您好！有事可以找人大代表：点一个联络站写几句话，也可以把要说的事直接发给我们。"
ALL = "查看全部联络站"
EMERGENCY = "紧急情况请直接拨打 110、119 或 120。"
WORDS = {TOLD: HEARD, POINTER: SHOWN, WELCOME: GREETING}


@dataclass(frozen=True)
class Desk:
    """What answering needs: the customer desk, None without a service account, keys, clock, our address for links."""

    customers: CustomerDesk | None
    keys: Callable[[], Keys]
    clock: Callable[[], datetime]
    base_url: str


@dataclass(frozen=True)
class Due:
    """One claimed answer: to whom, and what."""

    event_id: UUID
    token: int
    openid: str = field(repr=False)
    text: str = field(repr=False)


def note_message(push: Push, event: InboundEvent, keys: Keys) -> bool:
    """Have somebody answered who wrote to us or began to follow the account; once, however often it is worked off."""
    row = {"event_id": event.id, "kind": KINDS[push.kind], "next_at": event.received_at}
    session.execute(insert(Answer).values(state=WAITING, attempts=0, token=0, **row).on_conflict_do_nothing())
    return True


def answer(desk: Desk) -> int:
    """Say what is to be said, a batch at most; returns to how many. Opens its own transactions, as sending does."""
    with transaction():
        claimed = claim(desk.keys(), desk.clock(), desk.base_url)
    for due in claimed:
        error = _say(due, desk)
        with transaction():
            settle(due, error, desk.clock())
    return len(claimed)


def claim(keys: Keys, now: datetime, base_url: str) -> list[Due]:
    """Claim what is due, the oldest first, with its words."""
    rows = session.scalars(
        select(Answer)
        .where(Answer.state == WAITING, Answer.next_at <= now)
        .order_by(Answer.next_at, Answer.event_id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    stations = _stations() if rows else []
    claimed = []
    for row in rows:
        row.token, row.attempts, row.next_at = row.token + 1, row.attempts + 1, now + LEASE
        said = wechat_push.read(vault.get_message(row.event_id, keys)).said
        told = sign(keys, row.event_id, now) if row.kind == TOLD else ""
        claimed.append(Due(row.event_id, row.token, said["FromUserName"], _text(row.kind, stations, base_url, told)))
    session.flush()
    return claimed


def settle(due: Due, error: NotSent | None, now: datetime) -> None:
    """Write down how it ended, unless it was claimed since."""
    row = session.get(Answer, due.event_id, with_for_update=True, populate_existing=True)
    if row is None or row.token != due.token:
        return
    row.error = error.reason if error else None
    if error is None:
        row.state = DONE
    elif error.kind is Kind.FINAL or row.attempts >= MOST_ATTEMPTS:
        row.state = FAILED
    else:
        row.next_at = now + FIRST_WAIT * 2 ** (row.attempts - 1)
    session.flush()


def sign(keys: Keys, event_id: UUID, now: datetime) -> str:
    """The name under which what was written is found again, for two days."""
    until = int((now + GOOD_FOR).timestamp())
    return f"{event_id.hex}-{until}-{_signature(keys, keys.newest_code, event_id, until)}"


def find_told(name: str, keys: Keys, now: datetime) -> str | None:
    """What somebody wrote, by the name in their link; None for a wrong, late or forgotten one."""
    event_id, until = _read(name, keys)
    if event_id is None or datetime.fromtimestamp(until, UTC) < now:
        return None
    if session.get(InboundEvent, event_id) is None:
        return None
    try:
        push = wechat_push.read(vault.get_message(event_id, keys))
    except Unreadable:
        return None
    return push.said.get("Content") if KINDS.get(push.kind) == TOLD else None


def _read(name: str, keys: Keys) -> tuple[UUID | None, int]:
    """The event and the moment that a genuine name holds."""
    id_, _, rest = name.partition("-")
    until, _, signature = rest.partition("-")
    if not (len(id_) == 32 and id_.isalnum() and id_.isascii() and until.isascii() and until.isdecimal()):
        return None, 0
    try:
        event_id = UUID(hex=id_)
    except ValueError:
        return None, 0
    is_genuine = len(until) == 10 and any(
        hmac.compare_digest(signature.encode(), _signature(keys, key_id, event_id, int(until)).encode())
        for key_id in keys.codes
    )
    return (event_id, int(until)) if is_genuine else (None, 0)


def _signature(keys: Keys, key_id: str, event_id: UUID, until: int) -> str:
    return keys.mac(key_id)(f"told:{event_id}:{until}".encode()).hex()[:SHORTEST_SIGNATURE]


def _say(due: Due, desk: Desk) -> NotSent | None:
    if desk.customers is None:
        return NotSent("no service account", Kind.FINAL)
    try:
        desk.customers.say(due.openid, due.text)
    except NotSent as error:
        return error
    return None


def _stations() -> Sequence[Station]:
    """The stations to name: those that people scan, the newest scan first."""
    rows = select(Station).where(Station.active).limit(MOST_STATIONS)
    return session.scalars(rows.order_by(Station.last_scan_at.desc().nulls_last(), Station.code)).all()


def _text(kind: str, stations: Sequence[Station], base_url: str, told: str) -> str:
    """The words with a link for each station, as many as fit, and one to all of them."""
    query = f"?told={told}" if told else ""
    ending = [_link(f"{base_url}/{query}", ALL), EMERGENCY]
    lines = [WORDS[kind]]
    for station in stations:
        more = [*lines, _link(f"{base_url}/s/{station.code}/new{query}", station.name)]
        if len("\n".join([*more, *ending]).encode()) > LONGEST:
            break
        lines = more
    return "\n".join([*lines, *ending])


def _link(address: str, words: str) -> str:
    plain = words.replace("<", "").replace(">", "").replace('"', "").replace("&", "")
    return f'<a href="{address}">{plain}</a>'
