"""Brings the database to the newest migration and fills an empty demo: `python -m liaison.prepare`.

Runs in a process of its own, because it loads the whole application, which the supervisor must not.
"""

import os
from datetime import UTC, datetime

from alembic import command
from alembic.config import Config as AlembicConfig

from liaison.app import create_app
from liaison.config import ROOT, find_path, load
from liaison.database_state import is_prepared
from liaison.demo.seed import fill
from liaison.folder import UNFINISHED


def main() -> None:
    """Migrate, then seed when the installation is a demo without accounts; prints each step."""
    config = load(find_path(os.environ), os.environ)
    app = create_app(config)
    with app.app_context():
        print("  migrating the database · 正在升级数据库", flush=True)
        command.upgrade(AlembicConfig(str(ROOT / "migrations" / "alembic.ini")), "head")
        unfinished = config.instance / UNFINISHED
        if config.demo and (unfinished.exists() or not is_prepared(config.database.url, demo=True)):
            print("  filling the demo town · 正在填充示范数据", flush=True)
            unfinished.touch()
            fill(config, app.extensions["liaison"].keys, datetime.now(UTC))
            unfinished.unlink()


if __name__ == "__main__":
    main()
