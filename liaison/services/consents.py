"""What a resident agreed to for one matter: written down when it is told, given and taken back afterwards.

The rules and their sources stand in `domain.consent`.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, select, update

from liaison.db import session, told
from liaison.domain.actors import Actor
from liaison.domain.addresses import find_mobile
from liaison.domain.consent import SWITCHED, Purpose
from liaison.domain.errors import Conflict, Invalid
from liaison.models.cases import Case, Publication
from liaison.models.matters import Matter
from liaison.models.notices import Consent, Notice
from liaison.models.rights import Agreement
from liaison.services import cases, own_matters, privacy, published_photos, vault
from liaison.services.channels import ADDRESSED, CHANNELS, SMS
from liaison.services.sealing import Keys

NO_MOBILE = "请先填写手机号码；本系统没有开通短信的，也不能开通提醒。"
_APART = {"synchronize_session": False}


def agree(case: Case, purposes: Iterable[Purpose], now: datetime) -> None:
    """Write down that the resident agrees to these purposes, none of which stands yet, under the version in force."""
    version = privacy.current()
    session.add_all(Agreement(case_id=case.id, purpose=each, version=version, given_at=now) for each in purposes)


def agreements(case: Case) -> list[Agreement]:
    """Everything the resident ever agreed to, oldest first."""
    rows = select(Agreement).where(Agreement.case_id == case.id).order_by(Agreement.given_at, Agreement.id)
    return list(session.scalars(rows))


def standing(case: Case) -> set[str]:
    """The purposes agreed to at present."""
    return {each.purpose for each in agreements(case) if each.withdrawn_at is None}


def is_withdrawn(case: Case, purpose: Purpose) -> bool:
    """Whether the resident took this consent back and did not give it again; never asked is not withdrawn."""
    mine = [each for each in agreements(case) if each.purpose == purpose]
    return bool(mine) and all(each.withdrawn_at for each in mine)


def change(actor: Actor, number: str, purpose: str, agreed: bool, keys: Keys, *, now: datetime) -> Case:
    """Give a consent or take it back, with effect at once; what stands so already is left alone.

    Raises Invalid for a purpose that is not switched, or notices without anywhere to send them.
    """
    if purpose not in SWITCHED:
        raise Invalid({"purpose": ["请选择要更改的一项。"]})
    case = cases.lock_case(actor, number)
    if agreed is (purpose in standing(case)):
        return case
    version = privacy.current()
    if agreed:
        _give(case, Purpose(purpose), keys, now)
    else:
        version = withdraw(case, Purpose(purpose), now)
    kind = "give_consent" if agreed else "withdraw_consent"
    cases.record(case, kind, actor, now, data={"purpose": str(purpose), "version": version})
    return case


def withdraw(case: Case, purpose: Purpose, now: datetime) -> int:
    """End one consent that stands, and what rested on it; returns the version it was given under, 0 when none stood."""
    mine = (Agreement.case_id == case.id, Agreement.purpose == purpose, Agreement.withdrawn_at.is_(None))
    version = session.scalar(select(Agreement.version).where(*mine)) or 0
    session.execute(update(Agreement).where(*mine).values(withdrawn_at=now), execution_options=_APART)
    if purpose is Purpose.SHARING:
        session.get_one(Matter, case.id).share_identity = False
    elif purpose is Purpose.NOTICES:
        stop_notices(case, now)
    elif purpose is Purpose.PUBLICATION:
        published_photos.drop(case.id, now)
        session.execute(delete(Publication).where(Publication.case_id == case.id), execution_options=_APART)
    return version


def stop_notices(case: Case, now: datetime) -> None:
    """Forget every address of the resident, and send none of what waits."""
    for channel in ADDRESSED:
        vault.drop_address(case.id, channel)
    session.execute(delete(Consent).where(Consent.recipient_id == case.id), execution_options=_APART)
    waiting = (Notice.recipient_id == case.id, Notice.channel.in_(ADDRESSED), Notice.state.in_(("due", "in_doubt")))
    ended = update(Notice).where(*waiting).values(state="cancelled", settled_at=now)
    session.execute(ended, execution_options=_APART)
    case.channels = []


def check_publication(case: Case) -> None:
    """Raise Conflict when the resident took back the consent to publish."""
    if is_withdrawn(case, Purpose.PUBLICATION):
        raise Conflict("群众已撤回公开的同意，不能公开。")


def _give(case: Case, purpose: Purpose, keys: Keys, now: datetime) -> None:
    if purpose is Purpose.SHARING:
        session.get_one(Matter, case.id).share_identity = True
    elif purpose is Purpose.NOTICES:
        contact = vault.find_contact(case.id, keys)
        by_wechat = own_matters.tell_owner(case, keys, now)
        if not keep_mobile(case, contact.phone if contact else None, keys, now) and not by_wechat:
            raise Invalid({"purpose": [NO_MOBILE]})
    agree(case, [purpose], now)


def keep_mobile(case: Case, phone: str | None, keys: Keys, now: datetime) -> bool:
    """Have the resident reached at this number by text message, where there are any; False when it cannot be."""
    mobile = find_mobile(phone) if phone and SMS in told(CHANNELS) else None
    if mobile is None:
        return False
    vault.keep_address(case.id, SMS, mobile, keys, now)
    case.channels = [*(channel for channel in case.channels if channel != SMS), SMS]
    return True


def drop_mobile(case: Case, now: datetime) -> None:
    """Send no more text messages; where nothing else tells the resident of news, that consent ends."""
    others = [channel for channel in case.channels if channel != SMS]
    if not others:
        withdraw(case, Purpose.NOTICES, now)
        return
    vault.drop_address(case.id, SMS)
    case.channels = others
