"""The mini-program's own codes (小程序码): pictures that WeChat draws, each opening one page with one scene."""

import re

from liaison.clients.calls import FINAL
from liaison.clients.wechat import Wechat

WIDTH = 600  # pixels; it is printed five centimetres wide
SCENE = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]{1,32}")
"""What a scene may hold (getwxacodeunlimit)."""


class MiniProgramCodes:
    """Codes that open one page of the mini-program; shared by threads."""

    def __init__(self, wechat: Wechat, page: str) -> None:
        self._wechat, self.page = wechat, page

    def draw(self, scene: str) -> bytes:
        """The code for a scene as a picture, PNG or JPEG as WeChat likes. Raises NotSent."""
        if not SCENE.fullmatch(scene):
            raise FINAL.error("not a scene")
        body = {"scene": scene, "page": self.page, "check_path": True, "env_version": "release", "width": WIDTH}
        return self._wechat.picture("/wxa/getwxacodeunlimit", body)
