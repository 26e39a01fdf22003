"""Roughly from where a request comes, for the list of one's own sign-ins: enough to know oneself, no more."""

from ipaddress import IPv4Address, ip_address

from flask import request

from liaison.services.sign_in import Origin

BROWSERS = (
    ("wxwork", "企业微信"),
    ("micromessenger", "微信"),
    ("edg", "Edge"),
    ("firefox", "Firefox"),
    ("chrome", "Chrome"),
    ("safari", "Safari"),
)
SYSTEMS = (
    ("harmonyos", "鸿蒙"),
    ("openharmony", "鸿蒙"),
    ("android", "安卓"),
    ("iphone", "iPhone"),
    ("ipad", "iPad"),
    ("windows", "Windows"),
    ("mac os", "Mac"),
    ("linux", "Linux"),
)
"""By what a browser calls itself; the first that fits, since each also names those it descends from."""


def origin() -> Origin:
    """The kind of device and the network of this request."""
    agent = (request.user_agent.string or "").lower()
    named = [next((name for mark, name in table if mark in agent), "") for table in (BROWSERS, SYSTEMS)]
    return Origin(" · ".join(filter(None, named)), _network(request.remote_addr or ""))


def _network(address: str) -> str:
    """The first half of an IPv4 address or the first two groups of another; empty for what is none."""
    try:
        found = ip_address(address)
    except ValueError:
        return ""
    if isinstance(found, IPv4Address):
        return ".".join([*str(found).split(".")[:2], "*", "*"])
    return ":".join([*found.exploded.split(":")[:2], "*"])
