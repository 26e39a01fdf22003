"""What of a resident, or of whom a matter is about, still stands in a text that the public is to read."""

from collections.abc import Sequence

from sqlalchemy import select

from liaison.db import session
from liaison.domain.actors import Actor
from liaison.domain.errors import NotFound
from liaison.domain.policy import require
from liaison.domain.redaction import tells_of
from liaison.models.assignments import Reply
from liaison.models.cases import Case
from liaison.services import parties, vault
from liaison.services.reach import cases_within
from liaison.services.sealing import Keys


def find_leftovers(actor: Actor, number: str, words: Sequence[str], keys: Keys) -> list[str]:
    """What of the resident, or of whom the matter is about, still stands in these texts, in sentences; names nobody.

    Only what stands in the original as well is looked for, or one could find out a name by trying.
    """
    require(actor.role, "office.publication")
    case = session.scalar(select(Case).where(Case.number == number, cases_within(actor)))
    if case is None:
        raise NotFound()
    replies = session.scalars(select(Reply.text).where(Reply.case_id == case.id))
    original = "\n".join([case.title, case.text, *replies])
    contact = vault.find_contact(case.id, keys) or vault.Contact()
    known = [(contact.name, "文中还有群众登记的称呼。"), (contact.phone, "文中还有群众登记的电话。")]
    standing = [each.party.name for each in parties.barred(case) if each.row.lifted_at is None]
    known += [(name, f"文中写有被反映的“{name}”，可能让人认出是谁反映的。") for name in standing]
    now_there = "\n".join(words)
    return [told for word, told in known if word and tells_of(original, [word]) and tells_of(now_there, [word])]
