"""What a backup is, which restores are refused, and that a failed one leaves nothing behind."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy import select, text

from liaison import cli, dump
from liaison.app import create_app
from liaison.config import ROOT
from liaison.database_state import is_prepared
from liaison.db import db, session
from liaison.domain.calendar import SHANGHAI
from liaison.models.base import Base
from liaison.models.cases import Case
from liaison.services.anchors import put_anchor
from tests.support.clock import MONDAY
from tests.support.installation import Installation
from tests.support.servers import Servers


@pytest.fixture
def house(servers: Servers, tmp_path: Path) -> Iterator[Installation]:
    house = Installation(servers, "saved", tmp_path / "instance")
    yield house
    house.remove()


@pytest.mark.parametrize("victim", ["database.dump", "photo", "anchor", "manifest.json"])
def test_a_damaged_backup_is_refused_before_anything_is_touched(
    house: Installation, tmp_path: Path, victim: str
) -> None:
    folder = tmp_path / "backup"
    house.tell_matters()
    with house.at_work():
        put_anchor(house.folder / "anchors", house.config.secrets.anchor_key, house.clock())
    house.run("backup", folder)
    house.destroy()
    found = {"photo": folder.glob("files/photos/**/*.jpg"), "anchor": folder.glob("anchors/*.json")}
    path = next(found[victim]) if victim in found else folder / victim
    path.chmod(0o640)
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)
    done = house.run("restore", folder)
    assert done.exit_code == 1 and "damaged" in done.output
    assert not any((house.folder / "files").rglob("*.jpg"))
    with psycopg.connect(house.config.database.url) as line:
        assert line.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)


def test_an_unfinished_backup_is_refused(house: Installation, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    house.run("backup", folder)
    (folder / "manifest.json").unlink()
    assert "no finished backup" in house.run("restore", folder).output


def test_a_database_at_work_is_not_overwritten(house: Installation, tmp_path: Path) -> None:
    house.tell_matters()
    house.run("backup", tmp_path / "backup")
    house.stop()
    done = house.run("restore", tmp_path / "backup")
    assert done.exit_code == 1 and "the database is not empty: there are rows in public.accounts" in done.output
    with house.at_work():
        assert len(session.scalars(select(Case)).all()) == 6


def test_the_same_installation_emptied_on_purpose_is_filled_again(house: Installation, tmp_path: Path) -> None:
    house.tell_matters()
    house.run("backup", tmp_path / "backup")
    with house.app.app_context(), db.engine.begin() as line:
        line.execute(text("TRUNCATE regions, idempotency, audit, vault.places, vault.identities CASCADE"))
    house.stop()
    done = house.run("restore", tmp_path / "backup")
    assert done.exit_code == 0, done.output
    with house.at_work():
        assert len(session.scalars(select(Case)).all()) == 6


def test_other_keys_are_noticed(house: Installation, tmp_path: Path) -> None:
    house.run("backup", tmp_path / "backup")
    manifest = (tmp_path / "backup" / "manifest.json").read_text()
    secrets = house.config.secrets
    assert not any(key in manifest for key in (secrets.vault_keys["1"], secrets.code_keys["1"]))
    house.destroy()
    other = replace(house.config, secrets=replace(house.config.secrets, code_keys={"1": f"hmac-sha256:{'d' * 32}"}))
    house.app = create_app(other, clock=house.clock)
    cli.register(house.app)
    assert "made under other secrets (codes 1)" in house.run("restore", tmp_path / "backup").output
    assert house.run("restore", tmp_path / "backup", "--other-keys").exit_code == 0


def test_nobody_may_be_connected_while_a_backup_is_restored(house: Installation, tmp_path: Path) -> None:
    house.run("backup", tmp_path / "backup")
    house.destroy()
    with psycopg.connect(house.config.database.url, application_name="a worker", autocommit=True) as line:
        assert "stop web, workers and scheduler first" in house.run("restore", tmp_path / "backup").output
        line.execute("CREATE TABLE still_writable ()")
        line.execute("DROP TABLE still_writable")
    assert house.run("restore", tmp_path / "backup").exit_code == 0
    with psycopg.connect(house.config.database.url) as line:
        assert line.execute("SHOW default_transaction_read_only").fetchone() == ("off",)


def test_a_lost_or_altered_file_does_not_keep_the_rest_from_being_saved(house: Installation, tmp_path: Path) -> None:
    house.tell_matters()
    first, second = sorted((house.folder / "files" / "photos").rglob("*.jpg"))
    first.unlink()
    second.write_bytes(b"something else")
    made = house.run("backup", tmp_path / "backup")
    assert made.exit_code == 1 and "was missing when" in made.output and "was altered when" in made.output
    house.destroy()
    done = house.run("restore", tmp_path / "backup")
    assert done.exit_code == 1 and "restored: 6 cases" in done.output and "was missing when" in done.output


def test_the_dump_is_of_the_moment_that_was_counted(house: Installation, servers: Servers, tmp_path: Path) -> None:
    house.tell_matters()
    url = house.config.database.url
    with dump.snapshot(url) as held:
        with house.at_work() as life:
            life.submit()
        assert dump.facts(url)["cases"] == held.counts["cases"] + 1
        dump.dump(url, held, tmp_path / "dump")
    other = servers.empty_database("same_moment")
    dump.load(other, tmp_path / "dump")
    assert dump.facts(other) == held.counts


def test_a_backup_gets_a_folder_of_its_own(house: Installation, tmp_path: Path) -> None:
    (tmp_path / "other").write_text("somebody's")
    assert "is not empty" in house.run("backup", tmp_path).output
    assert (tmp_path / "other").read_text() == "somebody's"


def test_the_manifest_tells_the_time_in_full(house: Installation, tmp_path: Path) -> None:
    house.run("backup", tmp_path / "backup")
    manifest = json.loads((tmp_path / "backup" / "manifest.json").read_bytes())
    assert datetime.fromisoformat(manifest["taken_at"]).astimezone(SHANGHAI) == MONDAY


def test_a_backup_of_an_older_revision_is_brought_up_to_ours(house: Installation, tmp_path: Path) -> None:
    house.tell_matters()
    house.stop()
    settings = AlembicConfig(str(ROOT / "migrations" / "alembic.ini"))
    settings.attributes["url"] = house.config.database.url
    command.downgrade(settings, "-1")
    assert house.run("backup", tmp_path / "backup").exit_code == 0
    house.destroy()
    done = house.run("restore", tmp_path / "backup")
    assert done.exit_code == 0, done.output
    assert is_prepared(house.config.database.url, demo=False)
    with house.at_work() as life:
        life.submit()


def test_a_backup_of_a_newer_revision_is_refused(house: Installation, tmp_path: Path) -> None:
    house.run("backup", tmp_path / "backup")
    house.destroy()
    alter(tmp_path / "backup", revision="9999_later")
    assert "install its version or newer" in house.run("restore", tmp_path / "backup").output


def test_a_restore_that_fails_half_way_leaves_the_database_empty_and_open(house: Installation, tmp_path: Path) -> None:
    house.run("backup", tmp_path / "backup")
    house.destroy()
    counts = alter(tmp_path / "backup", counts={"cases": 999})["counts"]
    done = house.run("restore", tmp_path / "backup")
    assert done.exit_code == 1 and str(counts) in done.output
    alter(tmp_path / "backup", counts={"cases": 0, "events": 0, "attachments": 0, "notices": {}})
    assert house.run("restore", tmp_path / "backup").exit_code == 0


def test_behind_the_fence_nobody_else_can_write(servers: Servers) -> None:
    url = servers.empty_database("fenced")
    with dump.fenced(url) as ours:
        early = psycopg.connect(url, autocommit=True)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            early.execute("CREATE TABLE sent ()")
        with psycopg.connect(ours) as line:
            line.execute("CREATE TABLE restored ()")
    with pytest.raises(psycopg.OperationalError):
        early.execute("SELECT")  # would have stayed read-only, and so comes anew
    early.close()
    with psycopg.connect(url) as line:
        line.execute("INSERT INTO restored DEFAULT VALUES")


def test_a_server_without_programs_of_its_version_is_named(servers: Servers, tmp_path: Path) -> None:
    held = dump.Snapshot("none", 7, "0001_trunk", {}, [])
    with pytest.raises(dump.DumpError, match="install postgresql-client-7"):
        dump.dump(servers.url("migrated"), held, tmp_path / "out")


def test_every_column_that_names_files_is_known_to_the_backup() -> None:
    keys = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if column.name.endswith("key")
    }
    elsewhere = {"notices.dedup_key", "idempotency.key", "doomed_files.key"}  # these files are to go
    elsewhere |= {"settings.key", "setting_changes.key", "imported_rows.key"}  # names of things, not of files
    saved = {f"{table}.{column}" for table in ("attachments", "published_photos") for column in ("key", "thumb_key")}
    assert keys - elsewhere == saved


def alter(folder: Path, **changes: object) -> dict:
    """Change what a manifest says, its checksum with it."""
    body = json.loads((folder / "manifest.json").read_bytes()) | changes
    data = json.dumps(body).encode()
    (folder / "manifest.json").write_bytes(data)
    (folder / "manifest.json.sha256").write_text(f"{hashlib.sha256(data).hexdigest()}  manifest.json\n")
    return body
