"""Brings the database to the newest migration and lays out an empty demo: `python -m liaison.prepare`.

Runs in a process of its own, because it loads the whole application, which the supervisor must not.
"""

import os

from alembic import command
from alembic.config import Config as AlembicConfig

from liaison.app import create_app
from liaison.config import ROOT, find_instance, find_path, load
from liaison.database_state import is_prepared
from liaison.demo.seed import lay
from liaison.folder import UNFINISHED, ensure_secrets


def main() -> None:
    """Migrate, then lay out the town when the installation is a demo without accounts; prints each step."""
    path = find_path(os.environ)
    ensure_secrets(find_instance(path, os.environ))
    config = load(path, os.environ)
    app = create_app(config)
    with app.app_context():
        print("  migrating the database · 正在升级数据库", flush=True)
        command.upgrade(AlembicConfig(str(ROOT / "migrations" / "alembic.ini")), "head")
        if config.demo and not is_prepared(config.database.url, demo=True):
            print("  laying out the demo town · 正在建立示范县", flush=True)
            (config.instance / UNFINISHED).touch()
            lay(config, app.extensions["liaison"].keys)


if __name__ == "__main__":
    main()
