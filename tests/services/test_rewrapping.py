"""A new key takes over every sealed value there is, row by row, and nothing is lost on the way."""

from dataclasses import replace

from sqlalchemy import LargeBinary, text

from liaison.db import session, transaction
from liaison.domain.keyrings import AES, SHA256, SM3, SM4, Key
from liaison.models.base import DIGEST_OF, Base
from liaison.models.vault import SCHEMA
from liaison.services import rewrapping
from liaison.services.rewrapping import Cursor, Step
from liaison.services.sealing import Keys
from tests.support.sealed import faults, plant

OLD = Keys(vault={"1": Key(AES, b"v" * 32)}, codes={"1": Key(SHA256, b"c" * 32)}, stations={})
NEW = replace(OLD, vault={**OLD.vault, "2": Key(SM4, b"w" * 16)}, codes={**OLD.codes, "b": Key(SM3, b"d" * 32)})


def walk(keys: Keys, at: Cursor | None = None) -> list[Step]:
    """Every batch from there on."""
    steps, at = [], at or Cursor()
    while at:
        with transaction():
            steps.append(rewrapping.rewrap(keys, at))
        at = steps[-1].next
    return steps


def test_every_octet_of_the_vault_is_either_sealed_or_a_digest_of_what_is() -> None:
    tables = [table for table in Base.metadata.tables.values() if table.schema == SCHEMA]
    octets = [column for table in tables for column in table.columns if isinstance(column.type, LargeBinary)]
    assert len(tables) >= 4 and all(column.info.keys() & {"sealed", DIGEST_OF} for column in octets)
    assert {column.table for column in octets} <= set(rewrapping.sealed_tables())


def test_a_table_that_holds_something_sealed_says_under_which_key() -> None:
    for table in rewrapping.sealed_tables():
        assert not table.c.key_id.nullable, table.fullname
        assert "code_key_id" in table.c or not any(DIGEST_OF in column.info for column in table.columns)


def test_the_newest_keys_take_over_every_sealed_column_of_every_table(app) -> None:
    with transaction():
        plant(OLD, 3)
    tables = len(rewrapping.sealed_tables())
    assert len(faults(NEW)) >= 3 * tables and rewrapping.count_outdated(NEW) == 3 * tables
    assert sum(step.moved for step in walk(NEW)) == 3 * tables
    assert faults(NEW) == [] and rewrapping.count_outdated(NEW) == 0
    assert rewrapping.count_sealed().keys() == {"2"} and rewrapping.count_digests().keys() == {"b"}


def test_only_the_key_of_look_ups_may_be_new(app) -> None:
    keys = replace(NEW, vault=OLD.vault)
    with transaction():
        plant(OLD)
    digested = [table for table in rewrapping.sealed_tables() if "code_key_id" in table.c]
    assert sum(step.moved for step in walk(keys)) == len(digested) > 1
    assert faults(keys) == []


def test_it_goes_in_batches_and_on_from_where_it_was_stopped(app) -> None:
    rows = rewrapping.BATCH * 5 // 2
    with transaction():
        plant(OLD, rows)
    with transaction():
        first = rewrapping.rewrap(NEW, Cursor())
    assert first.moved == rewrapping.BATCH
    assert rewrapping.count_outdated(NEW) == rows * len(rewrapping.sealed_tables()) - rewrapping.BATCH
    assert [step.moved for step in walk(NEW, first.next)][:2] == [rewrapping.BATCH, rewrapping.BATCH // 2]
    assert faults(NEW) == [] and [step.moved for step in walk(NEW) if step.moved] == []


def test_what_does_not_open_is_left_as_it_is_and_keeps_nothing_else_back(app) -> None:
    with transaction():
        plant(OLD, 3)
        one = "(SELECT case_id FROM vault.places LIMIT 1)"
        session.execute(text(f"UPDATE vault.places SET sealed = '\\x00' WHERE case_id = {one}"))
    steps = walk(NEW)
    assert sum(step.broken for step in steps) == 1 and rewrapping.count_outdated(NEW) == 1
    assert rewrapping.count_sealed()["1"] == {"vault.places": 1}


def test_what_is_under_a_key_that_is_lost_is_counted_and_left_alone(app) -> None:
    with transaction():
        plant(replace(OLD, vault={"9": Key(AES, b"z" * 32)}))
    assert sum(step.moved + step.broken for step in walk(replace(NEW, codes=OLD.codes))) == 0
    assert rewrapping.count_sealed().keys() == {"9"}
