"""Erasure: nothing of the person is left anywhere, what the law keeps stays, and the history is still proven."""

import logging
from collections.abc import Iterator

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import inspect, select, text

from liaison.db import session, transaction
from liaison.domain.actors import SYSTEM
from liaison.domain.chain import Breach
from liaison.domain.erasure import RIGHT, Part
from liaison.domain.errors import Conflict, Invalid, NotAllowed
from liaison.models.audit import AuditEntry
from liaison.models.cases import Attachment, Publication
from liaison.models.notices import Notice
from liaison.services import (
    consents,
    dossiers,
    drafts,
    erasing,
    holds,
    intake,
    matters,
    notes,
    privacy,
    publication,
    ratings,
    reveals,
    rights,
    vault,
)
from liaison.services.channels import Limit
from liaison.services.erasing import Ground
from liaison.services.photos import keep, prepare
from liaison.services.sealing import Keys
from liaison.services.vault import Contact, Spot
from liaison.services.verification import findings
from tests.support.life import HAPPY, SAID, TEXT, Life
from tests.support.pictures import photo
from tests.support.sending import install

NAME, PHONE, PLACE, OPENID = "金丝雀", "13912345678", "鹦鹉巷七号后院", "oCANARYopenid123456"
SPACED = "139 1234 5678"
WORDS = (NAME, PHONE, SPACED, PLACE, OPENID)


@pytest.fixture
def number(app: Flask, life: Life, keys: Keys) -> str:
    """A matter waiting to be rated, whose resident left everything there is, and wrote it into the text as well."""
    install(sms=Limit(60, 1000))
    number = life.matter_in(
        "with_deputy",
        text=f"我是{NAME}，电话{SPACED}，住在{PLACE}。{TEXT}",
        contact=Contact(NAME, PHONE),
        place=Spot(PLACE, 39.123456, 116.654321),
        share_identity=True,
        files=(keep(app.extensions["liaison"].store, prepare(photo())),),
    )
    with transaction():
        vault.keep_address(life.case(number).id, "wechat_template", OPENID, keys, life.clock())
    life.act("office", reveals.ask_reveal, number, f"联系{NAME}核实。")
    life.act("deputy", matters.hand_over, number, f"{NAME}反映属实，就在{PLACE}。", ["housing"])
    life.dispatch(number)
    life.act("housing_handler", notes.add_note, number, f"{NAME}住{PLACE}，电话{PHONE}。")
    typed = {"reason": f"{NAME}（{SPACED}）不归我们管。"}
    life.act("housing_handler", drafts.save_draft, number, "return", "", typed, seen=99)
    life.work(f"{number}.1", text=f"已联系{NAME}（{PHONE}）。{SAID}")
    life.act("deputy", matters.judge, number, True, "")
    with transaction():
        session.execute(text("UPDATE notices SET provider_id = 'biz-1' WHERE channel = 'sms'"))
    return number


@pytest.fixture
def closed(life: Life, number: str) -> str:
    """The same, closed."""
    life.rate(number, HAPPY)
    return number


def everything(app: Flask) -> Iterator[tuple[str, str]]:
    """Every row of every table of every schema, and every key of Redis, as text with where it lies."""
    inspector = inspect(session.connection())
    for schema in ("public", "vault"):
        for table in inspector.get_table_names(schema=schema):
            rows = session.execute(text(f'SELECT t::text AS row FROM {schema}."{table}" t'))
            yield from ((f"{schema}.{table}", row.row) for row in rows)
    with Redis.from_url(app.extensions["liaison"].config.redis.url) as redis:
        yield from (("redis", repr((key, redis.dump(key)))) for key in redis.scan_iter())


def sightings(app: Flask, *words: str) -> set[tuple[str, str]]:
    """Where these words stand, also as bytes written in hex or as escapes."""
    wanted = [(word, way) for word in words for way in (word, word.encode().hex(), ascii(word)[1:-1])]
    return {(where, word) for where, row in everything(app) for word, way in wanted if way in row}


def photos_of(life: Life, number: str) -> list[str]:
    """The keys of a matter's photos."""
    rows = select(Attachment.key, Attachment.thumb_key).where(Attachment.case_id == life.case(number).id)
    return [key for row in session.execute(rows) for key in row if key]


def sealed(life: Life, number: str) -> list[tuple[str, int]]:
    """How many sealed rows there are of a matter, by table."""
    found = {"c": life.case(number).id}
    named = {"identities": "case_id", "places": "case_id", "addresses": "recipient_id"}
    counts = [
        (table, session.scalar(text(f"SELECT count(*) FROM vault.{table} WHERE {column} = :c"), found))
        for table, column in named.items()
    ]
    return [each for each in counts if each[1]]


def erase(life: Life, number: str) -> None:
    """Ask for it as the resident."""
    life.act(life.resident(number), rights.ask_erasure, number, True, life.keys)


def test_nothing_of_the_person_is_left_after_erasure(
    app: Flask, life: Life, closed: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    store, files = app.extensions["liaison"].store, photos_of(life, closed)
    digests = [store.get(key) for key in files]
    assert {word for _, word in sightings(app, *WORDS)} == {NAME, PHONE, SPACED, PLACE}  # the openid is only sealed
    assert len(sealed(life, closed)) == 3 and len(digests) == 2
    [kept] = session.scalars(select(Attachment.sha256))
    erase(life, closed)
    assert sightings(app, *WORDS, kept, "biz-1", files[0]) == {("public.doomed_files", files[0])}
    assert sealed(life, closed) == []
    assert not [word for word in WORDS if word in caplog.text]


def test_files_go_after_the_transaction_and_only_then(app: Flask, life: Life, closed: str) -> None:
    store, files = app.extensions["liaison"].store, photos_of(life, closed)
    erase(life, closed)
    assert set(store.keys()) >= set(files)
    assert set(erasing.doomed(10)) == set(files)
    with transaction():
        erasing.forget_doomed(files)
    assert erasing.doomed(10) == []


def test_what_the_law_keeps_stays_and_reads_on(life: Life, closed: str) -> None:
    kinds = life.kinds(closed)
    erase(life, closed)
    assert life.kinds(closed) == [*kinds, "erase"]
    dossier = dossiers.get_dossier(life.town.actor("office"), closed, life.keys, life.clock())
    assert dossier.text == f"我是***，电话1**********，住在***。{TEXT}"
    assert dossier.replies[0].text == f"已联系***（1**********）。{SAID}"
    assert (dossier.contact, dossier.place, dossier.files) == (None, None, [])


def test_erased_bodies_are_told_from_tampering(life: Life, closed: str) -> None:
    other = life.matter_in("with_deputy")
    assert list(findings()) == []
    erase(life, closed)
    found = list(findings())
    assert {(each.chain, each.breach, each.is_fault) for each in found} == {(closed, Breach.ERASED, False)}
    assert {1, 2} & {each.seq for each in found}
    with transaction():
        session.execute(text("ALTER TABLE events DISABLE TRIGGER keep_events"))
        session.execute(text("UPDATE events SET text = '没有这回事。' WHERE seq = 1"))
    assert {(each.chain, each.breach) for each in findings() if each.is_fault} == {
        (closed, Breach.ALTERED),
        (other, Breach.ALTERED),
    }


OF_OURS = [("submit", "files"), ("reply", "id"), ("content", "rating"), ("content", "result")]


@pytest.mark.parametrize("kind, name", OF_OURS)
def test_what_nobody_typed_is_not_taken_for_what_was_typed(life: Life, closed: str, kind: str, name: str) -> None:
    """Ids and digests have digits enough for a phone number, and a code may hold a name; they stay as they are."""

    def ours() -> str:
        data = next(event.data for event in life.events(closed) if event.kind == kind)
        return "".join(data.get("reply", data)[name])

    before = ours()
    life.act(life.resident(closed), rights.correct_contact, closed, Contact(before[-8:], PHONE), life.keys)
    with transaction():
        case = life.case(closed)
        erasing.erase(case, {Part.CONTACT}, SYSTEM, Ground(RIGHT, "test"), life.keys, now=life.clock())
    assert ours() == before
    assert not [each for each in findings() if each.is_fault]


def test_an_event_is_not_changed_under_the_name_of_erasure(life: Life, closed: str) -> None:
    for change in ("erased_at = now(), kind = 'add'", "erased_at = now(), body_digest = ''", "text = ''"):
        with pytest.raises(Exception, match="only ever added"), transaction():
            session.execute(text(f"UPDATE events SET {change} WHERE seq = 1"))
    with transaction():
        session.execute(text("UPDATE events SET erased_at = now(), text = '没有这回事。' WHERE seq = 1"))
    assert Breach.ALTERED in {each.breach for each in findings()}  # no later event says so


def test_the_ledger_says_what_went_when_and_why(life: Life, closed: str) -> None:
    erase(life, closed)
    [entry] = session.scalars(select(AuditEntry).where(AuditEntry.act == "data.erase"))
    assert (entry.about, entry.at, entry.data["rule"]) == (closed, life.clock(), "个人信息保护法第四十七条")
    assert entry.data["counts"] == {"contact": 1, "place": 1, "photos": 1, "texts": len(list(findings()))}


def test_while_it_is_handled_the_office_decides(life: Life, number: str) -> None:
    erase(life, number)
    assert life.kinds(number)[-1] == "ask_erasure"
    assert life.told(number, "ask_erasure") == {"office", "office_lead"}
    with pytest.raises(Conflict):
        erase(life, number)
    with pytest.raises(Invalid):
        life.act("office", rights.decide_erasure, number, False, "", life.keys)
    life.act("office", rights.decide_erasure, number, False, "还要靠电话核实。", life.keys)
    assert vault.find_contact(life.case(number).id, life.keys) == Contact(NAME, PHONE)
    assert "resident" in life.told(number, "decline_erasure")
    erase(life, number)
    life.act("office", rights.decide_erasure, number, True, "", life.keys)
    assert sealed(life, number) == []


def test_a_hold_stops_erasure_until_it_is_let_go(life: Life, closed: str) -> None:
    with pytest.raises(NotAllowed):
        life.act("office", holds.set_hold, closed, True, "诉讼需要。")
    life.act("office_lead", holds.set_hold, closed, True, "诉讼需要。")
    erase(life, closed)
    with pytest.raises(Conflict):
        life.act("office", rights.decide_erasure, closed, True, "", life.keys)
    assert sealed(life, closed)
    life.act("office_lead", holds.set_hold, closed, False, "诉讼已结。")
    life.act("office", rights.decide_erasure, closed, True, "", life.keys)
    assert sealed(life, closed) == []


def test_consent_taken_back_hides_the_contact_at_once(life: Life, number: str) -> None:
    def contact_seen() -> Contact | None:
        return dossiers.get_dossier(life.town.actor("housing_handler"), number, life.keys, life.clock()).contact

    assert contact_seen() == Contact(NAME, PHONE)
    resident = life.resident(number)
    life.act(resident, consents.change, number, "sharing", False, life.keys)
    assert contact_seen() is None
    assert life.events(number)[-1].data == {"purpose": "sharing", "version": privacy.current()}
    life.act(resident, consents.change, number, "sharing", True, life.keys)
    assert contact_seen() == Contact(NAME, PHONE)
    assert [each.purpose for each in consents.agreements(life.case(number))].count("sharing") == 2


def test_notices_taken_back_forget_every_address_and_send_no_more(life: Life, number: str) -> None:
    life.act(life.resident(number), consents.change, number, "notices", False, life.keys)
    case = life.case(number)
    assert vault.find_addresses([case.id], life.keys) == {} and case.channels == []
    waiting = select(Notice.state).where(Notice.recipient_id == case.id, Notice.channel == "sms")
    assert set(session.scalars(waiting)) == {"cancelled"}
    life.act(life.resident(number), consents.change, number, "notices", True, life.keys)
    assert vault.find_addresses([case.id], life.keys) == {(case.id, "sms"): PHONE}


def test_publication_taken_back_is_taken_down_and_not_put_up_again(life: Life, closed: str) -> None:
    told = {"title": "路灯", "text": TEXT, "answer": SAID, "consent": True}
    life.act("office", publication.publish, closed, **told)
    assert "publication" in consents.standing(life.case(closed))
    life.act(life.resident(closed), consents.change, closed, "publication", False, life.keys)
    assert session.scalars(select(Publication)).all() == []
    with pytest.raises(Conflict):
        life.act("office", publication.publish, closed, **told)


def test_a_corrected_contact_leaves_nothing_of_the_old_one(app: Flask, life: Life, number: str) -> None:
    new = Contact("新名字", "13800001111")
    life.act(life.resident(number), rights.correct_contact, number, new, life.keys)
    case = life.case(number)
    assert vault.find_contact(case.id, life.keys) == new
    assert vault.find_addresses([case.id], life.keys)[case.id, "sms"] == new.phone
    event = life.events(number)[-1]
    assert (event.kind, event.text, event.data) == ("correct_contact", "", {"fields": ["name", "phone"]})
    assert sightings(app, new.name, new.phone) == set()


def test_nobody_else_uses_the_residents_rights(life: Life, number: str) -> None:
    for who in (life.town.actor("office"), life.resident(life.submit().case.number)):
        with pytest.raises(NotAllowed):
            rights.holdings(who, life.case(number), life.keys)


def test_photos_added_after_others_were_erased_get_places_of_their_own(app: Flask, life: Life, closed: str) -> None:
    store = app.extensions["liaison"].store
    erase(life, closed)
    life.act(
        life.resident(closed),
        ratings.ask_again,
        closed,
        "又坏了一盏灯。",
    )
    life.act(life.resident(closed), intake.add, closed, "补一张。", [keep(store, prepare(photo()))])
    assert len(photos_of(life, closed)) == 2
