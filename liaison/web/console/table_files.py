"""Tables as files to take away, with who took them, and when."""

from collections.abc import Sequence
from datetime import datetime

from flask import Response

from liaison.domain.actors import Actor
from liaison.services.tables_out import Sheet, as_csv, as_xlsx
from liaison.web.labels import label, minute

KINDS = {
    "xlsx": (as_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "csv": (as_csv, "text/csv"),
}


def table_file(kind: str, name: str, sheets: Sequence[Sheet], mark: str) -> Response:
    """The tables as an attachment of that kind; KeyError for a kind there is not."""
    write, mime = KINDS[kind]
    answer = Response(write(sheets, mark), mimetype=mime)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return answer


def taken(actor: Actor, at: datetime, how: str) -> str:
    """Who took something out of the system, when and how, for the line that stands on it."""
    return f"{actor.name}（{label('role', actor.role)}）于 {minute(at)} {how}"
