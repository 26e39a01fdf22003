"""The views an account keeps of its own list: a name and that part of the list's address."""

from datetime import datetime

from sqlalchemy import select

from liaison.db import session
from liaison.domain.actors import Actor
from liaison.domain.errors import Invalid
from liaison.domain.text import mask_personal
from liaison.models.desk import SavedView

MOST = 20  # more tabs than that nobody finds anything in
LONGEST_NAME = 20
LONGEST_QUERY = 500
PERSONAL = "查找的内容里有电话、证件号等个人信息，不能存为视图。"


def views_of(actor: Actor) -> list[SavedView]:
    """The account's views, in the order they were first saved."""
    return list(
        session.scalars(select(SavedView).where(SavedView.account_id == actor.account_id).order_by(SavedView.id))
    )


def listed(actor: Actor) -> list[tuple[str, str]]:
    """The same, each as its name and its query."""
    kept = select(SavedView.name, SavedView.query).where(SavedView.account_id == actor.account_id)
    return [(name, query) for name, query in session.execute(kept.order_by(SavedView.id))]


def save_view(actor: Actor, name: str, query: str, words: str = "", *, now: datetime) -> SavedView:
    """Keep a view: under a name already used in place of what it was, a query already kept under its new name.

    Raises Invalid when there are too many, or when the words looked for are a number of somebody's, which no erasure
    would find here.
    """
    if len(query) > LONGEST_QUERY:
        raise Invalid({"name": ["筛选条件太长，请精简后再保存。"]})
    if mask_personal(words) != words:
        raise Invalid({"name": [PERSONAL]})
    kept = views_of(actor)
    same = [view for view in kept if name == view.name or query == view.query]
    if not same and len(kept) >= MOST:
        raise Invalid({"name": [f"最多保存 {MOST} 个视图，请先删除不用的。"]})
    for double in same[1:]:
        session.delete(double)
    session.flush()
    view = same[0] if same else SavedView(account_id=actor.account_id)
    view.name, view.query, view.saved_at = name, query, now
    session.add(view)
    session.flush()
    return view


def remove_view(actor: Actor, name: str) -> SavedView | None:
    """Forget a view; returns what it was, None where there is no such view any more."""
    found = session.scalar(select(SavedView).where(SavedView.account_id == actor.account_id, SavedView.name == name))
    if found is not None:
        session.delete(found)
        session.flush()
    return found
