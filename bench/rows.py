"""The rows of synthetic matters, as lines for COPY: one matter's life told into all tables it stands in."""

import hashlib
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import accumulate
from uuid import UUID

from bench import lives, words
from bench.town import Post, Town
from liaison.domain import chain, numbers
from liaison.domain.calendar import start_of_day
from liaison.domain.clocks import due, thresholds
from liaison.domain.reminders import Ladder
from liaison.domain.terms import DEFAULT_TERMS

COLUMNS = {
    "cases": "id kind number title text region_id region_path station_id deputy_id category_id state state_since round"
    " clock_id seq head created_at closed_at has_merged channels",
    "matters": "case_id code_seal code_key_id source share_identity about_person routing claimed_at channel",
    "events": "case_id seq at kind by_role by_name state internal text data salt body_digest prev_hash hash",
    "assignments": "id case_id position round department_id part level complexity state locked clock_id assigned_at"
    " return_reason ended_at",
    "clocks": "id case_id assignment_id kind owner started_at stopped_at remind_at reminded_to lapse_at term due_on"
    " due_at provisional blue_at yellow_at red_at pauses paused_days paused_seconds extended generation",
    "replies": "id case_id assignment_id round by_role by_name text outcome measures owner at approved_at",
    "notices": "id dedup_key case_id generation topic recipient_role recipient_id channel route passed urgent state"
    " token attempts due_at next_at created_at settled_at",
}
YEARS, RECENT, SLACK = timedelta(days=5 * 365), timedelta(days=30), timedelta(minutes=10)
LEAST_OPEN, OPEN = 4000, 0.0065  # a busy deputy has some pages of them; a month's worth of two weeks' work
NOTICED, OPENED = 10, 100  # of so many matters one has notices, and one a query code that is known
GAP = 1.5 * 86400  # seconds between two moves at most
DAY, EAST = 86400, 8 * 3600
NULL = r"\N"
TITLE = 30
REASONS = ("不属于本站受理范围，请向有关部门反映。", "情况已了解，请按规定渠道办理。", "与此前反映的事项相同。")
ANSWERS = ("已到现场查看，", "经与有关单位核实，", "您反映的情况属实，", "已联系责任单位，")
OUTCOMES = ("问题已经处理完毕", "已安排人员在三日内处理", "已督促整改并将继续跟进", "已列入今年的改造计划")

Lines = dict[str, list[str]]


@dataclass(slots=True)
class Told:
    """One matter: where it came in, what its life was, and when each step of it happened, in seconds."""

    place: int
    id: str
    number: str
    text: str
    post: Post
    deputy: tuple[UUID, str]
    department: tuple[UUID, str]
    life: lives.Life
    at: list[float]
    answer: str
    assignment: str = NULL
    clock: str = NULL


def code_of(place: int) -> str:
    """The query code of the matter with that place, if it is one that has a code (`place % OPENED == 0`)."""
    return numbers.make_code(place * 0x9E3779B97F4A7C1 % (1 << numbers.CODE_BITS))


def zipf(count: int) -> list[float]:
    """Cumulative weights of so many, each next one less busy."""
    return list(accumulate(1 / rank for rank in range(1, count + 1)))


class Maker:
    """Makes matters in the order of time; the same seed makes the same ones."""

    def __init__(self, town: Town, count: int, now: datetime, seed: int = 1) -> None:
        self.town, self.count, self.now = town, count, now
        self._chance = random.Random(seed)
        self._until = (now - SLACK).timestamp()
        self._recent = min(count, 2 * int(max(LEAST_OPEN, OPEN * count)))
        self._deadlines = dict[tuple[str, int], tuple[str, str, str]]()
        self._weights = {size: zipf(size) for size in range(1, 1000)}
        self._lines: Lines = defaultdict(list)

    def block(self, places: range) -> Lines:
        """The lines of these matters, by table; `places` count from 1."""
        self._lines = defaultdict(list)
        for place in places:
            told = self._tell(place)
            self._add_clocks(told)
            self._add_case(told, self._add_events(told))
            self._add_answer(told)
            if place % NOTICED == 0:
                self._add_notices(told)
        return self._lines

    def _tell(self, place: int) -> Told:
        chance, begun = self._chance, self._begun(place)
        is_open = place > self.count - self._recent and chance.random() < 0.5
        known, weights = (lives.RUNNING, lives.RUNNING_WEIGHTS) if is_open else (lives.ENDED, lives.ENDED_WEIGHTS)
        (life,) = chance.choices(known, cum_weights=weights)
        longest = min(GAP, (self._until - begun) / len(life))
        at = [begun]
        for _ in life[1:]:
            at.append(at[-1] + longest * chance.random())
        post = self._busy(self.town.posts)
        number = numbers.make_number("matter", datetime.fromtimestamp(begun, UTC).year, place)
        deputy, department = self._busy(post.deputies), self._busy(self.town.departments)
        text = words.tell(chance)
        answer = f"{chance.choice(ANSWERS)}{text[:12]}，{chance.choice(OUTCOMES)}。"
        return Told(place, self._id(begun), number, text, post, deputy, department, life, at, answer)

    def _begun(self, place: int) -> float:
        """When a matter was told: those of the last month are as close as those before are far apart."""
        recent, old = RECENT.total_seconds(), self.count - self._recent
        if place > old:
            return self._until - recent + recent * (place - old - 1) / self._recent
        return self._until - YEARS.total_seconds() + (YEARS.total_seconds() - recent) * (place - 1) / old

    def _busy(self, some: Sequence):
        return self._chance.choices(some, cum_weights=self._weights[len(some)])[0]

    def _id(self, at: float) -> str:
        """A UUIDv7 of that moment."""
        bits = self._chance.getrandbits(72)
        return f"{int(at * 1000):012x}7{bits >> 60:03x}8{bits & (1 << 60) - 1:015x}"

    def _add_clocks(self, told: Told) -> None:
        running = [place for place, step in enumerate(told.life) if step.clock or step.owner is None]
        for place, following in zip(running, [*running[1:], None], strict=True):
            step, at = told.life[place], told.at[place]
            if step.clock is None:
                continue
            id_, stopped = self._id(at), moment(told.at[following]) if following else NULL
            if step.clock == lives.HANDLING:
                told.assignment = self._id(at)
                self._add_assignment(told, id_, at, stopped)
            about, due_at, remind_at = self._deadline(step.clock, int(at + EAST) // DAY)
            lapse_at = due_at if step.lapses else NULL
            if following:
                remind_at = lapse_at = NULL
            owned = told.assignment if step.clock == lives.HANDLING else NULL
            self._lines["clocks"].append(
                f"{id_}\t{told.id}\t{owned}\t{step.clock}\t{step.owner}\t{moment(at)}\t{stopped}\t{remind_at}"
                f"\t{moment(at)}\t{lapse_at}\t{about}\t[]\t0\t0\t0\t1\n"
            )
            told.clock = NULL if following else id_

    def _deadline(self, clock: str, day: int) -> tuple[str, str, str]:
        """Term, due date and lights of a clock started on that day, its due time, and its next rung after now."""
        found = self._deadlines.get((clock, day))
        if found is None:
            term, calendar = DEFAULT_TERMS[clock], self.town.calendar
            started = start_of_day(date(1970, 1, 1) + timedelta(days=day)) + timedelta(hours=12)
            ends = due(term, started, calendar)
            lights = thresholds(term, started, ends, calendar)
            remind_at = Ladder(term, started, ends, calendar).next_step(self.now).at.isoformat()
            shown = (term, ends.day, ends.at, ends.provisional, lights.blue_at, lights.yellow_at, lights.red_at)
            found = self._deadlines[clock, day] = "\t".join(map(str, shown)), ends.at.isoformat(), remind_at
        return found

    def _add_assignment(self, told: Told, clock: str, at: float, stopped: str) -> None:
        state = "acknowledged" if stopped == NULL else "approved"
        self._lines["assignments"].append(
            f"{told.assignment}\t{told.id}\t1\t1\t{told.department[0]}\tlead\t0\tordinary\t{state}\tf\t{clock}\t{moment(at)}"
            f"\t\t{stopped}\n"
        )

    def _add_events(self, told: Told) -> str:
        """The head of the chain."""
        head, names = chain.FIRST_PREVIOUS, {"deputy": told.deputy[1], "approver": told.department[1]}
        for seq, (step, at) in enumerate(zip(told.life, told.at, strict=True), start=1):
            said, data, when = self._said(told, step), _data(told, step), moment(at)
            salt = self._chance.randbytes(16)
            body = _digest(salt + f'{{"data":{data},"text":"{said}"}}'.encode())
            linked = (
                f'{{"at":"{when}","body_digest":"{body}","by_role":"{step.role}","kind":"{step.kind}",'
                f'"number":"{told.number}","prev_hash":"{head}","seq":{seq}}}'
            )
            before, head, name = head, _digest(linked.encode()), names.get(step.role, "")
            self._lines["events"].append(
                f"{told.id}\t{seq}\t{when}\t{step.kind}\t{step.role}\t{name}\t{step.state}\tf\t{said}\t{data}"
                f"\t\\\\x{salt.hex()}\t{body}\t{before}\t{head}\n"
            )
        return head

    def _said(self, told: Told, step: lives.Step) -> str:
        match step.kind:
            case "submit":
                return told.text
            case "answer" | "report":
                return told.answer
            case "refuse" | "redirect":
                return self._chance.choice(REASONS)
        return ""

    def _add_case(self, told: Told, head: str) -> None:
        post, last, chance = told.post, told.life[-1], self._chance
        title = told.text if len(told.text) <= TITLE else f"{told.text[:TITLE]}…"
        category = self._busy(self.town.categories) if chance.random() < 0.8 else NULL
        since, created = moment(told.at[-1]), moment(told.at[0])
        closed = since if last.owner is None else NULL
        self._lines["cases"].append(
            f"{told.id}\tmatter\t{told.number}\t{title}\t{told.text}\t{post.region_id}\t{post.region_path}\t{post.id}"
            f"\t{told.deputy[0]}\t{category}\t{last.state}\t{since}\t1\t{told.clock}\t{len(told.life)}\t{head}\t{created}"
            f"\t{closed}\tf\t[]\n"
        )
        kinds = [step.kind for step in told.life]
        claimed = moment(told.at[kinds.index("claim")]) if "claim" in kinds else NULL
        channel = "other" if kinds[-1] in ("refuse", "redirect") else NULL
        self._lines["matters"].append(
            f"{told.id}\t{self._seal(told)}\t{self.town.key_id}\tscan\tf\t"
            f'\t{{"deputy": "on_duty", "passed": [], "departments": []}}\t{claimed}\t{channel}\n'
        )

    def _seal(self, told: Told) -> str:
        if told.place % OPENED:
            return f"\\\\x{self._chance.randbytes(32).hex()}"
        return f"\\\\x{numbers.seal_code(self.town.mac, told.number, code_of(told.place)).hex()}"

    def _add_answer(self, told: Told) -> None:
        for step, at in zip(told.life, told.at, strict=True):
            if step.kind in ("answer", "report"):
                by = told.deputy[1] if step.kind == "answer" else told.department[1]
                owned = told.assignment if step.kind == "report" else NULL
                self._lines["replies"].append(
                    f"{self._id(at)}\t{told.id}\t{owned}\t1\t{step.role}\t{by}\t{told.answer}\tA\t\t"
                    f"\t{moment(at)}\t{moment(at)}\n"
                )

    def _add_notices(self, told: Told) -> None:
        """One in the deputy's inbox and one that went out."""
        at, whom = moment(told.at[0]), self.town.accounts.get(told.deputy[0], told.deputy[0])
        for channel in ("inbox", "log"):
            id_, key = self._id(told.at[0]), self._chance.randbytes(32).hex()
            self._lines["notices"].append(
                f"{id_}\t\\\\x{key}\t{told.id}\t0\taccept\tdeputy\t{whom}\t{channel}\t[]\t[]\tf\tsent\t1\t1"
                f"\t{at}\t{at}\t{at}\t{at}\n"
            )


@lru_cache(maxsize=32)  # every step's time stands in several tables
def moment(at: float) -> str:
    """A time as the chain writes it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds")


def _digest(what: bytes) -> str:
    return hashlib.sha256(what).hexdigest()


def _data(told: Told, step: lives.Step) -> str:
    """What an event holds beside its words, as the chain writes it."""
    match step.kind:
        case "submit":
            return f'{{"files":[],"source":"scan","station":"{told.post.code}"}}'
        case "dispatch":
            return f'{{"complexity":"ordinary","departments":[["lead","{told.department[1]}"]]}}'
        case "answer" | "report":
            return '{"outcome":"A"}'
    return "{}"
