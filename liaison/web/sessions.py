"""Signing in and out of the JSON API."""

from typing import Any

from apiflask import APIBlueprint

from liaison.domain.access import Need
from liaison.models.people import Account
from liaison.services import second_factors, sign_in
from liaison.web.answers import ActorOut, SessionOut
from liaison.web.described import describe
from liaison.web.guards import NotSignedIn, current_actor, guard, token
from liaison.web.limits import sign_in_limit
from liaison.web.projections import moment
from liaison.web.schemas import Credentials
from liaison.web.uploads import read_body
from liaison.web.whereabouts import origin
from liaison.web.wiring import now, unit_of_work, wiring

api = APIBlueprint("sessions", __name__, url_prefix="/api/v1", tag="Sessions")


@api.post("/sessions")
@describe(SessionOut, status=201, takes=Credentials, refuses=(401, 403, 429))
@guard("session.open")
@sign_in_limit
def sign_in_by_password() -> Any:
    """Open a session with name and password, and for who has a second factor its code; 401 says what it needs."""
    body = read_body(Credentials())
    account = check_password(body["username"], body["password"])
    proven = bool(body["otp"] and account.otp_since) and _proves(account, body["otp"])
    if need := sign_in.need_of(account, now(), proven=proven):
        raise NotSignedIn(second_factors.WRONG if need is Need.CODE and body["otp"] else None, needs=need)
    with unit_of_work():
        signed = sign_in.open_session(account, now(), proven=proven, origin=origin())
    return {"token": signed.token, "expires_at": moment(signed.expires_at), "actor": actor_json(signed.account)}, 201


@api.get("/me")
@describe(ActorOut)
@guard("session.read")
def me() -> Any:
    """Who is signed in."""
    return actor_json(sign_in.get_account(current_actor().account_id))


@api.delete("/sessions/current")
@describe(None, status=204)
@guard("session.close")
def sign_out() -> Any:
    """Close this session at once."""
    with unit_of_work():
        sign_in.close_session(token() or "", now())
    return "", 204


def check_password(username: str, password: str) -> Account:
    """The account. Raises NotSignedIn when name and password do not fit; the failure is kept either way."""
    with unit_of_work():
        account = sign_in.check_password(username, password, now())
    if account is None:
        raise NotSignedIn(sign_in.WRONG)
    return account


def _proves(account: Account, code: str) -> bool:
    with unit_of_work():
        return second_factors.prove(account.id, code, wiring().keys, now())


def actor_json(account: Account) -> dict[str, Any]:
    """An account as the contract shows it."""
    return {
        "name": account.name,
        "role": account.role,
        "region": account.region.code,
        "department": account.department.code if account.department else None,
        "station": account.station.code if account.station else None,
    }
