"""One matter of which every word that people may type is a payload, and what else on the pages has a name of theirs."""

from collections.abc import Iterator, Sequence
from io import BytesIO
from itertools import cycle
from typing import Any

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import String, Table

from liaison.db import session
from liaison.models.base import Base
from liaison.services import drafts, holds, notes, quick_replies, saved_views
from liaison.services.quick_replies import Wording
from tests.support.journey import KEPT_JSON, Journey, Matter, done
from tests.support.life import Life
from tests.support.pictures import photo

Placed = list[str]
SHORT = 60
OURS = """
    act about body_digest boot_id by by_role category channel code code_key_id complexity digest form hash head key
    key_id kind level mime name_pinyin nonce number outcome part password_hash path prev_hash provider_id purpose query
    recipient_role region_path result role rung scope seed sha256 side source stage state suggest table template
    thumb_key topic trace_id use username clocks.owner clocks.term local_terms.term cases.came_from
"""
"""Columns of text, of one table or of all, that hold nothing but words of our own."""

JOINED = 4  # payloads in one field that has room
ROOM = 600
CLEAR = "城东镇北街路灯坏了"


class Words:
    """Hands out payloads by turns, each with what is needed around it; `placed` is what was handed out."""

    def __init__(self, payloads: Sequence[str]) -> None:
        self._turns = cycle(payloads)
        self._shorter: dict[int, Iterator[str]] = {}
        self._payloads = payloads
        self.placed: Placed = []

    def __call__(self, longest: int = ROOM) -> str:
        """Words for a field of so many characters."""
        if longest >= ROOM:
            told = [next(self._turns) for _ in range(JOINED)]
        else:
            fitting = [each for each in self._payloads if len(each) <= longest]
            told = [next(self._shorter.setdefault(longest, cycle(fitting)))]
        self.placed += told
        return "\n".join(told)


def scrawl(words: Words) -> None:
    """Put a payload into every cell of every table that holds words, wherever they come from."""
    address = session.get_bind().url.set(drivername="postgresql").render_as_string(hide_password=False)
    session.commit()
    with psycopg.connect(address) as connection:
        connection.execute("SET session_replication_role = replica")  # no trigger keeps the past as it was
        for table, column in _worded():
            keys = ", ".join(each.name for each in table.primary_key)
            rows = connection.execute(f"SELECT {keys} FROM {table.fullname} WHERE {column} <> ''").fetchall()
            found = " AND ".join(f"{each.name} = %s" for each in table.primary_key)
            for row in rows:
                connection.execute(f"UPDATE {table.fullname} SET {column} = %s WHERE {found}", (words(SHORT), *row))
        keywords = ["路灯", words(SHORT)]
        connection.execute("UPDATE routing_rules SET keywords = %s WHERE category IS NULL", (Jsonb(keywords),))
        connection.execute("UPDATE registers_version SET version = gen_random_uuid()")


def _worded() -> Iterator[tuple[Table, str]]:
    """The columns of text, but for those whose values are ours."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            is_ours = {column.name, f"{table.name}.{column.name}"} & set(OURS.split()) or column.primary_key
            if isinstance(column.type, String) and not is_ours and not column.foreign_keys:
                yield table, column.name


def tell(journey: Journey, words: Words) -> Matter:
    """A matter from the first word to the publication, through every move that takes words."""
    matter = journey.tells(
        text=f"{CLEAR}\n{words()}",
        category="roads",
        place={"name": words(100)},
        contact={"name": words(30), "phone": "13912345678"},
        share_identity=True,
        photos=[photo(size=(20, 20))],
    )
    office, deputy, part = journey.office, journey.deputy, matter.part()
    handler, approver = journey.handler("housing"), journey.approver("housing")
    office("ask", matter, question=words(500))
    matter.adds(words())
    office("refusal", matter, reason=words(500), channel="other")
    office("restore", matter, reason=words(500))
    office("accept", matter)
    deputy("ask", matter, question=words(500))
    matter.adds(words())
    deputy("hand-over", matter, advice=words())
    office("send-back", matter, reason=words(500))
    deputy("hand-over", matter, advice=words())
    office("dispatch", matter, lead="housing", complexity="ordinary", text=words())
    handler("return", part, reason=words(500), belongs_to="water")
    office("return-decision", matter, assignment=part, approve=False, text=words(500))
    handler("acknowledge", part)
    handler("extension", part, working_days=3, reason=words(500))
    office("extension-decision", matter, assignment=part, approve=True, text=words(500))
    _replies(journey, part, words)
    approver("approval", part, approve=False, text=words(500))
    _replies(journey, part, words)
    approver("approval", part, approve=True, text=words(500))
    deputy("verdict", matter, accept=True, text=words(500))
    matter.rates("satisfied", text=words())
    office("look-back", matter, done=True, text=words())
    office("reveal", matter, reason=words(500))
    office("publication", matter, title=words(60), text=words(), answer=words(), consent=True)
    return matter


def others(journey: Journey, words: Words) -> None:
    """Matters that end in ways the first cannot."""
    done(journey.tells(text=f"{CLEAR}\n{words()}").sends("withdrawal", reason=words(500)))
    journey.office("redirect", journey.tells(text=f"{CLEAR}\n{words()}"), channel="litigation", reason=words(500))
    passed = journey.comes_to("with_deputy", text=f"{CLEAR}\n{words()}")
    journey.deputy("pass", passed, deputy="D004", reason=words(500))
    broken = journey.comes_to("assigned", text=f"{CLEAR}\n{words()}")
    journey.answers(broken.part(), outcome="B", promised_on="2026-03-20", measures=f"施工 {words(500)}")
    journey.deputy("verdict", broken, accept=True)
    broken.rates("basically", text=words())
    journey.office("broken-promise", broken, text=words())


def at_desks(life: Life, number: str, words: Words) -> None:
    """What people keep at their desks: notes, texts to use again, views, what they have begun to type, a hold."""
    for who in ("office", "deputy", "housing_handler"):
        life.act(who, notes.add_note, number, words())
        life.act(who, quick_replies.save_quick_reply, Wording(words(30), words(), "reply", None, shared=False), None)
        life.act(who, saved_views.save_view, words(20), "q=路灯")
        life.act(who, drafts.save_draft, number, "reply", "", {"text": words()}, seen=life.case(number).seq)
    life.act("office_lead", holds.set_hold, number, True, words(500))


def _replies(journey: Journey, part: str, words: Words) -> None:
    """An answer with evidence whose file has a name of its own."""
    told: dict[str, Any] = KEPT_JSON | {
        "text": f"{KEPT_JSON['text']}\n{words()}",
        "measures": f"{KEPT_JSON['measures']}\n{words(500)}",
        "owner": words(50),
        "files": [(BytesIO(photo(size=(20, 20))), f"{words(60)}.jpg".replace("/", "∕"))],
    }
    handler = journey.handler("housing")
    done(handler.client.post(f"{handler.area}/{part}/reply", data=told))
