"""The outbox: one row in the inbox and one on its way out per message and recipient; the queue only rings for them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from liaison.models.base import Base, new_id
from liaison.models.people import Account


class Notice(Base):
    """One message to one recipient; says that there is news, never what.

    In the inbox it is `sent` from the start: the row is what the inbox shows. Outward: due → leased → sent | dead,
    or cancelled, or `bundled` into one message of several (`bundle_id`); `in_doubt` after a restore
    (services/restoring). `token` fences a claim: only its holder may settle.
    `channel` is the one it goes by now, `route` those still left when that one fails for good, `passed` those that did
    with their errors; `attempts` are those by the present channel.
    `due_at` is when it was to be sent, `next_at` from when on it may be claimed, or leased until; `rung_at` when a
    worker was last told of it.
    `provider_id` is the provider's own id, `delivered_at` and `undelivered` what it reported later.
    `recipient_id` is an account, or for a resident the case itself; a digest is about no case. `owner_id` is who looks
    after a dead one.
    """

    __tablename__ = "notices"
    __table_args__ = (
        Index("uq_notices_case_id", "case_id", "dedup_key", unique=True, postgresql_nulls_not_distinct=True),
        Index("ix_notices_next_at", "next_at", postgresql_where=text("state IN ('due', 'leased')")),
        Index("ix_notices_recipient", "recipient_id", "created_at", postgresql_where=text("channel = 'inbox'")),
        Index("ix_notices_unread", "recipient_id", postgresql_where=text("channel = 'inbox' AND read_at IS NULL")),
        Index("ix_notices_dead", "id", postgresql_where=text("state IN ('dead', 'in_doubt')")),
        Index("ix_notices_outward", "recipient_id", "settled_at", postgresql_where=text("channel <> 'inbox'")),
        Index("ix_notices_bundle_id", "bundle_id", postgresql_where=text("bundle_id IS NOT NULL")),
        Index("ix_notices_provider_id", "provider_id", postgresql_where=text("provider_id IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    dedup_key: Mapped[bytes] = mapped_column(LargeBinary)
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("cases.id"))
    clock_id: Mapped[UUID | None]
    generation: Mapped[int] = mapped_column(default=0)
    topic: Mapped[str]
    recipient_role: Mapped[str]
    recipient_id: Mapped[UUID]
    channel: Mapped[str]
    route: Mapped[list] = mapped_column(default=list)
    passed: Mapped[list] = mapped_column(default=list)
    urgent: Mapped[bool] = mapped_column(default=False)
    bundle_id: Mapped[UUID | None] = mapped_column(ForeignKey("notices.id"))
    state: Mapped[str] = mapped_column(default="due")
    token: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    next_at: Mapped[datetime]
    rung_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    error: Mapped[str | None]
    provider_id: Mapped[str | None]
    delivered_at: Mapped[datetime | None]
    undelivered: Mapped[str | None]
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))


class NoticeAct(Base):
    """What a person decided about a notice, and when: took it on, had it sent again, let it go out or held it back."""

    __tablename__ = "notice_acts"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    notice_id: Mapped[UUID] = mapped_column(ForeignKey("notices.id"), index=True)
    act: Mapped[str]
    by_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    at: Mapped[datetime]

    by: Mapped[Account] = relationship(lazy="raise")


class Consent(Base):
    """How many messages of one WeChat template a recipient has agreed to and not yet got: one consent, one message."""

    __tablename__ = "consents"

    recipient_id: Mapped[UUID] = mapped_column(primary_key=True)
    template: Mapped[str] = mapped_column(primary_key=True)
    stock: Mapped[int]
    changed_at: Mapped[datetime]


class ChannelState(Base):
    """A channel's means: paused until when and why, its bucket of messages per minute, and how many left it today."""

    __tablename__ = "channel_states"

    channel: Mapped[str] = mapped_column(primary_key=True)
    paused_until: Mapped[datetime | None]
    reason: Mapped[str | None]
    tokens: Mapped[float]
    refilled_at: Mapped[datetime]
    day: Mapped[date]
    used: Mapped[int]


REMIND = text("""
WITH fallen AS (
    UPDATE clocks SET reminded_to = :now, remind_at = served.next_at
    FROM unnest(CAST(:clocks AS uuid[]), CAST(:next AS timestamptz[])) WITH ORDINALITY AS served(id, next_at, nth)
    WHERE clocks.id = served.id
    RETURNING clocks.id, clocks.case_id, clocks.generation, served.nth
)
INSERT INTO notices (
    id, dedup_key, case_id, clock_id, generation, topic, recipient_role, recipient_id, channel, route, passed,
    urgent, state, token, attempts, due_at, next_at, created_at, settled_at
)
SELECT
    leaf.id, sha256(convert_to(concat_ws('|', fallen.case_id, fallen.id, said.occasion, fallen.generation,
        said.recipient_id, said.way), 'UTF8')),
    fallen.case_id, fallen.id, fallen.generation, said.topic, said.recipient_role, said.recipient_id, said.channel,
    said.route, '[]', said.urgent, said.state, 0, 0, said.due_at, said.next_at, :now, said.settled_at
FROM unnest(CAST(:ids AS uuid[]), CAST(:of AS integer[]), CAST(:says AS integer[])) AS leaf(id, of, says)
JOIN fallen ON fallen.nth = leaf.of
JOIN jsonb_to_recordset(CAST(:said AS jsonb)) AS said(
    nth integer, topic text, occasion text, urgent boolean, recipient_role text, recipient_id uuid, way text,
    channel text, route jsonb, state text, due_at timestamptz, next_at timestamptz, settled_at timestamptz
) ON said.nth = leaf.says
ON CONFLICT (case_id, dedup_key) DO NOTHING
""")
"""Set `clocks` on to their `next` rungs and write what is told of them, in one statement (`services.notices.remind`).

What is `said` to one person by one way is numbered by its `nth`; a notice has an id, a clock `of` the list, counted
from 1, and the number of what it `says`. Its key is that of `services.notices.dedup_key`.
"""
