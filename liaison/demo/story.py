"""Walks the demo's matters through the real services, each step at a moment of the past that fits its calendar."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from sqlalchemy import select, text, update

from liaison.db import session, transaction
from liaison.demo.cast import by_code, staff
from liaison.demo.phones import RESIDENTS, mobile
from liaison.demo.rows import Assist, Matter, Rating, Reply, Round
from liaison.demo.town import dated
from liaison.domain.actors import ANYONE, Actor, resident_of
from liaison.domain.calendar import SHANGHAI, local_day, moment, office_moment
from liaison.models.assignments import Assignment
from liaison.models.cases import Case
from liaison.models.departments import Department
from liaison.models.notices import Notice
from liaison.models.people import Account, Deputy
from liaison.services import assignments, extensions, intake, lapses, matters, publication, ratings, replies, stations
from liaison.services.calendars import current_calendar
from liaison.services.cases import current_clock
from liaison.services.sealing import Keys
from liaison.services.vault import Contact, Spot

HASTE = timedelta(minutes=35)  # between two steps of a story that begins shortly before the present
MORNING, EVENING = time(9, 5), time(21, 0)


def tell_all(rows: Sequence[Matter], keys: Keys, now: datetime) -> None:
    """Tell these matters, each in its own transaction; those to be merged come after what they are merged into."""
    told: dict[str, str] = {}
    for row in sorted(rows, key=lambda matter: (matter.merged_into is not None, -matter.age_days)):
        with transaction():
            session.execute(text("SET LOCAL synchronous_commit = off"))  # a demo lost with the power is told again
            case = Story(row, keys, now, told).tell()
            told[row.code] = case.number
            _settle_notices(case, now)
        session.expunge_all()


def _settle_notices(case: Case, now: datetime) -> None:
    """What happened in the past was told in the past; only what is due from now on is really sent."""
    session.execute(
        update(Notice)
        .where(Notice.case_id == case.id, Notice.next_at < now)
        .values(state="sent", settled_at=Notice.next_at)
    )


class Story:
    """One matter on its way, and the moment its story has reached."""

    def __init__(self, row: Matter, keys: Keys, now: datetime, told: dict[str, str]) -> None:
        self.row, self.keys, self.end, self.told = row, keys, now, told
        self.calendar = current_calendar()
        minutes = int(row.code[1:]) * 37 % 420
        start = moment(local_day(now) - timedelta(days=row.age_days), MORNING) + timedelta(minutes=minutes)
        self.now = min(start, now - timedelta(hours=2))
        self.case: Case

    def tell(self) -> Case:
        """Walk the matter as far as its row says and return it."""
        if not self._submit():
            return self.case
        if self._screened() and self._with_deputy():
            for round_ in self.row.rounds:
                self._round(round_)
        self._finish()
        return self.case

    @property
    def number(self) -> str:
        """The case's number."""
        return self.case.number

    def wait(self, days: float) -> datetime:
        """Let so many days pass, but never reach the present; staff act within office hours, or else by day."""
        last = self.end - timedelta(minutes=5)
        later = office_moment(self.now + timedelta(days=days), self.calendar)
        if later >= last:
            later = self.now + HASTE
        if later.astimezone(SHANGHAI).time() > EVENING:
            later = moment(local_day(later) + timedelta(days=1), MORNING)
        self.now = later if later < last else self.now + (self.end - self.now) / 5
        return self.now

    def said(self, text: str) -> str:
        """A text with its dates as of the moment it is said."""
        return dated(text, local_day(self.now))

    def _submit(self) -> bool:
        """Submit the matter; False when an earlier run has told its story already."""
        row = self.row
        who = int(row.code[1:]) % len(RESIDENTS)
        contact = Contact(RESIDENTS[who], mobile(who)) if row.contact else Contact()
        actor = staff("liaison") if row.proxy else ANYONE
        submitted = intake.submit(
            actor,
            row.station,
            intake.Submission(
                text=self.said(row.text),
                category=row.category,
                place=Spot(row.place),
                contact=contact,
                share_identity=row.contact,
                about_department=row.about,
                source="proxy" if row.proxy else "scan",
            ),
            key=f"demo-{row.code}",
            digest=row.code,
            keys=self.keys,
            now=self.now,
        )
        self.case = submitted.case
        if not row.proxy:
            stations.note_scan(stations.get_station(row.station), self.now)
        return submitted.created

    def _screened(self) -> bool:
        """Screen the matter; False when its story ends or waits here."""
        row, office = self.row, staff("office")
        if row.merged_into and self.case.state == "submitted":
            matters.merge(office, self.number, self.told[row.merged_into], now=self.wait(0.3))
        elif row.state == "withdrawn" and self.case.state == "submitted":
            intake.withdraw(self._resident(), self.number, row.withdrawal, now=self.wait(0.2))
        elif self.case.state == "submitted" and row.state not in ("submitted", "not_accepted", "redirected"):
            matters.accept(office, self.number, now=self.wait(0.4))
        if row.state in ("not_accepted", "redirected") and self.case.state in ("submitted", "with_deputy"):
            self._turn_away(office if self.case.state == "submitted" else self._deputy())
        return self.case.state in ("with_deputy", "handed_over")

    def _turn_away(self, actor: Actor) -> None:
        channel = self.row.channel if self.row.channel in matters.CHANNELS else "other"
        reason, at = self.said(self.row.refusal), self.wait(0.5)
        if self.row.state == "redirected":
            matters.redirect(actor, self.number, channel, reason, now=at)
        else:
            matters.refuse(actor, self.number, reason, channel, now=at)

    def _with_deputy(self) -> bool:
        """Let the deputy work on it; False when the story stays or ends here."""
        row = self.row
        if self.case.state == "handed_over":
            return bool(row.rounds)
        if row.claimed or row.state != "with_deputy":
            matters.claim(self._deputy(), self.number, now=self.wait(0.5))
        if row.passed:
            self._pass()
        if row.question:
            matters.ask(self._deputy(), self.number, self.said(row.question), now=self.wait(0.3))
            if not row.addition:
                return False
            intake.add(self._resident(), self.number, self.said(row.addition), [], now=self.wait(1))
        if row.deputy_reply:
            self._deputy_answers(row.deputy_reply)
        elif row.state not in ("with_deputy", "needs_info"):
            matters.hand_over(
                self._deputy(), self.number, self.said(row.advice or "已核实，情况属实，请交办。"), [], now=self.wait(1)
            )
        return bool(row.rounds)

    def _pass(self) -> None:
        others = (
            select(Deputy.code)
            .join(Account, Account.deputy_id == Deputy.id)
            .where(Deputy.region_id == self.case.region_id, Deputy.id != self.case.deputy_id)
        )
        code = session.scalar(others.order_by(Deputy.code).limit(1))
        if code:
            matters.pass_on(self._deputy(), self.number, code, self.said(self.row.passed), now=self.wait(0.3))

    def _deputy_answers(self, said: Reply) -> None:
        at = self.wait(1)
        matters.answer(
            self._deputy(),
            self.number,
            _with_ground(self.said(said.text), said),
            said.outcome,
            today=local_day(at),
            now=at,
        )
        if self.row.deputy_rating:
            self._rate(self.row.deputy_rating)

    def _round(self, round_: Round) -> None:
        if self.case.state == "closed" and self.row.look_back:
            self._look_back()
        if self.case.state not in ("handed_over", "reopened"):
            return
        self._dispatch(round_.lead, round_.assisting, round_.complexity)
        decided = self._return(round_) if round_.returned else True
        if decided and round_.stage not in ("assigned", "returned"):
            self._handle(round_)

    def _dispatch(self, lead: str, assisting: tuple[Assist, ...], complexity: str) -> None:
        assignments.dispatch(
            staff("office"),
            self.number,
            lead=lead,
            assisting=[each.department for each in assisting],
            complexity=complexity,
            now=self.wait(0.5),
        )

    def _return(self, round_: Round) -> bool:
        """Ask for a return and have it decided; False while it waits for the decision."""
        asked, reference = round_.returned, self._reference(round_.returned.department)
        handler = self._handler(asked.department)
        assignments.request_return(handler, reference, self.said(asked.reason), asked.belongs_to, now=self.wait(0.2))
        if asked.approved is None:
            return False
        assignments.decide_return(
            staff("office"), self.number, reference, asked.approved, self.said(asked.decision), now=self.wait(0.3)
        )
        return True

    def _handle(self, round_: Round) -> None:
        reference, handler = self._reference(round_.lead), self._handler(round_.lead)
        assignments.acknowledge(handler, reference, now=self.wait(0.3))
        if round_.extension:
            asked = round_.extension
            extensions.request_extension(
                handler, reference, asked.working_days, self.said(asked.reason), now=self.wait(0.4)
            )
            if asked.approved is not None:
                extensions.decide_extension(
                    staff("office"), self.number, reference, asked.approved, "", now=self.wait(0.3)
                )
        for each in round_.assisting:
            self._assist(each)
        if round_.draft:
            self._reply(round_.lead, round_.draft)
            matters.judge(self._judge(), self.number, False, self.said(round_.pushback), now=self.wait(0.5))
        if round_.reply and round_.stage in ("replied", "approved"):
            self._reply(round_.lead, round_.reply, signed=round_.stage == "approved")
        if self.case.state == "replied" and (round_.verdict or round_.rating or self.row.state in ("rating", "closed")):
            matters.judge(self._judge(), self.number, True, self.said(round_.verdict), now=self.wait(0.5))
        self._judged(round_)

    def _judged(self, round_: Round) -> None:
        if round_.rating and self.case.state == "rating":
            self._rate(round_.rating)
        if round_.kept and self.case.state == "tracking":
            at = self.wait(5)
            replies.keep_promise(
                self._handler(round_.lead),
                self._reference(round_.lead),
                self._answer(round_.kept, at),
                today=local_day(at),
                now=at,
            )
            if round_.kept_rating:
                self._rate(round_.kept_rating)

    def _assist(self, each: Assist) -> None:
        if not each.opinion:
            return
        handler, reference = self._handler(each.department), self._reference(each.department)
        assignments.acknowledge(handler, reference, now=self.wait(0.1))
        opinion = Reply(each.opinion, "C", "", self._department(each.department).head_name, "")
        self._reply(each.department, opinion)

    def _reply(self, department: str, said: Reply, *, signed: bool = True) -> None:
        reference, at = self._reference(department), self.wait(0.8)
        replies.reply(self._handler(department), reference, self._answer(said, at), today=local_day(at), now=at)
        if signed:
            approver = staff("approver", self._department(department).id)
            replies.decide_reply(approver, reference, True, "", now=self.wait(0.2))

    def _answer(self, said: Reply, at: datetime) -> replies.Answer:
        promised = local_day(at) + timedelta(days=said.promised_in) if said.promised_in else None
        return replies.Answer(
            _with_ground(self.said(said.text), said), said.outcome, self.said(said.measures), said.owner, promised
        )

    def _rate(self, rating: Rating) -> None:
        ratings.rate(
            self._resident(),
            self.number,
            ratings.Opinion(rating.result, rating.attitude, rating.speed, self.said(rating.text)),
            now=self.wait(1),
        )

    def _look_back(self) -> None:
        matters.look_back(staff("office"), self.number, False, self.said(self.row.look_back), now=self.wait(4))

    def _finish(self) -> None:
        row = self.row
        clock = current_clock(self.case)
        if row.state == "closed" and self.case.state == "rating" and clock.lapse_at < self.end:
            self.now = clock.lapse_at + timedelta(minutes=1)
            lapses.lapse(self.now)
        if row.look_back and self.case.state == "closed" and row.state == "reopened":
            self._look_back()
        if row.publish and self.case.state in publication.PUBLISHABLE:
            answer = next((said.reply for said in reversed(row.rounds) if said.reply), row.deputy_reply)
            if answer:
                publication.publish(
                    staff("office"),
                    self.number,
                    title=row.title,
                    text=self.case.text,
                    answer=self.said(answer.text),
                    consent=True,
                    now=self.wait(1),
                )

    def _resident(self) -> Actor:
        return resident_of(self.case.id)

    def _deputy(self) -> Actor:
        return staff("deputy", None, self.case.deputy_id)

    def _judge(self) -> Actor:
        return self._deputy() if self.case.deputy_id else staff("office")

    def _handler(self, department: str) -> Actor:
        return staff("handler", self._department(department).id)

    def _department(self, code: str) -> Department:
        return by_code(Department, code)

    def _reference(self, department: str) -> str:
        position = session.scalar(
            select(Assignment.position)
            .where(Assignment.case_id == self.case.id, Assignment.department_id == self._department(department).id)
            .order_by(Assignment.position.desc())
            .limit(1)
        )
        return f"{self.number}.{position}"


def _with_ground(text: str, said: Reply) -> str:
    return f"{text}（依据：{said.ground}）" if said.ground else text
