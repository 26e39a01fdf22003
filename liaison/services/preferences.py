"""What a region has set for itself, read along the tree of regions: the one place services ask.

They are changed by `preference_changes`.
"""

from sqlalchemy import select

from liaison.db import lasting, session
from liaison.domain.preferences import CATALOGUE
from liaison.models.preferences import Setting
from liaison.models.regions import Region


def in_force(key: str, region_path: str) -> int:
    """What holds in a region: of its own word and those of the regions above the nearest, else the default."""
    value = CATALOGUE[key].default
    for path, _, name, told in rows():  # shorter paths first, so that the nearest stays
        if name == key and region_path.startswith(path):
            value = told
    return value


def rows() -> tuple[tuple[str, str, str, int], ...]:
    """All regions' own numbers, those of higher regions first."""
    return lasting("settings", _rows)


def _rows() -> tuple[tuple[str, str, str, int], ...]:
    found = session.execute(
        select(Region.path, Region.name, Setting.key, Setting.value).join_from(Setting, Region).order_by(Region.path)
    )
    return tuple((path, name, key, value) for path, name, key, value in found if key in CATALOGUE)
