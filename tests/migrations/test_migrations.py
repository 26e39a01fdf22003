"""Migrations stand in one line, make exactly the tables the models want, and can be taken back."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect

from liaison.config import ROOT
from liaison.database_state import is_prepared
from liaison.db import engine_url
from liaison.models.base import Base
from tests.support.servers import SECRETS_TOLD, Servers, migrate

VERSIONS = sorted((ROOT / "migrations" / "versions").glob("*.py"))


def test_there_is_one_head_and_one_line() -> None:
    script = ScriptDirectory(str(ROOT / "migrations"))
    assert len(script.get_heads()) == 1
    line = [revision.revision for revision in script.walk_revisions()]
    assert sorted(line) == sorted(path.stem for path in VERSIONS)


@pytest.mark.parametrize("path", VERSIONS, ids=lambda path: path.stem)
def test_a_revision_is_called_like_its_file_and_imports_no_models(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    named = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and node.targets[0].id in ("revision", "down_revision")
    }
    imported = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert named["revision"] == path.stem
    assert not [module for module in imported if module.startswith("liaison")]


def test_migrations_from_empty_make_what_the_models_want_and_can_be_taken_back(servers: Servers) -> None:
    url = servers.empty_database("migrations")
    engine = create_engine(engine_url(url))
    try:
        migrate(url)
        assert _difference(engine) == []
        migrate(url, "base")
        assert _left_behind(engine) == []
        migrate(url)
        assert _difference(engine) == []
    finally:
        engine.dispose()


def test_two_hosts_that_start_on_an_empty_database_at_once_both_find_it_prepared(
    servers: Servers, tmp_path: Path
) -> None:
    url = servers.empty_database("two_hosts")
    told = os.environ | SECRETS_TOLD | {"DATABASE_URL": url, "REDIS_URL": servers.redis.url}
    argv = [sys.executable, "-m", "liaison.prepare"]
    hosts = [
        subprocess.Popen(
            argv, cwd=ROOT, env=told | {"LIAISON_INSTANCE": str(tmp_path / name)}, stdout=subprocess.DEVNULL
        )
        for name in ("east", "west")
    ]
    assert [host.wait(120) for host in hosts] == [0, 0]
    assert is_prepared(url, demo=False)


def _difference(engine) -> list:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_schemas": True, "compare_server_default": True})
        return compare_metadata(context, Base.metadata)


def _left_behind(engine) -> list[str]:
    seen = inspect(engine)
    tables = [table for schema in ("public", *_vault(seen)) for table in seen.get_table_names(schema=schema)]
    return [table for table in tables if table != "alembic_version"] + seen.get_sequence_names()


def _vault(seen) -> list[str]:
    return [schema for schema in seen.get_schema_names() if schema == "vault"]
