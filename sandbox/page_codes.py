"""The mini-program's codes, and what somebody sees who scans one: there is no mini-program here, only its address."""

import re
from io import BytesIO

import qrcode
from flask import Blueprint, Response, render_template, request

from sandbox.control import world
from sandbox.wechat import asked_for, refuse, token_fault

routes = Blueprint("page_codes", __name__)
pages = Blueprint("mini_pages", __name__)

PER_MINUTE = ((60.0, 5000),)
_SCENE = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]{1,32}")
_PAGE = re.compile(r"pages/[\w-]+(/[\w-]+)*")


@routes.post("/wxa/getwxacodeunlimit")
def draw() -> Response:
    """Draw the code that opens a page with a scene: its bytes, or an error as JSON."""
    asked, here = asked_for(), world()
    with here.lock:
        if fault := token_fault(here):
            return refuse(*fault)
        if here.is_over("page codes", PER_MINUTE):
            return refuse(45009, "reach max api minute quota limit")
    scene, page, width = str(asked.get("scene", "")), str(asked.get("page", "")), asked.get("width", 430)
    if not _SCENE.fullmatch(scene):
        return refuse(40169, "invalid length for scene, or the data is not json string")
    if page and not _PAGE.fullmatch(page):
        return refuse(41030, "invalid page")
    if not isinstance(width, int) or not 280 <= width <= 1280:
        return refuse(40097, "invalid args")
    return Response(_picture(f"{request.host_url}{page}?scene={scene}", width), mimetype="image/png")


@pages.get("/pages/<path:page>")
def show(page: str) -> str:
    """What a scanned code leads to: which page would open with what, and the way to the station beside it."""
    scene = request.args.get("scene", "")
    code, dot, signature = scene.partition(".")
    site = world().settings.sms_link
    link = f"{site}s/{code}?k={signature}" if site and dot else ""
    return render_template("mini_page.html", page=f"pages/{page}", scene=scene, link=link)


def _picture(text: str, width: int) -> bytes:
    code = qrcode.QRCode(border=4)
    code.add_data(text)
    code.make()
    out = BytesIO()
    code.make_image().get_image().convert("RGB").resize((width, width)).save(out, "PNG")
    return out.getvalue()
