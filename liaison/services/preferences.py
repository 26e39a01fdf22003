"""What a region has set for itself, read along the tree of regions: the one place services ask.

The rows are kept in memory by the id of the last change (`versions`): a transaction asks for that once, mostly in a
statement that it needs anyhow. They are changed by `preference_changes`.
"""

from functools import lru_cache
from uuid import UUID

from sqlalchemy import select

from liaison.db import session
from liaison.domain.preferences import CATALOGUE
from liaison.models.preferences import Setting
from liaison.models.regions import Region
from liaison.services.versions import versions


def in_force(key: str, region_path: str) -> int:
    """What holds in a region: of its own word and those of the regions above the nearest, else the default."""
    return in_force_at(versions().settings, key, region_path)


def in_force_at(version: UUID | None, key: str, region_path: str) -> int:
    """The same for who knows the version of all settings already."""
    value = CATALOGUE[key].default
    for path, _, name, told in rows(version):  # shorter paths first, so that the nearest stays
        if name == key and region_path.startswith(path):
            value = told
    return value


@lru_cache(maxsize=4)
def rows(version: UUID | None) -> tuple[tuple[str, str, str, int], ...]:
    """All regions' own numbers, those of higher regions first."""
    if version is None:
        return ()
    found = session.execute(
        select(Region.path, Region.name, Setting.key, Setting.value).join_from(Setting, Region).order_by(Region.path)
    )
    return tuple((path, name, key, value) for path, name, key, value in found if key in CATALOGUE)
