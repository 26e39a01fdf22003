"""What a region sets for itself, changed: within bounds, with a trace, one at a time, and taken back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import joinedload

from liaison.db import forget, session
from liaison.domain.actors import Actor
from liaison.domain.errors import Conflict, Invalid
from liaison.domain.policy import require
from liaison.domain.preferences import CATALOGUE, Preference
from liaison.models.preferences import Setting, SettingChange
from liaison.models.regions import Region
from liaison.services import audit
from liaison.services.departments import get_region
from liaison.services.preferences import rows
from liaison.services.reach import region_within

SHOWN = 30  # changes in the history: a year of them in any county
_LOCK = int.from_bytes(b"setting", "big")
"""Changes wait for each other, so that the last one is the version of all of them."""

CHANGED = "这些设置刚才已由他人修改，请看下面的最新数值，再决定是否保存。"
GONE_ON = "这项设置后来又改过，不能撤销；请直接填写想要的数值。"
UNKNOWN = "没有找到这次修改，请刷新后再试。"


@dataclass(frozen=True)
class InForce:
    """One number in one region: its own value, and the one it would follow without, with whose word that is."""

    preference: Preference
    own: int | None
    inherited: int
    inherited_from: str | None

    @property
    def value(self) -> int:
        """What holds."""
        return self.inherited if self.own is None else self.own


def settings_of(actor: Actor, region_code: str) -> tuple[Region, list[InForce]]:
    """A region within reach and every number in it. Raises NotFound."""
    region = get_region(actor, region_code)
    own: dict[str, int] = {}
    above: dict[str, tuple[int, str | None]] = {key: (each.default, None) for key, each in CATALOGUE.items()}
    for path, named, key, value in rows():
        if path == region.path:
            own[key] = value
        elif region.path.startswith(path):
            above[key] = (value, named)
    return region, [InForce(each, own.get(key), *above[key]) for key, each in CATALOGUE.items()]


def set_values(
    actor: Actor, region_code: str, group: str, wanted: Mapping[str, str], *, seen: str, now: datetime
) -> list[SettingChange]:
    """Write a group's own numbers of a region, an empty one meaning that it has none; returns what changed.

    `seen` is the last change that whoever writes has seen of the group: after another one raises Conflict.
    Raises Invalid naming each number out of its bounds.
    """
    require(actor.role, "settings.write")
    _take_turn()
    region, settings = settings_of(actor, region_code)
    settings = [each for each in settings if each.preference.group == group]
    if last_change(region, group) != seen:
        raise Conflict(CHANGED)
    values = _read(settings, wanted)
    steps = [(each.preference.key, each.own, values[each.preference.key]) for each in settings]
    return _write(actor, region, [step for step in steps if step[1] != step[2]], now)


def undo(actor: Actor, region_code: str, change_id: UUID, now: datetime) -> list[SettingChange]:
    """Take one change back. Raises Invalid for one there is not, Conflict when the number was changed again since."""
    require(actor.role, "settings.write")
    _take_turn()
    region, settings = settings_of(actor, region_code)
    change = session.scalar(
        select(SettingChange).where(SettingChange.id == change_id, SettingChange.region_id == region.id)
    )
    if change is None:
        raise Invalid({"change": [UNKNOWN]})
    own = next((each.own for each in settings if each.preference.key == change.key), None)
    if own != change.after:
        raise Conflict(GONE_ON)
    return _write(actor, region, [(change.key, own, change.before)], now)


def last_change(region: Region, group: str) -> str:
    """The last change of a group's numbers in a region, for a form to remember; empty before the first."""
    keys = [key for key, each in CATALOGUE.items() if each.group == group]
    found = select(SettingChange.id).where(SettingChange.region_id == region.id, SettingChange.key.in_(keys))
    return str(session.scalar(found.order_by(SettingChange.seq.desc()).limit(1)) or "")


def history(actor: Actor) -> Sequence[SettingChange]:
    """The last changes in the actor's region and below, newest first."""
    found = select(SettingChange).join(SettingChange.region).where(region_within(actor, Region.path))
    found = found.options(joinedload(SettingChange.region)).order_by(SettingChange.seq.desc()).limit(SHOWN)
    return session.scalars(found).all()


def _take_turn() -> None:
    session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    forget()  # what was read before one's turn


def _read(settings: Iterable[InForce], wanted: Mapping[str, str]) -> dict[str, int | None]:
    values: dict[str, int | None] = {}
    errors: dict[str, list[str]] = {}
    for each in settings:
        typed = wanted.get(each.preference.key, "").strip()
        try:
            values[each.preference.key] = each.preference.read(typed) if typed else None
        except Invalid as error:
            errors |= error.errors
    if errors:
        raise Invalid(errors)
    return values


def _write(
    actor: Actor, region: Region, steps: Sequence[tuple[str, int | None, int | None]], now: datetime
) -> list[SettingChange]:
    last = session.scalar(select(func.max(SettingChange.seq))) or 0
    told = {"at": now, "by_name": actor.name, "region_id": region.id}
    changes = [
        SettingChange(seq=last + place, key=key, before=before, after=after, **told)
        for place, (key, before, after) in enumerate(steps, start=1)
    ]
    for each in changes:
        session.execute(delete(Setting).where(Setting.region_id == region.id, Setting.key == each.key))
        if each.after is not None:
            session.add(Setting(region_id=region.id, key=each.key, value=each.after))
    session.add_all(changes)
    session.flush()
    forget()
    if changes:
        data = {each.key: [each.before, each.after] for each in changes}
        audit.note(actor, "setting.values", now, about=region.name, region_path=region.path, data=data)
    return changes
