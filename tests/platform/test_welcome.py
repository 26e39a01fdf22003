"""What the terminal shows: the address, and for a demo one account per role and a code phones can read."""

import json
from pathlib import Path

import numpy
import pytest
import zxingcpp

from liaison.domain.station_codes import station_url
from liaison.welcome import welcome

BASE = "http://192.168.1.20:8000"
KEYS = {"1": b"k" * 32}
BLOCKS = {" ": (0, 0), "▀": (1, 0), "▄": (0, 1), "█": (1, 1)}


@pytest.fixture
def demo_file(tmp_path: Path) -> Path:
    accounts = [
        {"username": f"{role}{number}", "password": "demo-1234", "role": role}
        for role in ("office", "deputy")
        for number in (1, 2)
    ]
    path = tmp_path / "demo.json"
    path.write_text(json.dumps({"base_url": BASE, "stations": ["S001", "S002"], "accounts": accounts}))
    return path


def picture(text: str) -> numpy.ndarray:
    """The printed code as an image, four dots to a module."""
    rows = [line.split("m", 1)[1].removesuffix("\x1b[0m") for line in text.splitlines() if "\x1b[" in line]
    dots = [[BLOCKS[block][half] for block in row] for row in rows for half in (0, 1)]
    return numpy.kron(255 * (1 - numpy.array(dots, dtype=numpy.uint8)), numpy.ones((4, 4), dtype=numpy.uint8))


def test_the_printed_code_leads_to_the_first_station(demo_file: Path) -> None:
    (code,) = zxingcpp.read_barcodes(picture(welcome(BASE, demo_file, 80, KEYS)))
    assert code.text == station_url(BASE, "S001", KEYS)


def test_each_role_is_shown_by_its_first_account(demo_file: Path) -> None:
    text = welcome(BASE, demo_file, 80, KEYS)
    assert "office1" in text
    assert "deputy1" in text
    assert "office2" not in text


def test_a_terminal_too_narrow_for_the_code_still_shows_the_address(demo_file: Path) -> None:
    text = welcome(BASE, demo_file, 20, KEYS)
    assert "█" not in text
    assert f"{BASE}/s/S001" in text


def test_without_a_demo_only_the_address_is_shown(tmp_path: Path) -> None:
    text = welcome(BASE, tmp_path / "absent.json", 80, KEYS)
    assert BASE in text
    assert "演示账号" not in text
