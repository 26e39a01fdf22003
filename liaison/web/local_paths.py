"""Where a page may lead on to when an address of a request says so: to pages of this very site, and nowhere else."""

import re

_OWN = re.compile(r"/(?:[A-Za-z0-9._~-]+/)*[A-Za-z0-9._~-]*(?:\?[A-Za-z0-9._~=&%+:,-]*)?")
"""A list of what is allowed: no scheme, host, backslash, blank, control or foreign letter has a place in it."""

CONSOLE = "/console/"
OF_RESIDENTS = ("/s/", "/m/", "/my")
"""Where pages begin that a resident comes back to from WeChat."""


def own_path(target: str) -> str:
    """The target, if it is a plain address within this very site; empty otherwise."""
    return target if _OWN.fullmatch(target) and ".." not in target else ""


def local_path(target: str) -> str:
    """The same for pages of the console alone."""
    return own_path(target) if target.startswith(CONSOLE) else ""


def resident_path(target: str) -> str:
    """The same for pages that lead through WeChat's sign-in."""
    return own_path(target) if target.startswith(OF_RESIDENTS) else ""
