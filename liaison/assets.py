"""Copies the page assets we serve out of `node_modules`, and no others: `python -m liaison.assets`."""

import shutil
from pathlib import Path

from liaison.config import ROOT

SERVED = (
    "@tabler/core/dist/css/tabler.min.css",
    "swagger-ui-dist/swagger-ui.css",
    "swagger-ui-dist/swagger-ui-bundle.js",
    "htmx.org/dist/htmx.min.js",
    "echarts/dist/echarts.simple.min.js",
    "altcha/dist/workers/pbkdf2.js",
)
WEUI = "weui.css"
WEUI_PARTS = tuple(f"weui/dist/style/{name}.min.css" for name in ("base/base", "widget/weui-cell/weui-cell"))
"""The parts of WeUI that residents' pages are made of, as one file; the whole would be six times as much."""


def copy(modules: Path, target: Path) -> None:
    """Put each served file into `target` under its own name; raises FileNotFoundError for one missing."""
    target.mkdir(parents=True, exist_ok=True)
    for name in SERVED:
        source = modules / name
        shutil.copyfile(source, target / source.name)
    parts = [(modules / name).read_text("utf-8") for name in WEUI_PARTS]
    (target / WEUI).write_text("\n".join(parts), "utf-8")


if __name__ == "__main__":
    copy(ROOT / "node_modules", ROOT / "liaison" / "static" / "vendor")
