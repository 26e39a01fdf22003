"""What the registers of an installation may hold: kinds of stations, levels of deputies, and how a code is written.

Pure. The registers are the departments, deputies, stations and categories that everything else refers to by code.
"""

import re
import secrets
from collections.abc import Container

STATION_KINDS = ("home", "station", "point", "base", "chain")
CAPABILITIES = ("legislation", "budget", "demonstration")
DEPUTY_LEVELS = ("national", "provincial", "city", "county", "township")
ALSO_PROVINCIAL = "province"  # how some tables write it

LONGEST_CODE = 32
LONGEST_MADE = 12  # characters of a code made from a name: short enough to be read out on the telephone
STATION_LETTERS = "23456789abcdefghjkmnpqrstvwxyz"
"""No 0, 1, i, l, o and u: the code stands on the poster, and somebody will copy it by hand."""

STATION_LENGTH = 6  # of 30 letters each: 700 million, so that nobody guesses the neighbour's

RESERVED = frozenset({"new"})  # where the form for a new row stands
CODE_WORDS = f"代号只能用字母、数字、“-”和“_”，以字母或数字开头，最多 {LONGEST_CODE} 个。"
_CODE = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_-]{{0,{LONGEST_CODE - 1}}}")
_PLAIN = re.compile(r"[a-z0-9]")


def is_code(text: str) -> bool:
    """Whether a new row may be called so: the code stands in addresses and in tables."""
    return bool(_CODE.fullmatch(text)) and text.lower() not in RESERVED


def make_station_code(taken: Container[str]) -> str:
    """A public code no station has; told by chance, not by counting."""
    while True:
        code = "".join(secrets.choice(STATION_LETTERS) for _ in range(STATION_LENGTH))
        if code not in taken:
            return code


def make_code(initials: str, taken: Container[str]) -> str:
    """A code from a name's initials ("zfhcxjsj"), with a number when another row is called so."""
    stem = "".join(_PLAIN.findall(initials.lower()))[:LONGEST_MADE] or "x"
    if stem not in taken and stem not in RESERVED:
        return stem
    number = 2
    while f"{stem}{number}" in taken:
        number += 1
    return f"{stem}{number}"
