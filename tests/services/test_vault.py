"""Names, phones and places are sealed, bound to their case, and open only with the key that sealed them."""

from dataclasses import replace

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import func, select

from liaison.db import session
from liaison.domain.keyrings import SM4, Key
from liaison.models.base import new_id
from liaison.models.vault import Identity, Place
from liaison.services import vault
from liaison.services.sealing import Keys
from liaison.services.vault import Contact, Spot

CONTACT = Contact("周小明", "13800138000")
SPOT = Spot("北街18号", 31.25, 121.5)


@pytest.fixture
def case_id(app):
    """A case's id; the vault refers to cases by it and by nothing else."""
    return new_id()


def row(case_id) -> Identity:
    """The sealed row."""
    session.flush()
    return session.get_one(Identity, case_id)


def test_what_is_kept_comes_back(keys: Keys, case_id) -> None:
    vault.keep_contact(case_id, CONTACT, keys)
    vault.keep_place(case_id, SPOT, keys)
    session.flush()
    assert (vault.find_contact(case_id, keys), vault.find_place(case_id, keys)) == (CONTACT, SPOT)


def test_what_was_not_told_is_not_kept(keys: Keys, case_id) -> None:
    vault.keep_contact(case_id, Contact(), keys)
    vault.keep_place(case_id, Spot(), keys)
    session.flush()
    assert session.scalar(select(func.count()).select_from(Identity)) == 0
    assert session.scalar(select(func.count()).select_from(Place)) == 0
    assert vault.find_contact(case_id, keys) is None and vault.find_place(case_id, keys) is None


def test_the_rows_hold_nothing_readable_and_never_the_same_twice(keys: Keys, case_id) -> None:
    other = new_id()
    vault.keep_contact(case_id, CONTACT, keys)
    vault.keep_contact(other, CONTACT, keys)
    first, second = row(case_id), row(other)
    for sealed in (first.name, first.phone, first.phone_mac):
        assert CONTACT.name.encode() not in sealed and CONTACT.phone.encode() not in sealed
    assert first.phone != second.phone and first.phone_mac == second.phone_mac


def test_a_seal_moved_to_another_case_does_not_open(keys: Keys, case_id) -> None:
    other = new_id()
    vault.keep_contact(case_id, CONTACT, keys)
    vault.keep_contact(other, Contact("别人", "13900139000"), keys)
    row(other).phone = row(case_id).phone
    session.flush()
    with pytest.raises(InvalidTag):
        vault.find_contact(other, keys)


def test_a_name_in_the_place_of_a_phone_does_not_open(keys: Keys, case_id) -> None:
    vault.keep_contact(case_id, CONTACT, keys)
    row(case_id).phone = row(case_id).name
    session.flush()
    with pytest.raises(InvalidTag):
        vault.find_contact(case_id, keys)


def test_a_new_address_takes_the_place_of_the_old_one(keys: Keys, clock, case_id) -> None:
    for address in ("13800138000", "13900139000"):
        vault.keep_address(case_id, "sms", address, keys, clock())
    assert vault.find_addresses([case_id], keys) == {(case_id, "sms"): "13900139000"}


def test_old_seals_open_after_the_key_was_changed_and_new_ones_use_the_new_key(keys: Keys, case_id) -> None:
    other = new_id()
    vault.keep_contact(case_id, CONTACT, keys)
    rotated = replace(keys, vault={**keys.vault, "2": Key(SM4, b"w" * 16)})
    vault.keep_contact(other, CONTACT, rotated)
    assert (row(case_id).key_id, row(other).key_id) == ("1", "2")
    assert vault.find_contact(case_id, rotated) == vault.find_contact(other, rotated) == CONTACT
