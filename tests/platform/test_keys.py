"""Keys are added, put to use and taken out while the system serves; nothing that is sealed loses its key."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count
from pathlib import Path
from threading import Event

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from liaison.config import ROOT, load
from liaison.db import session, transaction
from liaison.domain.actors import ANYONE
from liaison.folder import ensure_secrets, read_secrets
from liaison.keys import LAST_SEALED, TAKEN_UP, KeyReader
from liaison.models.audit import AuditEntry
from liaison.models.vault import Identity
from liaison.services import intake, rewrapping, vault
from liaison.services.intake import Submission
from liaison.services.vault import Contact
from tests.support.clock import MONDAY, FakeClock
from tests.support.sealed import faults, plant
from tests.support.servers import Servers
from tests.support.town import build_town

TEXT = "城东镇北街的路灯坏了三盏，晚上老人出门看不见路，请尽快修好。"
_names = count(1)


class House:
    """An installation whose keys are in the secrets.toml of its folder."""

    def __init__(self, app: Flask, folder: Path) -> None:
        self.app, self.folder = app, folder

    @property
    def keys(self):
        return self.app.extensions["liaison"].keys

    def run(self, *words: str) -> Result:
        """A command of the operator's."""
        return self.app.test_cli_runner().invoke(args=["keys", *words])

    def wait(self, seconds: float) -> None:
        """Let the file be so much older."""
        then = time.time() - seconds - 1
        os.utime(self.folder / "secrets.toml", (then, then))


@pytest.fixture
def house(servers: Servers, tmp_path: Path) -> Iterator[House]:
    ensure_secrets(tmp_path)
    secrets = load(None, {"LIAISON_INSTANCE": str(tmp_path)}).secrets
    at = servers.app(f"keys_{next(_names)}", FakeClock(MONDAY), instance=tmp_path, secrets=secrets)
    with at as app, app.app_context():
        yield House(app, tmp_path)
        session.remove()


def sealed(house: House, rows: int = 1) -> None:
    with transaction():
        plant(house.keys, rows)


def test_a_key_goes_its_whole_way(house: House) -> None:
    sealed(house, 3)
    made = house.run("add", "vault", "--algorithm", "sm4-gcm")
    assert made.exit_code == 0 and "flask keys rotate vault 2" in made.output
    assert house.keys.newest == "1" and house.keys.vault["2"].algorithm == "sm4-gcm"
    house.wait(TAKEN_UP)
    turned = house.run("rotate", "vault", "2")
    assert turned.exit_code == 0 and "0 left" in turned.output, turned.output
    assert house.keys.newest == "2" and faults(house.keys) == []
    assert "vault 1 (aes-256-gcm): nothing" in house.run("list").output
    house.wait(LAST_SEALED)
    assert house.run("retire", "vault", "1").exit_code == 0
    assert list(house.keys.vault) == ["2"] and faults(house.keys) == []
    acts = session.execute(select(AuditEntry.act, AuditEntry.about).order_by(AuditEntry.seq)).all()
    assert acts == [("key.add", "vault 2"), ("key.rotate", "vault 2"), ("key.retire", "vault 1")]
    assert (house.folder / "secrets.toml").stat().st_mode & 0o777 == 0o600


def test_a_key_under_which_there_is_something_is_not_taken_out(house: House) -> None:
    sealed(house)
    house.run("add", "vault")
    house.wait(LAST_SEALED)
    assert "no key 3" in house.run("retire", "vault", "3").output
    refused = house.run("retire", "vault", "1")
    assert refused.exit_code == 1 and "1 in vault.identities" in refused.output
    assert list(house.keys.vault) == ["2", "1"]


def test_the_key_in_use_is_not_taken_out(house: House) -> None:
    house.run("add", "codes")
    house.wait(LAST_SEALED)
    assert "is the one in use" in house.run("retire", "codes", "1").output
    assert house.run("retire", "codes", "2").exit_code == 0


def test_a_change_waits_until_the_one_before_has_come_to_everybody(house: House) -> None:
    house.run("add", "vault")
    assert "wait for" in house.run("rotate", "vault", "2").output
    assert house.keys.newest == "1"
    house.wait(TAKEN_UP)
    assert house.run("rotate", "vault", "2").exit_code == 0
    house.wait(LAST_SEALED - 100)
    assert "wait for" in house.run("retire", "vault", "1").output
    assert list(house.keys.vault) == ["1", "2"]


def test_a_key_that_is_missing_is_told(house: House) -> None:
    with transaction():
        plant(replace(house.keys, vault={"7": house.keys.vault["1"]}))
    told = house.run("list")
    assert told.exit_code == 1 and "vault 7 is MISSING" in told.output


def test_keys_told_by_the_configuration_are_changed_there(house: House, servers: Servers) -> None:
    with servers.app(f"keys_{next(_names)}", FakeClock(MONDAY), instance=house.folder) as app, app.app_context():
        refused = House(app, house.folder).run("add", "vault")
        session.remove()
        assert KeyReader(app.extensions["liaison"].config)() == app.extensions["liaison"].keys
    assert refused.exit_code == 1 and "change it there" in refused.output


def test_a_query_code_opens_under_the_key_it_was_made_with(house: House) -> None:
    with transaction():
        build_town()
    first = submitted(house, 1)
    house.run("add", "codes", "--algorithm", "hmac-sm3")
    house.wait(TAKEN_UP)
    house.run("rotate", "codes", "2")
    assert house.keys.newest_code == "2"
    assert submitted(house, 1).secret == first.secret, "the same request gets another code"
    second = submitted(house, 2)
    for each in (first, second):
        assert intake.find_by_code(each.case.number, each.secret, house.keys).case.id == each.case.id
    house.wait(LAST_SEALED)
    refused = house.run("retire", "codes", "1")
    assert refused.exit_code == 1 and "1 in matters" in refused.output


def test_a_file_that_cannot_be_used_leaves_the_keys_as_they_are(house: House) -> None:
    before, file = house.keys, house.folder / "secrets.toml"
    for text in ("", "[secrets", '[secrets.vault_keys]\n1 = "aes-256-gcm:short"', "[site]\nname = 1"):
        file.write_text(text)
        assert house.keys == before
    file.unlink()
    assert house.keys == before


def test_what_is_changed_in_one_process_is_known_in_the_others(house: House) -> None:
    other = KeyReader(house.app.extensions["liaison"].config)
    assert list(other().vault) == ["1"]
    house.run("add", "vault")
    assert list(other().vault) == ["2", "1"]
    assert read_secrets(house.folder)["vault_keys"].keys() == {"1", "2"}


def test_nobody_at_work_notices_that_keys_are_changed(house: House) -> None:
    with transaction():
        build_town()
    sealed(house, 150)
    house.run("add", "vault", "--algorithm", "sm4-gcm")
    house.run("add", "codes", "--algorithm", "hmac-sm3")
    house.wait(TAKEN_UP)
    started, over, numbers = Event(), Event(), count(1)
    with ThreadPoolExecutor(6) as pool:
        writers = [pool.submit(_writes, house, numbers, started, over) for _ in range(3)]
        readers = [pool.submit(_reads, house, started, over) for _ in range(3)]
        assert started.wait(20)
        turned = [house.run("rotate", "vault", "2")]
        house.wait(TAKEN_UP)
        turned.append(house.run("rotate", "codes", "2"))
        over.set()
        written = sum(each.result() for each in writers)
        read = sum(each.result() for each in readers)
    assert [each.exit_code for each in turned] == [0, 0], [each.output for each in turned]
    house.run("rotate", "vault", "2")  # for what was on its way; the background does it by itself
    assert written > 10 and read > 10
    assert faults_of_identities(house) == []
    assert rewrapping.count_sealed().keys() == {"2"}
    assert rewrapping.count_digests()["1"].keys() == {"matters"}


def submitted(house: House, number: int):
    """A matter whose resident's phone ends in that number."""
    told = Submission(TEXT, contact=Contact("周小明", phone_of(number)))
    with transaction():
        return intake.submit(ANYONE, "S001", told, key=f"key-{number}", digest="d", keys=house.keys, now=MONDAY)


def phone_of(number: int) -> str:
    return f"138{number:08}"


def faults_of_identities(house: House) -> list[str]:
    """Whose contact does not come back, or is not found by its phone."""
    found = []
    for case_id in session.scalars(select(Identity.case_id)):
        contact = vault.find_contact(case_id, house.keys)
        if case_id not in vault.find_cases_by_phone(contact.phone, house.keys):
            found.append(f"{case_id} is not found")
    return found


def _writes(house: House, numbers: Iterator[int], started: Event, over: Event) -> int:
    written = 0
    with house.app.app_context():
        while not over.is_set():
            number = next(numbers)
            case = submitted(house, number).case
            assert vault.find_contact(case.id, house.keys) == Contact("周小明", phone_of(number))
            assert vault.find_cases_by_phone(phone_of(number), house.keys) == [case.id]
            session.remove()
            written += 1
            started.set()
    return written


def _reads(house: House, started: Event, over: Event) -> int:
    read = 0
    with house.app.app_context():
        while not over.is_set():
            for case_id in session.scalars(select(Identity.case_id).order_by(Identity.case_id.desc()).limit(20)).all():
                assert vault.find_contact(case_id, house.keys) is not None
                read += 1
            session.remove()
            started.set()
    return read


def test_a_rotation_that_was_killed_goes_on(house: House) -> None:
    sealed(house, 600)
    house.run("add", "vault")
    house.wait(TAKEN_UP)
    child = subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "wsgi", "keys", "rotate", "vault", "2"],
        env=environ(house),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    with child, child.stdout:
        assert any(line.startswith("moved") for line in child.stdout)
        child.send_signal(signal.SIGKILL)
    counts = {key_id: sum(each.values()) for key_id, each in rewrapping.count_sealed().items()}
    assert counts["1"] > 0 and counts["2"] >= rewrapping.BATCH, counts
    session.rollback()
    resumed = house.run("rotate", "vault", "2")
    assert resumed.exit_code == 0 and f"moved {counts['1']} rows; 0 left" in resumed.output
    assert faults(house.keys) == []


def test_the_background_moves_what_is_left(house: House) -> None:
    sealed(house, 2)
    house.run("add", "vault")
    told = read_secrets(house.folder)
    one, two = told["vault_keys"]["1"], told["vault_keys"]["2"]
    environment = environ(house) | {"LIAISON_SECRETS__VAULT_KEYS": json.dumps({"1": one, "2": two})}
    job = [sys.executable, "-c", "from workers.rewrapping import rewrap; print(rewrap(), rewrap())"]
    done = subprocess.run(job, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    tables = len(rewrapping.sealed_tables())
    assert done.stdout.split() == [str(2 * tables), "0"]
    assert rewrapping.count_sealed().keys() == {"2"}


def environ(house: House) -> dict[str, str]:
    """The environment of a process of this installation's own."""
    config = house.app.extensions["liaison"].config
    outside = {name: value for name, value in os.environ.items() if not name.startswith("LIAISON_")}
    return outside | {
        "DATABASE_URL": config.database.url,
        "REDIS_URL": config.redis.url,
        "LIAISON_INSTANCE": str(house.folder),
    }
