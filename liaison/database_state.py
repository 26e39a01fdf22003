"""What state a database is in, asked without loading the application, so that a warm start is quick."""

from pathlib import Path

import psycopg

MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations" / "versions"


def newest_revision(versions: Path = MIGRATIONS) -> str | None:
    """The last migration; its revision is its file name, and names begin with a rising number."""
    names = sorted(path.stem for path in versions.glob("[0-9]*.py"))
    return names[-1] if names else None


def is_prepared(url: str, *, demo: bool, versions: Path = MIGRATIONS) -> bool:
    """Tell whether the database stands at the newest migration and, for a demo, holds accounts.

    Raises psycopg.OperationalError when the server is out of reach.
    """
    plain = url.replace("postgresql+psycopg:", "postgresql:", 1)
    with psycopg.connect(plain, connect_timeout=5) as connection:
        if connection.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,):
            return False
        stands_at = connection.execute("SELECT version_num FROM alembic_version").fetchall()
        if stands_at != [(newest_revision(versions),)]:
            return False
        return not demo or connection.execute("SELECT EXISTS (SELECT FROM accounts)").fetchone() == (True,)
