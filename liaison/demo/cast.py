"""Who plays a part in the demo's stories: rows and actors by code, each asked for once per process."""

from functools import lru_cache
from typing import Any

from sqlalchemy import select

from liaison.db import session
from liaison.domain.actors import Actor
from liaison.models.people import Account
from liaison.services.sign_in import actor_of


@lru_cache
def by_code(model: Any, code: str) -> Any:
    """The row of that code; kept, since the seed asks for the same few over and over."""
    return session.scalars(select(model).where(model.code == code)).one()


@lru_cache
def staff(role: str, department_id: Any = None, deputy_id: Any = None) -> Actor | None:
    """Somebody who may act in that role."""
    found = session.scalar(
        select(Account)
        .where(
            Account.role == role,
            Account.department_id == department_id if department_id else True,
            Account.deputy_id == deputy_id if deputy_id else True,
        )
        .order_by(Account.username)
        .limit(1)
    )
    if found is None:
        return None
    session.refresh(found, ["region"])
    return actor_of(found)
