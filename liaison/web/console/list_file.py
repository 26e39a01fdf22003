"""The list on the screen as a file for Excel, with a line that says who took it out and when."""

from flask import Response, request

from liaison.domain.errors import Invalid
from liaison.services.listing import Row
from liaison.services.lists_out import take_out
from liaison.services.tables_out import Sheet
from liaison.web.console.frame import blueprint
from liaison.web.console.inbox import desk_of, inbox_page
from liaison.web.console.narrowing import here, read_wanted
from liaison.web.console.table_files import table_file, taken
from liaison.web.guards import current_actor, guard
from liaison.web.labels import day, label, minute
from liaison.web.wiring import now, unit_of_work

HEAD = (
    "编号", "事项", "类别", "状态", "时限", "到期", "提出时间", "联络站", "代表", "责任人", "办理轮次", "督办",
)  # fmt: skip


@blueprint.get("/list.<any(xlsx, csv):act>")
@guard("inbox.export")
def list_file(act: str) -> Response | tuple[str, int]:
    """The rows of the box, narrowed and in order as the address says; too many are refused on the list itself."""
    actor, at = current_actor(), now()
    desk, kept = desk_of(actor, at), here(request.args)
    try:
        wanted = read_wanted(request.args, desk.usual)
        with unit_of_work():
            rows = take_out(actor, lambda limit: desk.fetch(wanted, None, limit), act, kept, now=at)
    except Invalid as error:
        return inbox_page(actor, at, error.errors)
    mark = f"{taken(actor, at, '导出')}，共 {len(rows)} 件，含工作信息，请勿外传。"
    return table_file(act, f"list-{at:%Y%m%d-%H%M}", [Sheet(label("box", desk.box), HEAD, [*map(_cells, rows)])], mark)


def _cells(row: Row) -> list[str | int]:
    state = label("part_state", row.part_state) if row.part_state else label("state", row.state)
    level = label("level", row.level) if row.level else ""
    return [
        row.reference,
        row.title,
        row.category or "",
        state,
        label("light", row.light),
        day(row.due_at) if row.due_at else "",
        minute(row.created_at),
        row.station or "",
        row.deputy or "",
        f"{level}（{row.owner}）" if level and row.owner else level,
        row.round,
        "督办" if row.supervised else "",
    ]
