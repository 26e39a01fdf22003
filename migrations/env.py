"""Runs migrations against the configured database, with limits so that none can hold up a running system."""

import os

from alembic import context
from sqlalchemy import NullPool, create_engine, text

from liaison.config import find_path, load
from liaison.db import db, engine_url

LOCK_TIMEOUT = "5s"  # a migration that cannot get its lock gives up instead of queueing everybody behind it
STATEMENT_TIMEOUT = "15min"
ONE_AT_A_TIME = 0x1CA1150  # any number nobody else locks: two hosts that start together find one database


def run() -> None:
    """Upgrade or downgrade in one transaction."""
    url = context.config.attributes.get("url") or load(find_path(os.environ), os.environ).database.url
    engine = create_engine(engine_url(url), poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(f"SELECT pg_advisory_lock({ONE_AT_A_TIME})"))  # until the connection is closed
        connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
        connection.execute(text(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'"))
        connection.commit()
        context.configure(connection=connection, target_metadata=db.metadata, include_schemas=True)
        with context.begin_transaction():
            context.run_migrations()


run()
