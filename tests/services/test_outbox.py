"""The outbox at random over real PostgreSQL: workers claim, crash, come back late; bells ring or are lost.

What TRUST promises (I4-I8) is checked after every step, and at the end, faults gone, every notice comes to its end.
"""

from itertools import count
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select, update

from liaison.db import session, transaction
from liaison.models.notices import Notice
from liaison.services import notices
from liaison.services.delivery import OutletError, send_notice
from liaison.services.notices import MAX_ATTEMPTS, Message
from liaison.services.recipients import Recipient
from tests.support.clock import MONDAY
from tests.support.life import Life

ENDED = {"sent", "dead", "cancelled"}
USUAL = settings(
    max_examples=40,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # making a failure shorter would take minutes
    suppress_health_check=list(HealthCheck),
)


class Outbox(RuleBasedStateMachine):
    """One notice on two channels, any number of workers, an outside world that may fail."""

    life: Life
    occasions = count()

    @initialize()
    def put(self) -> None:
        """Tell one person of something, in office hours."""
        self.life.clock.set(MONDAY)
        case = self.life.submit().case
        person = Recipient("office", self.life.town.accounts["office"].id)
        occasion = f"test:{next(self.occasions)}"
        for _ in range(2):
            with transaction():
                notices.tell(case, "add", [person], self.life.clock(), occasion=occasion)
        self.ids = [each.id for each in self.life.notices(case.number, topic="add")]
        self.ids += [each.id for each in self.life.notices(case.number, topic="add", channel="log")]
        assert len(self.ids) == 2
        with transaction():  # the relay takes the oldest first, and nobody works on those here
            session.execute(update(Notice).where(Notice.id.not_in(self.ids)).values(state="cancelled"))
        self.held: list[Message] = []
        self.accepted: dict[UUID, int] = dict.fromkeys(self.ids, 0)
        self.ended: dict[UUID, str] = {}
        self.tokens: dict[UUID, int] = dict.fromkeys(self.ids, 0)

    @rule()
    def relay_rings(self) -> None:
        """The relay rings, and the bell may be lost: nothing follows from it."""
        with transaction():
            notices.ring(self.life.clock())

    @rule(which=st.integers(0, 1))
    def a_worker_claims_and_falls_silent(self, which: int) -> None:
        """A worker takes a notice; whether it ever comes back is left open."""
        with transaction():
            message = notices.claim(self.ids[which], self.life.clock())
        if message:
            assert message.notice_id not in self.ended
            assert message.token == self.tokens[message.notice_id] + 1
            self.tokens[message.notice_id] = message.token
            self.held.append(message)

    @rule(data=st.data(), how=st.sampled_from(["sent", "error", "final"]))
    def a_worker_comes_back(self, data: st.DataObject, how: str) -> None:
        """Any worker that ever claimed settles, perhaps long after its lease; only the newest token counts."""
        if not self.held:
            return
        message = data.draw(st.sampled_from(self.held))
        before = self.row(message.notice_id)
        mine = before.state == "leased" and before.token == message.token
        if how == "sent":
            self.accepted[message.notice_id] += 1
        with transaction():
            error = None if how == "sent" else how
            written = notices.settle(message, self.life.clock(), error=error, final=how == "final")
        assert written == mine

    @rule(which=st.integers(0, 1), works=st.booleans())
    def a_worker_sends(self, which: int, works: bool) -> None:
        """A worker goes through claim, outlet and settling without a crash."""
        self.send(self.ids[which], works)

    @rule(seconds=st.sampled_from([1, 29, 31, 61, 600, 4000]))
    def time_goes_by(self, seconds: int) -> None:
        """Leases run out, backoffs end."""
        self.life.clock.advance(seconds=seconds)

    @invariant()
    def promises_hold(self) -> None:
        """Ended absorbs, attempts are bounded, sent means accepted, effects stay within attempts."""
        for id_ in getattr(self, "ids", ()):
            row = self.row(id_)
            if id_ in self.ended:
                assert row.state == self.ended[id_]
            if row.state in ENDED:
                self.ended[id_] = row.state
                assert row.settled_at
            assert row.attempts <= MAX_ATTEMPTS and row.attempts == row.token == self.tokens[id_]
            assert row.state != "sent" or self.accepted[id_]

    def teardown(self) -> None:
        """Once faults stop, every notice ends."""
        for _ in range(3):
            self.life.clock.advance(hours=2)
            with transaction():
                rung = notices.ring(self.life.clock())
            for id_ in [each for each in getattr(self, "ids", ()) if each in rung]:
                self.send(id_, True)
        states = set(session.scalars(select(Notice.state).where(Notice.id.in_(getattr(self, "ids", ())))))
        assert states <= ENDED

    def send(self, id_: UUID, works: bool) -> None:
        """Send through an outlet that works or does not."""

        def outlet(message: Message) -> None:
            self.tokens[id_] = message.token
            if not works:
                raise OutletError("refused")
            self.accepted[id_] += 1

        send_notice(id_, {"inbox": outlet, "log": outlet}, self.life.clock)

    def row(self, id_: UUID) -> Any:
        """The notice as the database has it."""
        return session.get_one(Notice, id_, populate_existing=True)


def test_the_outbox_keeps_its_promises(life: Life) -> None:
    Outbox.life = life
    run_state_machine_as_test(Outbox, settings=USUAL)
