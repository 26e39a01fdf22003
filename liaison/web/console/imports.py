"""Imports of registers in the console: templates, an upload that is looked over, what it changes, and the way back."""

from collections.abc import Sequence
from uuid import UUID

from flask import Response, flash, redirect, render_template, request, url_for
from marshmallow import fields, validate
from werkzeug.wrappers import Response as Answer

from liaison.domain.errors import Conflict, Invalid
from liaison.models.imports import Import
from liaison.services import imports
from liaison.services.tables_out import Sheet
from liaison.web.console.frame import blueprint
from liaison.web.console.import_files import form_file, read_upload
from liaison.web.console.import_layouts import LAYOUTS, Layout, Words
from liaison.web.console.table_files import KINDS as FILES
from liaison.web.console.table_files import table_file, taken
from liaison.web.fields import Input
from liaison.web.guards import current_actor, guard
from liaison.web.labels import minute
from liaison.web.paging import page
from liaison.web.uploads import read_body
from liaison.web.wiring import now, unit_of_work

SHOWN = 200
"""How many changes and faults a page lists; it counts all of them."""


CHANGED = "基础资料刚刚有人改过，和您核对时不一样了，所以还没有导入。下面已按最新的内容重新核对，请看过后再确认。"


class UploadIn(Input):
    """Which register a table is for."""

    kind = fields.String(required=True, validate=validate.OneOf(list(LAYOUTS), error="请选择导入什么。"))


@blueprint.get("/imports")
@guard("imports.read")
def import_list() -> str:
    """Templates, the form for an upload, and the imports so far."""
    return _list()


@blueprint.post("/imports")
@guard("imports.write")
def import_upload() -> Answer | tuple[str, int]:
    """Look an uploaded table over; nothing of it is written yet."""
    actor, at = current_actor(), now()
    try:
        kind = read_body(UploadIn())["kind"]
        file = request.files.get("file")
        if file is None or not file.filename:
            raise Invalid({"file": ["请选择要导入的文件。"]})
        upload = read_upload(LAYOUTS[kind], file, Words(actor))
        with unit_of_work():
            row = imports.preview(actor, upload, now=at)
    except Invalid as error:
        return _list(error), 422
    return _to(row)


@blueprint.get("/imports/<uuid:import_id>")
@guard("imports.read")
def import_page(import_id: UUID) -> str:
    """What an import changes or changed, what is wrong with it, and what can be done with it now."""
    return _page(imports.get_import(current_actor(), import_id))


@blueprint.post("/imports/<uuid:import_id>/confirm")
@guard("imports.write")
def import_confirm(import_id: UUID) -> Answer | tuple[str, int]:
    """Import what was looked over, all or nothing."""
    actor = current_actor()
    try:
        with unit_of_work():
            row = imports.confirm(actor, import_id, now=now())
    except Conflict as error:
        return _page(imports.get_import(actor, import_id), error), 409
    if row.done_at:
        flash("已导入，立即生效。")
    elif not row.stage:
        flash(CHANGED, "warning")
    return _to(row)


@blueprint.get("/imports/<uuid:import_id>/progress")
@guard("imports.read")
def import_progress(import_id: UUID) -> Response:
    """How far a long one is, asked by its page again and again; once it is through, the page is loaded anew."""
    row = imports.get_import(current_actor(), import_id)
    answer = Response(render_template("console/_import_progress.html", row=row))
    if not row.stage:
        answer.headers["HX-Refresh"] = "true"
    return answer


@blueprint.post("/imports/<uuid:import_id>/undo")
@guard("imports.write")
def import_undo(import_id: UUID) -> Answer | tuple[str, int]:
    """Bring everything an import changed back to what it was."""
    actor = current_actor()
    try:
        with unit_of_work():
            row = imports.undo(actor, import_id, now=now())
    except Conflict as error:
        return _page(imports.get_import(actor, import_id), error), 409
    flash("已撤销这次导入，基础资料回到了导入以前的样子。")
    return _to(row)


@blueprint.get("/imports/<uuid:import_id>/faults.xlsx")
@guard("imports.read")
def import_faults(import_id: UUID) -> Response:
    """The faults as a table to be worked off."""
    actor, at = current_actor(), now()
    row = imports.get_import(actor, import_id)
    rows = _faults(row)
    mark = f"{taken(actor, at, '导出')}，文件“{row.file_name}”里的 {len(rows)} 处错误。"
    return table_file("xlsx", f"faults-{row.kind}", [Sheet("错误", ("行", "列", "错在哪里"), rows)], mark)


@blueprint.get("/imports/templates/<any(department, deputy, station, roster, category):act>.xlsx")
@guard("imports.read")
def import_template(act: str) -> Response:
    """An empty table of that kind, with an example and notes."""
    actor = current_actor()
    mark = f"{LAYOUTS[act].title}导入表，{minute(now())} 由{actor.name}下载。带 * 的必须填，怎么填请看“填写说明”。"
    return _book(f"template-{act}", form_file(LAYOUTS[act], Words(actor), mark))


@blueprint.get("/imports/registers/<any(department, deputy, station, roster, category):act>.xlsx")
@guard("imports.read")
def import_register(act: str) -> Response:
    """What a register holds now, in the layout of its table, to be changed and sent back."""
    actor, at = current_actor(), now()
    with unit_of_work():
        rows = imports.take_out(actor, act, now=at)
    mark = f"{taken(actor, at, '导出')}，共 {len(rows)} 行。改好后可以直接上传。"
    return _book(f"{act}-{at:%Y%m%d-%H%M}", form_file(LAYOUTS[act], Words(actor), mark, rows))


def _book(name: str, data: bytes) -> Response:
    answer = Response(data, mimetype=FILES["xlsx"][1])
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    return answer


def _to(row: Import) -> Answer:
    return redirect(url_for("console.import_page", import_id=row.id), 303)


def _list(error: Invalid | None = None) -> str:
    actor = current_actor()
    rows, following = page(
        lambda after, limit: imports.history(actor, after=after[0] if after else None, limit=limit),
        lambda row: (row.id,),
        (UUID,),
    )
    return render_template(
        "console/imports.html",
        layouts=LAYOUTS,
        counted=imports.counted(actor),
        rows=rows,
        following=following,
        chosen=request.values.get("kind", ""),
        most=imports.MOST_LINES,
        error=error,
        at=now(),
    )


def _page(row: Import, error: Conflict | None = None) -> str:
    actor = current_actor()
    layout, words, faults = LAYOUTS[row.kind], Words(actor), _faults(row)
    return render_template(
        "console/import.html",
        row=row,
        layout=layout,
        changes=[_told(change, layout, words) for change in row.changes[:SHOWN]],
        faults=faults[:SHOWN],
        shown=SHOWN,
        own=row.by_id == actor.account_id,
        obstacle=imports.find_obstacle(actor, row),
        changed=CHANGED,
        error=error,
        at=now(),
    )


def _faults(row: Import) -> list[tuple[int, str, str]]:
    """What is wrong, in the order of the table: row, head of the column, words."""
    columns = LAYOUTS[row.kind].columns
    places = {column.field: place for place, column in enumerate(columns)}
    told = sorted(row.faults, key=lambda each: (each[0], places.get(each[1], len(places))))
    return [(line, columns[places[field]].head if field in places else "整行", words) for line, field, words in told]


def _told(change: dict, layout: Layout, words: Words) -> dict:
    """A change in words: what happened to what, and each cell as it was and as it is."""
    told = change["cells"]
    named = [column for column in layout.columns if column.field in told]
    cells = [(column.head, *(words.cell(column, value) for value in told[column.field])) for column in named]
    return change | {"name": _called(change["name"], layout, words), "cells": cells}


def _called(name: Sequence[str], layout: Layout, words: Words) -> str:
    if len(name) == 1:
        return name[0]
    return " · ".join(words.cell(column, each) for column, each in zip(layout.columns, name, strict=False))
