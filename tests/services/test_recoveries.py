"""A locked-out person comes in again by two others; nobody alone, nobody wrong, nobody late."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from liaison.db import session, transaction
from liaison.domain.actors import ADMINISTRATORS, Role
from liaison.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from liaison.models.audit import AuditEntry
from liaison.models.people import Recovery
from liaison.services import recoveries, sign_in
from liaison.services.sealing import Keys
from tests.support.authenticator import bind
from tests.support.clock import FakeClock
from tests.support.town import PASSWORD, Town

NEW = "窗外 seven quiet herons"
ASKER, SECOND = "security_administrator", "second_security"


class Desk:
    """The three steps, each in a transaction of its own, by whoever."""

    def __init__(self, town: Town, clock: FakeClock) -> None:
        self.town, self.clock = town, clock

    def ask(self, by: str = ASKER, of: str = "office") -> str:
        with transaction():
            return recoveries.ask(self.town.actor(by), self.town.accounts[of].id, "手机丢了。", now=self.clock())

    def confirm(self, by: str = SECOND) -> str:
        wish = session.scalars(select(Recovery).order_by(Recovery.asked_at.desc(), Recovery.id.desc())).first()
        with transaction():
            return recoveries.confirm(self.town.actor(by), wish.id, now=self.clock())[1]

    def use(self, *halves: str, of: str = "office", password: str = NEW) -> bool:
        with transaction():
            return recoveries.use(of, halves, password, self.clock())


@pytest.fixture
def desk(town: Town, clock: FakeClock) -> Desk:
    return Desk(town, clock)


def test_both_halves_set_a_new_password_and_leave_nothing_of_before(
    desk: Desk, town: Town, keys: Keys, clock: FakeClock
) -> None:
    bind(town.actor("office"), keys, clock)
    with transaction():
        token = sign_in.open_session(town.accounts["office"], clock(), proven=True).token
    for _ in range(sign_in.MAX_FAILURES):
        with transaction():
            sign_in.check_password("office", "wrong", clock())
    first, second = desk.ask(), desk.confirm()
    assert desk.use(first.lower(), f"{second[:4]} {second[4:]}")
    assert sign_in.find_session(token, clock()) is None
    with transaction():
        account = sign_in.check_password("office", NEW, clock())
        assert account and account.otp_since is None and not account.must_change
        assert sign_in.check_password("office", PASSWORD, clock()) is None


def test_both_steps_and_the_use_are_written_down_with_who_did_them(desk: Desk, town: Town) -> None:
    assert desk.use(desk.ask(), desk.confirm("office_lead"))
    rows = session.scalars(select(AuditEntry).order_by(AuditEntry.seq))
    told = [(each.act, each.about, each.by_id) for each in rows]
    ids = [town.accounts[username].id for username in (ASKER, "office_lead", "office")]
    assert told == list(zip(("recovery.ask", "recovery.confirm", "recovery.use"), ["office"] * 3, ids, strict=True))


@pytest.mark.parametrize("by", ["office", "office_lead", "administrator", "auditor", "deputy", "housing_approver"])
def test_only_a_security_administrator_asks(desk: Desk, by: str) -> None:
    with pytest.raises(NotAllowed):
        desk.ask(by, of="liaison")


def test_nobody_asks_for_oneself_or_out_of_reach(desk: Desk) -> None:
    with pytest.raises(NotAllowed, match="自己"):
        desk.ask(of=ASKER)
    with pytest.raises(NotFound):
        desk.ask(of="other_office")


@pytest.mark.parametrize("by", sorted({"office", "administrator", "auditor", "supervisor", "deputy", "housing_head"}))
def test_only_another_security_administrator_or_the_lead_confirms(desk: Desk, by: str) -> None:
    desk.ask()
    with pytest.raises(NotAllowed):
        desk.confirm(by)


def test_the_one_who_asked_does_not_confirm(desk: Desk) -> None:
    desk.ask()
    with pytest.raises(NotAllowed, match="申请人"):
        desk.confirm(ASKER)


@pytest.mark.parametrize("person", ["office_lead", SECOND])
def test_the_person_does_not_confirm(desk: Desk, person: str) -> None:
    desk.ask(of=person)
    with pytest.raises(NotAllowed, match="自己的账号"):
        desk.confirm(person)


def test_a_lead_of_another_region_does_not_even_see_it(desk: Desk, town: Town, clock: FakeClock) -> None:
    desk.ask()
    far = town.actor("other_office").__class__(
        Role.OFFICE_LEAD, account_id=town.accounts["other_office"].id, region_path=town.regions.other_county.path
    )
    assert recoveries.waiting(far, clock()) == []
    wish = session.scalars(select(Recovery)).one()
    with pytest.raises(NotFound), transaction():
        recoveries.confirm(far, wish.id, now=clock())
    assert [each.id for each in recoveries.waiting(town.actor("office_lead"), clock())] == [wish.id]


def test_one_half_alone_or_twice_opens_nothing(desk: Desk) -> None:
    first = desk.ask()
    assert not desk.use(first, first)
    second = desk.confirm()
    for halves in ((first, first), (second, second), (second, first), (first, ""), ("", second)):
        assert not desk.use(*halves)
    with transaction():
        assert sign_in.check_password("office", PASSWORD, desk.clock())


def test_five_wrong_tries_end_it(desk: Desk) -> None:
    first, second = desk.ask(), desk.confirm()
    for _ in range(recoveries.MAX_FAILURES):
        assert not desk.use(first, "00000000")
    assert not desk.use(first, second)


def test_it_is_good_once(desk: Desk) -> None:
    first, second = desk.ask(), desk.confirm()
    assert desk.use(first, second)
    assert not desk.use(first, second, password=f"{NEW} again")


def test_it_ends_half_an_hour_after_it_was_confirmed(desk: Desk, clock: FakeClock) -> None:
    first, second = desk.ask(), desk.confirm()
    clock.advance(minutes=30)
    assert not desk.use(first, second)


def test_a_wish_nobody_confirms_ends_after_a_day(desk: Desk, clock: FakeClock) -> None:
    desk.ask()
    clock.set(clock() + timedelta(hours=24))
    with pytest.raises(NotFound):
        desk.confirm()


def test_a_new_wish_ends_the_one_before(desk: Desk, clock: FakeClock) -> None:
    stale = desk.ask(), desk.confirm()
    clock.advance(minutes=1)
    first, second = desk.ask(), desk.confirm()
    assert not desk.use(*stale)
    assert desk.use(first, second)


def test_it_is_confirmed_once(desk: Desk) -> None:
    desk.ask()
    desk.confirm()
    with pytest.raises(Conflict):
        desk.confirm("office_lead")


def test_the_halves_of_one_person_open_nobody_elses_account(desk: Desk) -> None:
    first, second = desk.ask(), desk.confirm()
    assert not desk.use(first, second, of="liaison")
    assert not desk.use(first, second, of="nobody")


def test_a_weak_new_password_is_refused_and_the_code_stays_good(desk: Desk) -> None:
    first, second = desk.ask(), desk.confirm()
    for weak in ("short", PASSWORD, "woaini1314"):
        with pytest.raises(Invalid):
            desk.use(first, second, password=weak)
    assert desk.use(first, second)


def test_a_closed_account_is_not_let_in(desk: Desk, town: Town) -> None:
    first, second = desk.ask(), desk.confirm()
    town.accounts["office"].active = False
    session.flush()
    assert not desk.use(first, second)
    with pytest.raises(Conflict, match="已停用"):
        desk.ask()


@pytest.mark.parametrize("role", sorted(ADMINISTRATORS - {Role.SECURITY_ADMINISTRATOR}))
def test_an_administrator_is_helped_like_everybody(desk: Desk, role: Role) -> None:
    assert desk.use(desk.ask(of=role), desk.confirm("office_lead"), of=role)


def test_the_halves_are_not_kept(desk: Desk) -> None:
    halves = desk.ask(), desk.confirm()
    row = session.scalars(select(Recovery)).one()
    assert not [half for half in halves if half.encode() in (row.first_digest, row.second_digest)]
