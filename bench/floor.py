"""The least a correct program could do: bare Flask and a psycopg pool, no ORM, on the server and workers ours has.

Same PostgreSQL, a schema of its own. `FLOOR_DATABASE` is its address, `FLOOR_FOLDER` where files go.
"""

import os
import uuid
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask, Response, jsonify, request
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

SCHEMA = """
CREATE SCHEMA IF NOT EXISTS floor;
CREATE TABLE floor.matters (
    id uuid PRIMARY KEY, number text NOT NULL UNIQUE, deputy integer NOT NULL, state text NOT NULL,
    title text NOT NULL, text text NOT NULL, created_at timestamptz NOT NULL
);
CREATE INDEX ON floor.matters (deputy, created_at, id);
CREATE TABLE floor.history (
    matter_id uuid NOT NULL REFERENCES floor.matters, seq integer NOT NULL, at timestamptz NOT NULL,
    kind text NOT NULL, text text NOT NULL, PRIMARY KEY (matter_id, seq)
);
"""
DEPUTIES = 200
PAGE = 50
CONNECTIONS = 8  # as many as a worker has threads

app = Flask(__name__)
_pool = ConnectionPool(
    os.environ.get("FLOOR_DATABASE", ""), min_size=1, max_size=CONNECTIONS, open=False, kwargs={"row_factory": dict_row}
)
_FOLDER = Path(os.environ.get("FLOOR_FOLDER", "/tmp"))
_MATTER = "INSERT INTO floor.matters VALUES (%s, %s, %s, 'with_deputy', %s, %s, %s)"
_HISTORY = "INSERT INTO floor.history VALUES (%s, %s, %s, %s, %s)"
_LIST = """SELECT number, title, state, created_at FROM floor.matters WHERE deputy = %s
    AND (created_at, id) < (%s, %s) ORDER BY created_at DESC, id DESC LIMIT %s"""
_MOVE = "UPDATE floor.matters SET state = 'claimed' WHERE number = %s RETURNING id"
_NEXT = "INSERT INTO floor.history SELECT %s, max(seq) + 1, %s, 'claim', '' FROM floor.history WHERE matter_id = %s"


@app.before_request
def _open() -> None:
    _pool.open()


@app.post("/matters")
def create() -> tuple[Response, int]:
    """One transaction: a matter's row and its first line of history."""
    told, id_, now = request.get_json(), uuid.uuid4(), datetime.now(UTC)
    number = f"F{id_.hex[:16]}"
    with _pool.connection() as connection:
        deputy = id_.int % DEPUTIES
        connection.execute(_MATTER, (id_, number, deputy, told["text"][:30], told["text"], now))
        connection.execute(_HISTORY, (id_, 1, now, "submit", told["text"]))
    return jsonify(number=number), 201


@app.get("/matters/<number>")
def detail(number: str) -> Response:
    """The row and its history."""
    with _pool.connection() as connection:
        row = connection.execute("SELECT * FROM floor.matters WHERE number = %s", (number,)).fetchone()
        lines = connection.execute("SELECT * FROM floor.history WHERE matter_id = %s ORDER BY seq", (row["id"],))
        return jsonify(row | {"history": lines.fetchall()})


@app.get("/deputies/<int:deputy>/matters")
def listed(deputy: int) -> Response:
    """A page of one deputy's rows by keyset, from `before` on."""
    before = request.args.get("before", "9999-01-01T00:00:00+00:00")
    with _pool.connection() as connection:
        found = connection.execute(_LIST, (deputy, before, uuid.UUID(int=0), PAGE))
        return jsonify(items=found.fetchall())


@app.post("/uploads")
def upload() -> tuple[Response, int]:
    """Receive a form with a photo and put it on disk for good: the bytes, and the name they are found by."""
    path = _FOLDER / f"{uuid.uuid4().hex}.jpg"
    with path.open("wb") as file:
        file.write(request.files["photos"].stream.read())
        file.flush()
        os.fsync(file.fileno())
    folder = os.open(_FOLDER, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(folder)
    os.close(folder)
    return jsonify(size=path.stat().st_size), 201


@app.post("/matters/<number>/claim")
def move(number: str) -> Response:
    """One transaction: another state and a line of history."""
    now = datetime.now(UTC)
    with _pool.connection() as connection:
        id_ = connection.execute(_MOVE, (number,)).fetchone()["id"]
        connection.execute(_NEXT, (id_, now, id_))
    return jsonify(number=number)
