"""Debian's Chromium on pages of a server in this process; whatever a page complains of is kept and must be nothing."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import noto_cjk_sans_otc
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Request, Response, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MICROPHONE = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
"""A microphone that beeps, and somebody who lets every page use it that may ask."""

PHONE = {"viewport": {"width": 360, "height": 740}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
DESK = {"viewport": {"width": 1440, "height": 900}}


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """Keep requests out of the test's output."""


def _closed_at_once(app: Flask) -> WSGIApplication:
    """The application with every answer read whole: this server forgets to close the file of one nobody waits for."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        parts = app(environ, start_response)
        with closing(parts) if hasattr(parts, "close") else nullcontext():
            return [b"".join(parts)]

    return answer


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The application behind a port of its own, many requests at once; its address."""
    server = make_server("127.0.0.1", 0, _closed_at_once(app), threaded=True, request_handler=_Quiet)
    server.daemon_threads, server.block_on_close = False, True  # no request outlives the test
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def chromium(folder: Path, *more: str) -> Iterator[Browser]:
    """A browser with Chinese letters, and `more` flags."""
    fonts = folder / "share" / "fonts"
    fonts.mkdir(parents=True)
    (fonts / "cjk.otc").symlink_to(noto_cjk_sans_otc.FONT_PATH)
    environ = {"XDG_DATA_HOME": str(folder / "share"), "HOME": str(folder), "LANG": "C.UTF-8"}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *more], env=environ)
        try:
            yield browser
        finally:
            browser.close()


def _failed(request: Request) -> bool:
    """Whether a load was refused, not merely left behind by going to another page."""
    return request.failure != "net::ERR_ABORTED"


class Window:
    """One person's browser window and all it complained of: errors, refused loads, answers that failed."""

    def __init__(self, browser: Browser, base_url: str, **size: Any) -> None:
        self.context: BrowserContext = browser.new_context(
            base_url=base_url, locale="zh-CN", timezone_id="Asia/Shanghai", **size
        )
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda said: self._note(said.text, said.type in ("error", "warning")))
        self.page.on("pageerror", lambda error: self._note(str(error)))
        self.page.on("requestfailed", lambda request: self._note(f"{request.failure} {request.url}", _failed(request)))
        self.page.on("response", self._response)

    def _response(self, answer: Response) -> None:
        self._note(f"{answer.status} {answer.url}", answer.status >= 400)

    def _note(self, complaint: str, wrong: bool = True) -> None:
        if wrong:
            self.complaints.append(complaint)

    def close(self) -> None:
        """Close the window, which must have had nothing to complain of."""
        self.context.close()
        assert not self.complaints, "\n".join(self.complaints)
