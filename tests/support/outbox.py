"""The outbox at random over real PostgreSQL: clients ask again, workers crash and come back late, bells are lost.

What TRUST promises (I1-I9) is checked at every step, and at the end, faults gone, every notice comes to its end.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import delete, func, select, update

from liaison.clients.letters import NotSent
from liaison.db import session, transaction
from liaison.domain.actors import Role
from liaison.models.cases import Case
from liaison.models.clocks import Clock
from liaison.models.notices import ChannelState, Consent, Notice, NoticeAct
from liaison.services import channels, claims, matters, notices, outbox
from liaison.services.channels import INBOX, Limit
from liaison.services.claims import BUNDLE, MAX_ATTEMPTS, Message
from liaison.services.recipients import Recipient, entitled
from tests.support import sending
from tests.support.clock import MONDAY
from tests.support.life import Life
from tests.support.sending import CONSENTED, HOPELESS, REFUSED, TOO_MUCH, Way, install, reach, relay

ENDED = frozenset({"sent", "dead", "cancelled", "bundled"})
TIMEOUT = timedelta(seconds=15)
"""No working worker takes longer for a message: connecting, sending, waiting, 5 s each."""
PEOPLE = {"office": ("wecom", "sms"), "office_lead": (), "deputy": ("sms", "email", "wecom")}
LIMITS = {"wechat_subscribe": Limit(), "wecom": Limit(), "sms": Limit(6, 20), "email": Limit(), "webhook": Limit()}
ENDINGS = {"taken": None, "dropped": REFUSED, "refused": REFUSED, "hopeless": HOPELESS, "too much": TOO_MUCH}
"""How a call may end, and what the worker is told: a dropped answer looks like a refusal."""
ROUNDS = 60


@dataclass
class Held:
    """A claim in a worker's hands: since when, how its call ended if it did, whether nobody knows any more."""

    message: Message
    since: datetime
    ending: str | None = None
    is_ambiguous: bool = False


class Outbox(RuleBasedStateMachine):
    """A matter or two, people with routes of channels, any number of workers, an outside world that may fail."""

    life: Life
    examples = count()

    def __init__(self) -> None:
        super().__init__()
        self.queue: list[UUID] = []
        self.held: list[Held] = []
        self.ended: dict[UUID, str] = {}
        self.effects, self.ambiguous, self.tokens = Counter[UUID](), Counter[UUID](), Counter[UUID]()
        self.claimed = Counter[tuple[UUID, str]]()

    @initialize(state=st.sampled_from(["submitted", "submitted", "with_deputy", "rating"]))
    def begin(self, state: str) -> None:
        """A matter has come some way; nothing of earlier examples is left to do."""
        install(**LIMITS)
        self.life.clock.set(MONDAY)
        with transaction():
            session.execute(update(Clock).values(stopped_at=MONDAY, remind_at=None, lapse_at=None))
            for table in (NoticeAct, Notice, ChannelState, Consent):
                session.execute(delete(table))
        for username, own in PEOPLE.items():
            reach(self.life, self.life.town.accounts[username], *own)
        self.example, self.occasions = next(self.examples), 0
        self.number = self.life.matter_in(state, key=f"{self.example}-0")
        self.numbers = {0: self.number}
        reach(self.life, self.life.case(self.number), "wechat_subscribe", "sms")

    @rule(key=st.integers(0, 2))
    def a_client_submits_and_perhaps_again(self, key: int) -> None:
        """The same key is the same matter; only new keys make new ones."""
        before = self.cases()
        number = self.life.submit(key=f"{self.example}-{key}").case.number
        made = self.cases() - before
        assert made == (key not in self.numbers), f"I2: {made} matters made by key {key} of {list(self.numbers)}"
        assert self.numbers.setdefault(key, number) == number, "I1: another matter for the same key"

    @rule(
        who=st.sets(st.sampled_from([*PEOPLE, "resident"]), min_size=1),
        urgent=st.booleans(),
        times=st.sampled_from([0, 1, 1, 1, 6]),
    )
    def somebody_is_told(self, who: set[str], urgent: bool, times: int) -> None:
        """Told again on the same occasion, nobody gets a second notice; six occasions at once are too many."""
        people = [self.recipient(name) for name in sorted(who)]
        for _ in range(times):
            self.occasions += 1
            self.tell(people, urgent)
        before = self.outward()
        if self.occasions:
            self.tell(people, urgent)
            self.tell(people, urgent)
        assert self.outward() <= before + (0 if times else len(people)), "I3: told twice on one occasion"

    @rule(bell=st.sampled_from(["rings", "rings", "rings twice", "is lost"]))
    def the_relay_rings(self, bell: str) -> None:
        """The queue gets the ids, twice, or never."""
        rung = relay(self.life)
        self.queue += {"rings": rung, "rings twice": rung * 2, "is lost": []}[bell]

    @rule(most=st.integers(1, 6))
    def a_worker_claims(self, most: int) -> None:
        """A worker takes from the queue, or what is rung for just now; whether it ever goes on is left open."""
        self.queue = self.queue or relay(self.life)
        self.held += self.claim(*[self.queue.pop(0) for _ in range(min(most, len(self.queue)))])

    @rule(which=st.integers(0, 30), ending=st.sampled_from([*ENDINGS, "taken"]), settles=st.integers(0, 2))
    def a_worker_goes_on(self, which: int, ending: str, settles: int) -> None:
        """Any worker that claimed makes its call, perhaps long after its lease, and settles, perhaps never or twice."""
        if self.held:
            held = self.held[which % len(self.held)]
            self.call(held, ending)
            for _ in range(settles):
                self.settle(held)

    @rule(old=st.sampled_from([*ENDINGS]), new=st.sampled_from([*ENDINGS]), new_settles_first=st.booleans())
    def a_worker_comes_back_late(self, old: str, new: str, new_settles_first: bool) -> None:
        """A worker wakes up from a pause that was longer than its lease, when another one holds its notice."""
        late = self.claim(*relay(self.life)[:2])
        self.held += late
        self.advance(46)
        taken = self.claim(*relay(self.life))
        for workers, ending in ((taken, new), (late, old)) if new_settles_first else ((late, old), (taken, new)):
            for held in workers:
                self.call(held, ending)
                self.settle(held)

    @rule(errors=st.lists(st.sampled_from([None, None, REFUSED, HOPELESS, TOO_MUCH, ZeroDivisionError()]), max_size=6))
    def a_worker_sends_all_it_has(self, errors: list[Exception | None]) -> None:
        """A worker goes through claiming, sending and settling without a crash."""
        way = Way(*errors)
        before = {id_: row.token for id_, row in self.rows().items()}
        sending.send(self.life, way, *self.queue)
        self.queue = []
        refused = [letter for letter, error in zip(way.letters, errors, strict=False) if error]
        self.effects += Counter(UUID(letter.client_message_id) for letter in way.letters)
        self.effects -= Counter(UUID(letter.client_message_id) for letter in refused)
        for id_, row in self.rows().items():
            if row.token != before[id_]:
                self.tokens[id_] = row.token
                self.claimed[id_, row.channel] = row.attempts

    @rule()
    def a_call_takes_as_long_as_it_may(self) -> None:
        """While one worker waits for its answer, others work on all that is rung for."""
        rung = relay(self.life)
        slow = self.claim(*rung[:1])
        self.advance(14)
        others = self.claim(*relay(self.life))
        for held in (*slow, *others):
            self.call(held, "taken")
        for held in (*slow, *others):
            self.settle(held)

    @rule(seconds=st.sampled_from([1, 14, 31, 46, 130, 600, 3700, None, None]))
    def time_goes_by(self, seconds: int | None) -> None:
        """Leases run out, backoffs and pauses end, or a rung of the ladder falls."""
        if seconds is None:
            self.fall_due_twice()
        else:
            self.advance(seconds)

    @rule(what=st.sampled_from(["move on", "consent", "mend", "send again"]))
    def somebody_does_something(self, what: str) -> None:
        """The case moves on, a phone reports consents, a pause ends early, or what is dead is sent again."""
        if what == "move on":
            self.move_on()
        elif what == "send again":
            self.send_again()
        else:
            with transaction():
                if what == "consent":
                    channels.grant_consent(self.life.case(self.number).id, CONSENTED, 2, self.life.clock())
                for channel in LIMITS if what == "mend" else ():
                    channels.resume(channel)

    @invariant()
    def promises_hold(self) -> None:
        """Ended absorbs, attempts are counted and bounded, sent means accepted, effects stay within attempts."""
        for id_, row in self.rows().items():
            was = self.ended.get(id_, row.state)
            assert row.state == was, f"I5: {was} became {row.state}"
            if row.state in ENDED:
                self.ended[id_] = row.state
                assert row.settled_at and (row.bundle_id is not None) == (row.state == "bundled")
            assert row.token == self.tokens[id_], "I5: a token nobody was given"
            times = self.claimed[id_, row.channel]
            assert row.attempts == times <= MAX_ATTEMPTS, f"I7: {times} claims, {row.attempts} attempts counted"
            assert row.state != "sent" or self.effects[id_], "I6: sent, and nobody took it"
            surplus = 0 if claims.is_courtesy(row) else self.ambiguous[id_]
            assert self.effects[id_] <= 1 + surplus, f"I4: {self.effects[id_]} effects, {surplus} ambiguous calls"

    def teardown(self) -> None:
        """Once faults stop, every notice ends."""
        for _ in range(ROUNDS):
            waiting = [row.next_at for row in self.rows().values() if row.state not in ENDED]
            if not waiting:
                return
            self.go_to(max(self.life.clock() + timedelta(seconds=31), min(waiting)))
            for held in self.claim(*relay(self.life)):
                self.call(held, "taken")
                self.settle(held)
            self.promises_hold()
        raise AssertionError(f"I8: {sorted({row.state for row in self.rows().values()} - ENDED)} for ever")

    def claim(self, *ids: UUID) -> list[Held]:
        """Claim, and see that each may be."""
        now, taken = self.life.clock(), []
        for message in sending.claim(self.life, *ids):
            row = self.rows()[message.notice_id]
            assert message.notice_id not in self.ended, "I5: claimed after its end"
            self.tokens[row.id] += 1
            self.claimed[row.id, message.channel] += 1
            assert message.token == self.tokens[row.id], "I5: a token twice"
            self.assert_wanted(row)
            taken.append(Held(message, now))
        return taken

    def assert_wanted(self, row: Notice) -> None:
        """I9: its clock runs as it did, and the recipient may know of the case."""
        recipient = Recipient(Role(row.recipient_role), row.recipient_id)
        assert entitled([(recipient, row.case_id)]), "I9: claimed for one who may not know of the case"
        if row.clock_id:
            clock = session.get_one(Clock, row.clock_id, populate_existing=True)
            assert not clock.stopped_at and clock.generation == row.generation, "I9: claimed after the case moved on"

    def call(self, held: Held, ending: str) -> None:
        """The provider's part, once: what it takes is an effect, even when it does not say so."""
        if held.ending:
            return
        held.ending = ending
        self.effects[held.message.notice_id] += ending in ("taken", "dropped")
        if ending == "dropped":
            self.doubt(held)

    def settle(self, held: Held) -> None:
        """Write how it ended; who lost the lease writes nothing."""
        id_ = held.message.notice_id
        before = self.rows()[id_]
        mine = before.state == "leased" and before.token == held.message.token
        error: NotSent | None = ENDINGS[held.ending]
        assert sending.settle(self.life, held.message, error) == mine, "I5: settled by one who lost the lease"

    def doubt(self, held: Held) -> None:
        """From now on nobody knows whether the call had an effect."""
        self.ambiguous[held.message.notice_id] += not held.is_ambiguous
        held.is_ambiguous = True

    def advance(self, seconds: float) -> None:
        """Let time go by."""
        self.go_to(self.life.clock() + timedelta(seconds=seconds))

    def go_to(self, moment: datetime) -> None:
        """Let time go by until a moment; a worker that holds something for longer than a call takes is silent."""
        self.life.clock.set(moment)
        for held in self.held:
            if self.life.clock() - held.since > TIMEOUT:
                self.doubt(held)

    def move_on(self) -> None:
        """The office accepts, or the deputy passes the matter on: clocks stop, and somebody loses sight of it."""
        case = self.life.case(self.number)
        if case.state == "submitted":
            self.life.act("office", matters.accept, self.number)
        elif case.state == "with_deputy" and case.deputy_id == self.life.town.deputies.present.id:
            self.life.act("deputy", matters.pass_on, self.number, "D004", "不在我的选区")

    def send_again(self) -> None:
        """The one way out of an end, and a person's: with the whole route and all attempts before it."""
        for id_ in [id_ for id_, state in self.ended.items() if state == "dead"]:
            self.life.act("office", outbox.decide, "send_again", id_)
            del self.ended[id_]
            self.claimed = Counter({key: times for key, times in self.claimed.items() if key[0] != id_})

    def fall_due_twice(self) -> None:
        """A second scheduler that had read the clocks before the first wrote puts nothing more."""
        running = [each for each in self.life.clocks(self.number) if each.remind_at]
        if not running:
            return
        self.go_to(max(self.life.clock(), *(each.remind_at for each in running)))
        read = [(each.id, each.remind_at, each.reminded_to) for each in running]
        self.life.fall_due()
        before = self.outward()
        for id_, remind_at, reminded_to in read:
            with transaction():
                row = update(Clock).where(Clock.id == id_, Clock.stopped_at.is_(None))
                session.execute(row.values(remind_at=remind_at, reminded_to=reminded_to))
        self.life.fall_due()
        assert self.outward() == before, "I3: two notices for one rung"

    def tell(self, people: list[Recipient], urgent: bool) -> None:
        """Put notices about the matter on the present occasion."""
        case, occasion = self.life.case(self.number), f"test:{self.example}:{self.occasions}"
        with transaction():
            notices.tell(case, "add", people, self.life.clock(), occasion=occasion, urgent=urgent)

    def recipient(self, name: str) -> Recipient:
        """An account, or the resident, with their channels."""
        who = self.life.case(self.number) if name == "resident" else self.life.town.accounts[name]
        role = name if name == "resident" else self.life.town.accounts[name].role
        return Recipient(Role(role), who.id, tuple(who.channels))

    def rows(self) -> dict[UUID, Notice]:
        """Every notice on its way out, as the database has it."""
        found = select(Notice).where(Notice.channel != INBOX).order_by(Notice.created_at, Notice.id)
        return {row.id: row for row in session.scalars(found.execution_options(populate_existing=True))}

    def outward(self) -> int:
        """How many notices there are besides bundles."""
        return session.scalar(select(func.count()).where(Notice.channel != INBOX, Notice.topic != BUNDLE))

    def cases(self) -> int:
        """How many cases there are."""
        return session.scalar(select(func.count()).select_from(Case))
