"""Where a page may lead on to when an address of a request says so: to pages of the console, and nowhere else."""

import re

_LOCAL = re.compile(r"/console/(?:[A-Za-z0-9._~-]+/)*[A-Za-z0-9._~-]*(?:\?[A-Za-z0-9._~=&%+:,-]*)?")
"""A list of what is allowed: no scheme, host, backslash, blank, control or foreign letter has a place in it."""


def local_path(target: str) -> str:
    """The target, if it is a plain address within the console of this very site; empty otherwise."""
    return target if _LOCAL.fullmatch(target) and ".." not in target else ""
