"""The second wall: what PostgreSQL itself lets a transaction see and change, whatever its queries say.

Each transaction takes on a database role of its own, and one of a web request says who acts as well, both for this
transaction alone. Policies of row-level security (migration `wall`) hold against that what `services.reach` puts into
every query: whoever forgets the reach is shown nothing foreign. Nobody changes a case whose row was not locked within
reach first: that lock passes the wall, and the engine then works on the whole case, which reaches beyond the actor
(a department's answer looks at the other departments' parts).

    liaison_web      requests: rows within the actor's reach; no table of the vault
    liaison_worker   jobs: all rows; no table of the vault
    liaison_vault    the vault alone, entered by the two above for single statements, so that no query joins both
    liaison_auditor  reads histories, answers and the audit log, of all regions; changes nothing; no vault
    the owner        migrations and commands

The login these roles are taken on from stands in `database.url`: the owner's on a small machine, on a larger one a
login per service that may take on only that service's roles (docs/DATABASE.md).
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext

from sqlalchemy import Connection, Row, Table, column, event, func, text
from sqlalchemy.orm import Session, SessionTransaction

from liaison.db import registers_are, session
from liaison.domain.actors import ANYONE, SYSTEM, Actor
from liaison.models.vault import SCHEMA

WEB, WORKER, VAULT, AUDITOR = "liaison_web", "liaison_worker", "liaison_vault", "liaison_auditor"
ROLES = (WEB, WORKER, VAULT, AUDITOR)
ROLE = "database_role"
"""The execution option that names the role of a process whose work is nobody's request."""

FACTS = ("role", "region", "account", "department", "station", "deputy", "case")
"""What the wall knows of who acts, each under a setting of its own, `liaison.<fact>`: policies ask them row by row."""

_ACTING, _AT_FIRST, _TOLD, _INSIDE = "acting", "acting at first", "told who acts", "in the vault"
_ASKED, _FOUND = "asked at first", "found at first"
_SAY = ", ".join(f"set_config('liaison.{fact}', :{fact}, true)" for fact in FACTS)
_ACT = text(f"SELECT {_SAY}").columns(*map(column, FACTS))
_TAKE = text(f"SELECT set_config('role', :taken, true), {_SAY}").columns(*map(column, ("taken", *FACTS)))
_VERSION = "(SELECT version FROM registers_version)"
_BEGIN = text(f"{_TAKE}, {_VERSION}").columns(*map(column, ("taken", *FACTS, "version")))
KNOWN = (
    *("session_id", "seen_at", "proven", "by", "account_id", "name", "role", "region_path", "department_id"),
    *("station_id", "deputy_id", "head", "must_change", "password_changed_at", "otp_since"),
)
"""The columns of `signed_in`. SQLAlchemy, which is told them, need not find them out with each answer."""

_IN_KNOWN = ("role", "region_path", "account_id", "department_id", "station_id", "deputy_id")
"""Where `signed_in` has the facts, in their order; an account is bound to no case."""

_SAY_KNOWN = ", ".join(
    f"set_config('liaison.{fact}', coalesce(known.{name}::text, ''), true)"
    for fact, name in zip(FACTS, _IN_KNOWN, strict=False)
)
_RECOGNISE = text(
    f"SELECT known.*, {_SAY_KNOWN}, set_config('liaison.case', '', true), set_config('role', :taken, true),"
    f" {_VERSION} FROM (VALUES (true)) AS one LEFT JOIN signed_in(:digest, :moment, :idle_since) AS known ON true"
).columns(*map(column, (*KNOWN, *(f"told_{fact}" for fact in FACTS), "taken", "version")))
_ENTER = text("SELECT set_config('role', :taken, true)").columns(column("taken"))
PASS = func.set_config("liaison.role", SYSTEM.role, True)
"""A column of the very query that locks a case within reach: who is given that row has passed the wall (`passed`)."""


def stand(actor: Actor) -> None:
    """From now on this session sees no more than the actor may, in the running transaction and in those to come."""
    own = session()
    acting = own.info[_ACTING] = _words(actor)
    if not own.in_transaction():
        own.info[ROLE] = WEB
    elif own.info.get(ROLE) == WEB:
        _tell(acting)
    else:
        own.info[ROLE], own.info[_TOLD] = WEB, acting
        own.execute(_TAKE, {"taken": WEB, **acting})


def stand_outside() -> None:
    """Begin a request: until it is known who acts, nothing of any case is seen."""
    stand(ANYONE)


def recognise(asked: Mapping[str, object]) -> Row:
    """Begin this session's transaction as whom a token stands for, in one statement: who that is, by `signed_in`.

    All columns are None for a token that opens nothing, which is shown nothing of any case either.
    """
    own = session()
    own.info[ROLE] = WEB
    if own.in_transaction():
        own.flush()
        return _recognise(own, own.connection(), asked)
    own.info[_ASKED] = asked
    own.connection()
    return own.info.pop(_FOUND)


def audit() -> None:
    """From now on this session reads as the auditor's role does, and changes nothing."""
    session.info[ROLE], session.info[_ACTING] = AUDITOR, _NOBODY


def pass_through() -> None:
    """Let the engine work until the transaction ends; for whoever has shown that the case is within reach."""
    if _ACTING not in session.info:
        return
    if session().in_transaction():
        _tell(_words(SYSTEM))
    else:
        session.info[_AT_FIRST] = _words(SYSTEM)


def passed(through: bool) -> None:
    """Take note that a query with `PASS` was run, and whether it let anybody `through`.

    Where it gave no row it may have passed all the same, for one that somebody changed meanwhile.
    """
    session.info.pop(_TOLD, None)
    if through and _ACTING in session.info:
        session.info[_TOLD] = _words(SYSTEM)


def come_back() -> None:
    """See no more than the actor may from here on, once the engine has done its work in the running transaction."""
    session.flush()
    _tell_again()


@contextmanager
def behind() -> Iterator[None]:
    """Look behind the wall for once, where looking is what finds out who someone is: a query code, a key.

    Whoever was found may `stand` before this ends, which then ends as theirs.
    """
    pass_through()
    yield
    _tell_again()


@contextmanager
def in_vault() -> Iterator[None]:
    """Work as the vault's role, which sees the vault and nothing else; several works may share one stay."""
    role = _role(session(), session.connection())
    if role is None or session.info.get(_INSIDE):
        yield
        return
    with session.no_autoflush:
        session.execute(_ENTER, {"taken": VAULT})
        session.info[_INSIDE] = True
        try:
            yield
        finally:
            del session.info[_INSIDE]
        session.execute(_ENTER, {"taken": role})


def room_of(table: Table) -> AbstractContextManager[None]:
    """Where a table is worked on by those who go through all of them: in the vault, or just here."""
    return in_vault() if table.schema == SCHEMA else nullcontext()


def _tell_again() -> None:
    if _ACTING in session.info:
        _tell(session.info[_ACTING])


def _tell(acting: Mapping[str, str]) -> None:
    """Say who acts in the running transaction, unless it was the last that was said."""
    if session.info.get(_TOLD) != acting:
        session.info[_TOLD] = acting
        session.connection().execute(_ACT, acting)


def _words(actor: Actor) -> dict[str, str]:
    told = (actor.role, actor.region_path, actor.account_id, actor.department_id, actor.station_id, actor.deputy_id)
    return _said(*told, actor.case_id)


def _said(*told: object) -> dict[str, str]:
    return {fact: str(value) if value else "" for fact, value in zip(FACTS, told, strict=True)}


_NOBODY = _said(*[None] * len(FACTS))


def _role(of: Session, connection: Connection) -> str | None:
    return of.info.get(ROLE) or connection.get_execution_options().get(ROLE)


@event.listens_for(session, "after_begin")
def _take_on(begun: Session, transaction: SessionTransaction, connection: Connection) -> None:
    if transaction.nested:
        return
    if _ASKED in begun.info:
        begun.info[_FOUND] = _recognise(begun, connection, begun.info.pop(_ASKED))
        return
    acting = begun.info[_TOLD] = begun.info.pop(_AT_FIRST, None) or begun.info.get(_ACTING, _NOBODY)
    role = _role(begun, connection)
    registers_are(connection.execute(_BEGIN, {"taken": role, **acting}).one().version if role else None)


def _recognise(of: Session, connection: Connection, asked: Mapping[str, object]) -> Row:
    found = connection.execute(_RECOGNISE, {**asked, "taken": WEB}).one()
    of.info[_ACTING] = of.info[_TOLD] = _said(*(getattr(found, name) for name in _IN_KNOWN), None)
    registers_are(found.version)
    return found


@event.listens_for(session, "after_soft_rollback")
def _forget_told(rolled_back: Session, transaction: SessionTransaction) -> None:
    rolled_back.info.pop(_TOLD, None)  # with a savepoint PostgreSQL takes back what was said inside
