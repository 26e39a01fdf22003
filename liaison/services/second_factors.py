"""The second factor: six digits of an authenticator (TOTP, RFC 6238), each taken once, or a recovery code."""

import hmac
import secrets
from datetime import datetime
from uuid import UUID

import pyotp
from sqlalchemy import delete, func, select

from liaison.db import session
from liaison.domain.actors import Actor, Role
from liaison.domain.errors import Conflict, NotAllowed
from liaison.models.people import Account, RecoveryCode
from liaison.services import audit, sign_in, vault
from liaison.services.sealing import Keys, fingerprint

STEP = 30  # seconds a code is shown, as every authenticator has it
DRIFT = 1  # steps a phone's clock may be off to either side (RFC 6238, section 5.2)
CODES = 10  # recovery codes at a time: a sheet that fits into a drawer
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's, without letters that look like digits
CODE_LENGTH = 16  # characters of five bits: nobody guesses 80 bits, so that a plain digest of one is enough
WRONG = "验证码不正确，请输入身份验证器现在显示的 6 位数字；用过的验证码不能再用。"
NO_OFFER = "请先生成新的二维码，再输入验证码。"


def find_step(seed: str, code: str, now: datetime, last: int) -> int | None:
    """The step whose code this is: the running one or its neighbour, and later than the last one taken."""
    running, totp = int(now.timestamp()) // STEP, pyotp.TOTP(seed)
    steps = [step for step in range(running - DRIFT, running + DRIFT + 1) if step > last]
    given = code.encode()
    return next((step for step in steps if hmac.compare_digest(totp.at(step * STEP).encode(), given)), None)


def prove(account_id: UUID, code: str, keys: Keys, now: datetime) -> bool:
    """Whether the code opens in place of the second factor, now and never again; a wrong one counts as a failure.

    Takes an authenticator's digits or a recovery code, spaces and hyphens aside. Raises NotAllowed while the account
    is locked.
    """
    account = sign_in.lock_account(account_id, now)
    typed = "".join(char for char in code.upper() if char.isalnum())
    if account.otp_since is None or not (_takes_digits(account, typed, keys, now) or _takes_code(account, typed, now)):
        sign_in.count_failure(account, now)
        return False
    sign_in.clear_failures(account)
    return True


def offer(actor: Actor, keys: Keys) -> None:
    """Make a new seed for the actor, to be confirmed by a code of it; one in use stays in use until then."""
    vault.offer_seed(actor.account_id, pyotp.random_base32(), keys)


def address_of(seed: str, account: Account, issuer: str) -> str:
    """The `otpauth:` address an authenticator reads from a QR code."""
    return pyotp.TOTP(seed).provisioning_uri(name=account.username, issuer_name=issuer)


def confirm(actor: Actor, code: str, keys: Keys, now: datetime) -> list[str] | None:
    """Take the offered seed into use, shown by a code of it; returns fresh recovery codes, to be shown once.

    None for a wrong code, which counts as a failure. Raises Conflict without an offer, NotAllowed while locked.
    """
    account = sign_in.lock_account(actor.account_id, now)
    seed = vault.find_seed(account.id, keys, offered=True)
    if seed is None:
        raise Conflict(NO_OFFER)
    step = find_step(seed, "".join(code.split()), now, 0)
    if step is None:
        sign_in.count_failure(account, now)
        return None
    vault.use_seed(account.id, keys)
    account.otp_since, account.otp_step = now, step
    sign_in.clear_failures(account)
    codes = _new_codes(account)
    audit.note(actor, "account.factor", now, about=account.username, region_path=actor.region_path)
    return codes


def renew_codes(actor: Actor, now: datetime) -> list[str]:
    """Fresh recovery codes in place of the old ones, to be shown once. Raises Conflict without a second factor."""
    account = sign_in.lock_account(actor.account_id, now)
    if account.otp_since is None:
        raise Conflict("请先绑定身份验证器。")
    codes = _new_codes(account)
    audit.note(actor, "account.codes", now, about=account.username, region_path=actor.region_path)
    return codes


def count_codes(account_id: UUID) -> int:
    """How many recovery codes are left."""
    rows = select(func.count()).select_from(RecoveryCode).where(RecoveryCode.account_id == account_id)
    return session.scalar(rows) or 0


def drop(actor: Actor, now: datetime) -> None:
    """Go without a second factor. Raises NotAllowed to those who must have one."""
    if Role(actor.role) in sign_in.rules().factor_roles:
        raise NotAllowed("您的岗位必须使用两步验证，不能关闭；换手机请重新绑定。")
    account = sign_in.lock_account(actor.account_id, now)
    forget(account)
    audit.note(actor, "account.factor_drop", now, about=account.username, region_path=actor.region_path)


def forget(account: Account) -> None:
    """Leave nothing of an account's second factor; at its next sign-in those who must have one make another."""
    account.otp_since, account.otp_step = None, 0
    vault.drop_seeds(account.id)
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))


def _takes_digits(account: Account, typed: str, keys: Keys, now: datetime) -> bool:
    seed = vault.find_seed(account.id, keys)
    step = find_step(seed, typed, now, account.otp_step) if seed else None
    if step is None:
        return False
    account.otp_step = step
    return True


def _takes_code(account: Account, typed: str, now: datetime) -> bool:
    own = (RecoveryCode.account_id == account.id, RecoveryCode.digest == fingerprint(typed))
    if not session.execute(delete(RecoveryCode).where(*own)).rowcount:
        return False
    actor = sign_in.actor_of(account)
    audit.note(actor, "account.code_used", now, about=account.username, region_path=actor.region_path)
    return True


def _new_codes(account: Account) -> list[str]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
    codes = [make_code(CODE_LENGTH) for _ in range(CODES)]
    session.add_all(RecoveryCode(account_id=account.id, digest=fingerprint(code)) for code in codes)
    session.flush()
    return ["-".join(code[place : place + 4] for place in range(0, CODE_LENGTH, 4)) for code in codes]


def make_code(length: int) -> str:
    """A random code that can be read aloud, five bits a character."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))
