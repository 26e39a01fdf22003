"""Only a demo has accounts nobody made; the operator founds the first ones, on an empty machine too."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from click.testing import Result
from flask import Flask

from liaison import cli
from liaison.app import create_app
from liaison.config import ROOT
from liaison.db import db
from liaison.demo.town import CONTENT
from liaison.domain.access import FACTOR_ROLES
from liaison.standalone import settle
from tests.platform.test_standalone import environ
from tests.support.journey import problem
from tests.support.servers import Servers

Run = Callable[..., Result]
PASSWORD = "窗外 seven quiet herons"


@pytest.fixture(scope="module")
def prepared(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database that was empty until the very command of a new installation has prepared it."""
    url = servers.empty_database("first")
    told = environ(tmp_path_factory.mktemp("first"), DATABASE_URL=url, LIAISON_DEMO="false")
    done = subprocess.run(
        [sys.executable, "-m", "liaison.prepare"], cwd=ROOT, env=told, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return url


@pytest.fixture
def app(servers: Servers, prepared: str) -> Iterator[Flask]:
    app = create_app(servers.config(prepared))
    cli.register(app)
    app.config.update(TESTING=True, SERVER_NAME="testserver")
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def test_a_prepared_database_has_no_accounts(prepared: str) -> None:
    with psycopg.connect(prepared) as line:
        for table in ("accounts", "sessions", "recoveries", "vault.seeds"):
            assert line.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table


def test_the_operator_founds_the_first_administrators_on_an_empty_machine(app: Flask) -> None:
    def run(*words: str, **more: str) -> Result:
        return app.test_cli_runner().invoke(args=list(words), **more)

    def add(username: str, role: str, password: str = PASSWORD) -> Result:
        told = ("--name", username, "--role", role, "--region", "qh")
        return run("accounts", "add", username, *told, input=f"{password}\n{password}\n")

    early = add("anquan", "security_administrator")
    assert early.exit_code == 1 and "flask county import" in early.output
    assert run("county", "import", str(CONTENT)).exit_code == 0
    weak = add("anquan", "security_administrator", "woaini1314")
    assert weak.exit_code == 1 and "太常见" in weak.output
    for username, role in (("anquan", "security_administrator"), ("xitong", "administrator"), ("shenji", "auditor")):
        done = add(username, role)
        assert done.exit_code == 0, done.output
    told = {"username": "anquan", "password": PASSWORD}
    assert problem(app.test_client().post("/api/v1/sessions", json=told), 401)["needs"] == "password"


def test_only_a_start_without_configuration_is_a_demo_whose_staff_need_no_second_factor(tmp_path: Path) -> None:
    demo = settle({"LIAISON_INSTANCE": str(tmp_path / "demo")}).config
    assert demo.demo and demo.accounts.factor_roles == frozenset() and demo.accounts.password_days == 0
    file = tmp_path / "config.toml"
    file.write_text('[site]\nname = "码上联"\n', "utf-8")
    real = settle({"LIAISON_CONFIG": str(file), "LIAISON_INSTANCE": str(tmp_path / "real")}).config
    assert not real.demo and real.accounts.factor_roles == FACTOR_ROLES and real.accounts.password_days == 90
