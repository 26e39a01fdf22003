"""What a second look at residents' words and photos promises: a hint for the office, nothing lost, nobody held up."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from liaison.clients.letters import Kind, NotSent
from liaison.clients.pushes import CHECKED, Push
from liaison.db import session, transaction
from liaison.domain.safety import CLEAN, Finding, Hint, Suggest, read_words
from liaison.models.base import new_id
from liaison.models.cases import Attachment, Case
from liaison.models.checks import ContentCheck
from liaison.models.inbound import InboundEvent
from liaison.models.notices import Notice
from liaison.services import (
    channels,
    checking,
    content_checks,
    erasing,
    inboxes,
    intake,
    matters,
    media_links,
    visitors,
)
from liaison.services.channels import TEMPLATE
from liaison.services.checking import LEASE, PLATFORM, WINDOW, Checker
from liaison.services.content_checks import RULES, Rules, Told
from liaison.services.photos import Kept
from tests.support.life import TEXT, Life

WORDS = read_words("politics: 集体上访\nabuse: 混账")
OFFENDING = "城东镇北街的路灯坏了三盏，再不修我们就集体上访，请尽快修好。"
RISKY, REVIEW = Finding(Suggest.RISKY, Hint.POLITICS), Finding(Suggest.REVIEW, Hint.FRAUD)
UNSCREENED = "S002"
PICTURE = Kept("photos/ab/" + "a" * 32 + ".jpg", None, "image/jpeg", 10, "d" * 64, "e" * 64)


class Platform:
    """A platform that finds or fails as told, and keeps what it was shown."""

    def __init__(self, *answers: Finding | NotSent) -> None:
        self.answers, self.shown, self.meanwhile = list(answers), list[tuple[str, str]](), None

    def check_text(self, openid: str, text: str) -> Finding:
        """Look at a text."""
        return self._answer(openid, text, CLEAN)

    def ask_about(self, openid: str, url: str, mime: str) -> str:
        """Take a file in."""
        self._answer(openid, url, CLEAN)
        return f"trace-{len(self.shown)}"

    def _answer(self, openid: str, what: str, otherwise: Finding) -> Finding:
        self.shown.append((openid, what))
        if self.meanwhile:
            self.meanwhile()
        answer = self.answers.pop(0) if self.answers else otherwise
        if isinstance(answer, NotSent):
            raise answer
        return answer


@pytest.fixture
def asking(life: Life) -> Callable[..., Platform]:
    """Has the platform asked, as it answers."""

    def begin(*answers: Finding | NotSent) -> Platform:
        session.connection().execution_options(**{RULES: Rules(WORDS, asks=True)})
        return Platform(*answers)

    return begin


@pytest.fixture(autouse=True)
def words(life: Life) -> None:
    session.connection().execution_options(**{RULES: Rules(WORDS)})


def tell(life: Life, station: str = UNSCREENED, *, text: str = TEXT, openid: str = "oX", **more: object) -> str:
    """A matter told by somebody WeChat knows."""
    with transaction():
        visit = openid and visitors.find_visit(visitors.enter(openid, life.keys, life.clock()).token, life.clock())
    return life.submit(station, text=text, visitor_id=visit.visitor_id if visit else None, **more).case.number


def check(life: Life, platform: Platform) -> int:
    return checking.check(Checker({TEMPLATE: platform}, lambda: life.keys, life.clock, "https://testserver"))


def rows(number: str) -> list[ContentCheck]:
    found = select(ContentCheck).join(Case, Case.id == ContentCheck.case_id).where(Case.number == number)
    return list(session.scalars(found.order_by(ContentCheck.id).execution_options(populate_existing=True)))


def hints(life: Life, number: str, who: str = "office") -> list[Told]:
    return content_checks.hints_of(life.town.actor(who), life.case(number).id)


def told_of_hints(life: Life, number: str) -> set[str]:
    return life.told(number, "hint")


def test_what_our_own_words_find_waits_for_the_office_instead_of_going_straight_to_the_deputy(life: Life) -> None:
    number, usual = tell(life, text=OFFENDING), tell(life)
    assert (life.case(number).state, life.case(usual).state) == ("submitted", "with_deputy")
    assert [(each.hint, each.suggest, each.source) for each in hints(life, number)] == [("politics", "review", "words")]
    assert [clock.kind for clock in life.clocks(number)] == ["screening"]
    assert {"office", "office_lead"} <= life.told(number, "submit")


def test_a_resident_is_taken_in_whatever_was_written(life: Life) -> None:
    submitted = life.submit(text=OFFENDING + "混账！")
    assert submitted.created and submitted.secret
    assert life.told(submitted.case.number, "submit") >= {"resident"}


def test_nobody_but_the_office_is_shown_a_hint(life: Life) -> None:
    number = tell(life, "S001", text=OFFENDING)
    life.act("office", matters.accept, number)
    shown = {who: len(hints(life, number, who)) for who in ("office", "office_lead", "deputy", "other_office")}
    assert shown == {"office": 1, "office_lead": 1, "deputy": 0, "other_office": 0}


def test_a_matter_waits_for_the_platform_and_then_goes_to_its_deputy(life: Life, asking) -> None:
    platform = asking()
    number = tell(life)
    assert life.case(number).state == "submitted" and life.told(number, "submit") == set()
    assert check(life, platform) == 1
    assert life.case(number).state == "with_deputy" and "other_deputy" in life.told(number, "accept")
    assert (rows(number)[0].state, rows(number)[0].source, hints(life, number)) == ("done", "platform", [])


def test_what_the_platform_calls_risky_stays_with_the_office_which_is_told(life: Life, asking) -> None:
    platform = asking(RISKY)
    number = tell(life)
    check(life, platform)
    assert life.case(number).state == "submitted"
    (hint,) = hints(life, number)
    assert (hint.hint, hint.suggest, hint.source) == ("politics", "risky", "platform")
    assert {"office", "office_lead"} <= life.told(number, "submit")
    life.act("office", matters.accept, number)
    assert life.case(number).state == "with_deputy"


def test_the_platform_is_shown_no_number_that_tells_who_somebody_is(life: Life, asking) -> None:
    platform = asking()
    tell(life, text=TEXT + "电话13887654321，身份证11010119900307123X。")
    check(life, platform)
    ((openid, shown),) = platform.shown
    assert openid == "oX" and "13887654321" not in shown and "19900307" not in shown and "路灯坏了" in shown


@pytest.mark.parametrize(
    "error", [NotSent("ConnectError"), NotSent("errcode 45009", Kind.QUOTA, pause=timedelta(minutes=10))]
)
def test_while_the_platform_is_away_our_own_words_decide_and_it_is_asked_again(life: Life, asking, error) -> None:
    platform = asking(error)
    clean, flagged = tell(life), tell(life, text=OFFENDING)
    check(life, platform)
    assert len(platform.shown) == 1, "who does not answer one is not asked about the others"
    assert (life.case(clean).state, life.case(flagged).state) == ("with_deputy", "submitted")
    assert channels.paused(life.clock()).keys() == {PLATFORM}
    assert content_checks.unchecked().count == 2 and content_checks.unchecked().error == error.reason
    life.clock.advance(minutes=30)
    check(life, platform)
    assert content_checks.unchecked().count == 0 and len(platform.shown) == 3
    assert hints(life, flagged)[0].source == "words", "a platform that finds nothing takes no word of ours back"


def test_paused_it_is_not_asked_and_nobody_waits_for_it(life: Life, asking) -> None:
    platform = asking()
    with transaction():
        channels.pause(PLATFORM, life.clock() + timedelta(minutes=5), "errcode 45009", life.clock())
    number = tell(life)
    check(life, platform)
    assert platform.shown == [] and life.case(number).state == "with_deputy" and rows(number)[0].state == "waiting"


def test_after_two_hours_it_is_left_at_our_own_words(life: Life, asking) -> None:
    platform = asking(*[NotSent("ReadTimeout")] * 50)
    number = tell(life)
    for _ in range(20):
        check(life, platform)
        life.clock.advance(minutes=11)
    assert rows(number)[0].state == "done" and rows(number)[0].source == "words"
    assert rows(number)[0].settled_at <= rows(number)[0].created_at + WINDOW + timedelta(minutes=11)


@pytest.mark.parametrize(("openid", "error"), [("", None), ("oX", NotSent("errcode 61010", Kind.FINAL))])
def test_who_wechat_does_not_know_is_not_asked_about_twice(life: Life, asking, openid: str, error) -> None:
    platform = asking(*[error] if error else [])
    number = tell(life, openid=openid)
    check(life, platform)
    found = [(row.state, row.source) for row in rows(number)]
    assert (found, life.case(number).state) == ([("done", "words")] if openid else [], "with_deputy")
    assert channels.paused(life.clock()) == {}


def test_a_worker_that_dies_between_look_and_writing_leaves_one_label(life: Life, asking) -> None:
    platform = asking(RISKY, RISKY)
    number = tell(life)
    with transaction():
        (lost,) = checking.claim(life.keys, life.clock(), [TEMPLATE])
    outcome = checking.ask(lost, Checker({TEMPLATE: platform}, lambda: life.keys, life.clock, "https://testserver"))
    assert check(life, platform) == 0, "its lease still runs"
    life.clock.advance(seconds=LEASE.total_seconds() + 1)
    assert check(life, platform) == 1
    with transaction():
        assert checking.settle(outcome, life.clock()) is False, "the dead one speaks late"
    assert len(rows(number)) == 1 and len(hints(life, number)) == 1
    assert life.kinds(number) == ["submit"]


def test_a_matter_moved_by_hand_meanwhile_is_left_alone(life: Life, asking) -> None:
    platform = asking()
    number = tell(life)
    platform.meanwhile = lambda: life.act("office", matters.accept, number)
    check(life, platform)
    assert life.kinds(number) == ["submit", "accept"] and life.case(number).state == "with_deputy"


def test_what_is_found_later_is_told_to_the_office_once(life: Life, asking) -> None:
    platform = asking(CLEAN, REVIEW)
    number = tell(life)
    check(life, platform)
    life.act(life.resident(number), intake.add, number, "有人上门说是修灯的。", [])
    assert told_of_hints(life, number) == set()
    check(life, platform)
    assert told_of_hints(life, number) == {"office", "office_lead"}
    assert life.case(number).state == "with_deputy"
    counted = select(func.count()).select_from(Notice).where(Notice.topic == "hint", Notice.channel == "inbox")
    check(life, platform)
    assert session.scalar(counted) == 2


def test_our_own_words_in_an_addition_are_told_at_once(life: Life) -> None:
    number = tell(life)
    life.act(life.resident(number), intake.add, number, "再不管就集体上访。", [])
    assert told_of_hints(life, number) == {"office", "office_lead"}


def with_picture(life: Life, platform: Platform) -> tuple[str, ContentCheck]:
    number = tell(life, files=(PICTURE,))
    check(life, platform)
    return number, rows(number)[1]


def result(trace_id: str, suggest: str, hint: str = "", **more: str) -> Push:
    return Push(CHECKED, {"trace_id": trace_id, "suggest": suggest, "hint": hint} | more)


def note(life: Life, push: Push) -> bool:
    with transaction():
        return checking.note_result(push, InboundEvent(id=new_id(), received_at=life.clock()), life.keys)


def test_a_picture_is_asked_about_by_a_signed_address_and_its_result_comes_later(life: Life, asking) -> None:
    platform = asking()
    number, row = with_picture(life, platform)
    assert (row.about, row.state, row.trace_id) == ("file:1", "asked", "trace-2")
    assert platform.shown[1][1].startswith("https://testserver/checked/")
    assert life.case(number).state == "with_deputy", "nobody waits for a picture"
    assert note(life, result("trace-2", "risky", "porn")) and note(life, result("trace-2", "pass"))
    (hint,) = hints(life, number)
    assert (hint.position, hint.hint, hint.suggest) == (1, "porn", "risky")
    assert told_of_hints(life, number) == {"office", "office_lead"}


def test_a_voice_is_given_to_nobody_who_may_not_hear_it(life: Life, asking) -> None:
    platform = asking()
    number = tell(life, files=(replace(PICTURE, mime="audio/mp4"),))
    check(life, platform)
    assert [row.about for row in rows(number)] == ["event:1"] and len(platform.shown) == 1


def test_a_result_for_a_file_we_do_not_know_yet_is_tried_again(life: Life) -> None:
    assert note(life, result("trace-unknown", "risky", "porn")) is False


def test_a_file_the_platform_could_not_fetch_counts_as_not_looked_at(life: Life, asking) -> None:
    number, row = with_picture(life, asking())
    note(life, result("trace-2", "pass", error="errcode -1008"))
    (row,) = rows(number)[1:]
    assert (row.state, row.suggest, row.source, row.error) == ("done", None, None, "errcode -1008")


def test_a_result_that_never_comes_is_asked_for_again_and_given_up_in_the_end(life: Life, asking) -> None:
    platform = asking()
    number, _ = with_picture(life, platform)
    for _ in range(4):
        life.clock.advance(minutes=41)
        check(life, platform)
    assert rows(number)[1].state == "done" and 3 <= len(platform.shown) <= 5


def test_the_address_of_a_file_is_good_for_its_file_its_hour_and_its_check_alone(life: Life, asking) -> None:
    with_picture(life, asking())
    file = session.scalars(select(Attachment)).one()
    *_, until, signature = media_links.link_to("", file.id, life.keys, life.clock()).split("/")

    def opens(id_: UUID = file.id, until: int = int(until), signature: str = signature) -> bool:
        try:
            return media_links.get_file(id_, until, signature, life.keys, life.clock()).id == file.id
        except media_links.NotFound:
            return False

    assert opens()
    assert not opens(id_=new_id()) and not opens(until=int(until) + 1) and not opens(signature="0" * 64)
    assert not opens(signature="字")
    life.clock.advance(hours=1, seconds=1)
    assert not opens()
    life.clock.advance(hours=-1)
    assert opens()
    note(life, result("trace-2", "pass"))
    assert not opens()


def test_an_erasure_takes_the_hints(life: Life) -> None:
    number = tell(life, text=OFFENDING)
    with transaction():
        erasing.erase(
            life.case(number),
            {erasing.Part.TEXT},
            life.town.actor("office"),
            erasing.Ground("right", "test"),
            life.keys,
            now=life.clock(),
        )
    assert rows(number) == []


def test_the_office_finds_what_has_a_hint(life: Life) -> None:
    flagged, _ = tell(life, "S001", text=OFFENDING), tell(life, "S001")
    box = inboxes.office_box(life.town.actor("office"), "hinted", life.clock(), after=None, limit=10)
    assert [row.number for row in box] == [flagged]
