"""The registers everything else refers to by code: departments, deputies, stations and categories.

One row at a time, for the console's forms and for tables that are read in:

    row, changed = registers.put(actor, "department", {"code": "zjj", "name": "住建局", "region": "qh"}, now)
    row, changed = registers.retire(actor, "department", "zjj", now)
    row, changed = registers.restore(actor, "department", "zjj", now)

The kinds are the keys of `KINDS`, the parts of each stand in its `blank`: texts, whole numbers, yes or no, and lists of
codes (a list, or one text with spaces or commas between). `put` changes the row of that code, or adds one; a part that
is not told stays as it is, or is what a new row has. Without a code a new one is made up. A retired row may be changed
and stays retired. `faults` tells the same faults without writing anything, for those who first check a whole table.

Nothing is ever deleted: what is retired can no longer be chosen, and old matters keep its name. Every change is in the
audit log as what was and what is. Call it inside one transaction; it flushes and does not commit.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import func, select

from liaison.db import forget, session
from liaison.domain.actors import Actor
from liaison.domain.errors import Conflict, Invalid, NotFound
from liaison.domain.registers import CODE_WORDS, is_code
from liaison.models.base import new_id
from liaison.models.departments import Category
from liaison.models.regions import Region
from liaison.services import audit
from liaison.services import register_categories as categories
from liaison.services.reach import home_of, region_within
from liaison.services.register_categories import CATEGORIES
from liaison.services.register_departments import DEPARTMENTS
from liaison.services.register_deputies import DEPUTIES
from liaison.services.register_sheets import Entry, Kind, Sheet, Values, read_told
from liaison.services.register_stations import STATIONS

KINDS: Mapping[str, Kind] = MappingProxyType(
    {kind.name: kind for kind in (DEPARTMENTS, DEPUTIES, STATIONS, CATEGORIES)}
)
CHANGED = "您填写期间，别人刚刚改过这一条。您填的内容还在下面；请先看看现在登记的是什么，确认后再保存一次。"

_LOCK = int.from_bytes(b"register", "big") >> 1


def put(
    actor: Actor, kind: str, told: Mapping[str, Any], now: datetime, *, add: bool = False, seen: str = ""
) -> tuple[Entry, bool]:
    """Add or change one row, within the actor's region and below; says whether anything is different now.

    With `add` a row of that code must not exist. `seen` is the `stamp` of what whoever changes it looked at: raises
    Conflict when it has changed meanwhile. Raises Invalid with every fault by part; categories are changed
    by who looks after every station.
    """
    row, different = write(actor, kind, told, now, add=add, seen=seen)
    if different:
        _note(actor, "register.change" if "before" in different else "register.add", KINDS[kind], row, now, different)
    return row, bool(different)


def write(
    actor: Actor, kind: str, told: Mapping[str, Any], now: datetime, *, add: bool = False, seen: str = ""
) -> tuple[Entry, Values]:
    """`put` without its entry in the audit log, for a table that is noted as one act; what is different now, if any."""
    register = KINDS[kind]
    take_turn()
    sheet = _sheet(actor, register, told, add=add)
    if seen and sheet.before and seen != _stamp(sheet.before):
        raise Conflict(CHANGED)
    columns = _checked(register, sheet)
    if sheet.row is not None and sheet.values == sheet.before:
        return sheet.row, {}
    row = sheet.row or register.model(id=new_id(), code=sheet.values["code"])
    for column, value in columns.items():
        setattr(row, column, value)
    session.add(row)
    session.flush()
    more = register.settle(sheet, row, now)
    forget()
    return row, _difference(sheet) | more


def take_turn() -> None:
    """Wait for whoever else is writing into a register: codes, names and places in rosters are taken in turn."""
    session.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def faults(actor: Actor, kind: str, told: Mapping[str, Any]) -> dict[str, list[str]]:
    """What `put` would refuse, by part; nothing is written."""
    try:
        _checked(KINDS[kind], _sheet(actor, KINDS[kind], told))
    except Invalid as error:
        return error.errors
    return {}


def retire(actor: Actor, kind: str, code: str, now: datetime) -> tuple[Entry, bool]:
    """Take a row out of use. Raises NotFound out of reach, Conflict while matters hang on it, saying how many."""
    register = KINDS[kind]
    row = get_row(actor, kind, code, lock=True)
    if not row.active:
        return row, False
    if why := register.hold(row):
        raise Conflict(why)
    return row, _switch(actor, register, row, now, active=False, settle=register.let_go)


def restore(actor: Actor, kind: str, code: str, now: datetime) -> tuple[Entry, bool]:
    """Take a row into use again. Raises NotFound out of reach, Conflict when another is called the same by now."""
    register = KINDS[kind]
    row = get_row(actor, kind, code, lock=True)
    if row.active:
        return row, False
    sheet = _sheet(actor, register, {"code": code})
    register.check(sheet)
    if sheet.faults.get("name"):
        raise Conflict(sheet.faults["name"][0])
    return row, _switch(actor, register, row, now, active=True, settle=lambda row, now: {})


def get_row(actor: Actor, kind: str, code: str, *, lock: bool = False) -> Entry:
    """The row of that code within reach, retired or not; to be changed it is locked. Raises NotFound."""
    row = _find(KINDS[kind], code, lock=lock)
    if row is None or not _is_within(actor, row):
        raise NotFound(f"没有找到代号为“{code}”的{KINDS[kind].word}。")
    if lock and isinstance(row, Category) and not categories.may_change(actor):
        raise Conflict(categories.SHARED)
    return row


def told_of(kind: str, row: Entry) -> Values:
    """What a row's parts are now, as `put` takes them."""
    return KINDS[kind].read(row)


def stamp(kind: str, row: Entry) -> str:
    """What stands for a row as it is now: a form carries it, so that `put` sees whether somebody changed it since."""
    return _stamp(told_of(kind, row))


def _sheet(actor: Actor, register: Kind, told: Mapping[str, Any], *, add: bool = False) -> Sheet:
    values = read_told(register, told)
    code = values.get("code", "")
    row = _find(register, code, lock=True) if code else None
    if row is not None and (add or not _is_within(actor, row)):
        raise Invalid({"code": [f"代号“{code}”已经有人使用，请换一个。"]})
    before = register.read(row) if row is not None else {}
    sheet = Sheet(actor, row, before, {**register.blank, **before, **values})
    if row is None and code and not is_code(code):
        sheet.refuse("code", CODE_WORDS)
    return sheet


def _checked(register: Kind, sheet: Sheet) -> Values:
    """The columns of a sheet without a fault, with a code; raises Invalid."""
    columns = register.check(sheet)
    if sheet.faults:
        raise Invalid(sheet.faults)
    if not sheet.values["code"]:
        taken = set(session.scalars(select(register.model.code)))
        sheet.values["code"] = register.make_code(sheet.values["name"], taken)
    return columns


def _find(register: Kind, code: str, *, lock: bool = False) -> Entry | None:
    if not code.isprintable():  # no database keeps it
        return None
    rows = select(register.model).where(register.model.code == code)
    if lock:
        rows = rows.with_for_update(of=register.model).execution_options(populate_existing=True)
    return session.scalar(rows)


def _is_within(actor: Actor, row: Entry) -> bool:
    """Whether a row is of the actor's region or below; categories are everybody's to read."""
    if isinstance(row, Category):
        return True
    wanted = (Region.id == row.region_id, region_within(actor, Region.path))
    return session.scalar(select(Region.id).where(*wanted)) is not None


def _switch(
    actor: Actor,
    register: Kind,
    row: Entry,
    now: datetime,
    *,
    active: bool,
    settle: Callable[[Entry, datetime], Values],
) -> bool:
    more = settle(row, now)
    row.active = active
    session.flush()
    forget()
    _note(actor, "register.restore" if active else "register.retire", register, row, now, more)
    return True


def _difference(sheet: Sheet) -> Values:
    """The parts that changed, as they were and as they are."""
    parts = [name for name, value in sheet.values.items() if sheet.before.get(name) != value]
    after = {name: sheet.values[name] for name in parts}
    return (
        {"before": {name: sheet.before[name] for name in parts}, "after": after} if sheet.before else {"after": after}
    )


def _note(actor: Actor, act: str, register: Kind, row: Entry, now: datetime, data: Values) -> None:
    path = home_of(actor) if isinstance(row, Category) else session.get_one(Region, row.region_id).path
    told = {"kind": register.name, "name": row.name} | data
    audit.note(actor, act, now, about=row.code, region_path=path, data=told)


def _stamp(values: Values) -> str:
    told = json.dumps(values, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:16]
