"""What is looked at on every page: axe, what sticks out on a narrow screen, pictures for whoever wants to see them."""

import os
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

PICTURES = os.environ.get("LIAISON_PICTURES")
"""The folder to keep a picture of each page in; none is kept without."""

_AXE = Axe()


def faults(page: Page, options: dict | None = None) -> list[str]:
    """What axe finds wrong, each with the element."""
    told = _AXE.run(page, options=options or {"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{each['id']}: {node['html'][:120]} {node['failureSummary'][:160]}" for each in told for node in each["nodes"]
    ]


def sideways(page: Page, size: dict[str, int]) -> list[str]:
    """What sticks out on a screen of that size, which the page keeps."""
    page.set_viewport_size(size)
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [f"sticks out by {wide} px at {size['width']} px"] if wide > 0 else []


def keep(page: Page, kind: str, address: str) -> None:
    """Keep a picture of the page, when asked to."""
    if PICTURES:
        name = address.strip("/").replace("/", "_").partition("?")[0] or "start"
        page.screenshot(path=Path(PICTURES) / f"{name}.{kind}.png", full_page=True)
