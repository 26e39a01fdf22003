"""What the terminal shows once all runs: address, accounts, the first station's code out of `demo.json`."""

import json
from collections.abc import Mapping
from pathlib import Path

import qrcode

from liaison.domain.station_codes import station_url


def welcome(
    base_url: str, demo_file: Path, width: int, station_keys: Mapping[str, bytes], phones: str | None = None
) -> str:
    """The text to print; without a demo only the address. `width` is that of the terminal, in columns.

    `phones` is where a demo's sandbox shows the messages that everybody gets.
    """
    lines = ["", f"  Liaison · 码上联    {base_url}", f"  Console · 工作台    {base_url}/console"]
    if phones:
        lines.append(f"  Phones · 手机消息    {phones}")
    if not demo_file.exists():
        return "\n".join(lines) + "\n"
    demo = json.loads(demo_file.read_text("utf-8"))
    lines += ["", "  Demo accounts · 演示账号"]
    lines += [_account(account) for account in _one_per_role(demo["accounts"])]
    if demo["stations"]:
        address = station_url(base_url, demo["stations"][0], station_keys)
        lines += ["", f"  Scan, or open · 扫码或打开    {address}", *_code(address, width)]
    return "\n".join(lines) + "\n"


def _one_per_role(accounts: list[dict]) -> list[dict]:
    return list({account["role"]: account for account in reversed(accounts)}.values())[::-1]


def _account(account: dict) -> str:
    place = account.get("department") or account.get("station") or ""
    return f"    {account['role']:<22} {account['username']:<20} {account['password']:<20} {place}".rstrip()


def _code(address: str, width: int) -> list[str]:
    """The QR code in half blocks, dark on light in any terminal; nothing when it would not fit."""
    code = qrcode.QRCode(border=2)
    code.add_data(address)
    code.make()
    rows = code.get_matrix()
    if len(rows) + 2 > width:
        return []
    upper, lower = rows[::2], [*rows[1::2], [False] * len(rows)]
    return [f"  \x1b[30;47m{_line(*pair)}\x1b[0m" for pair in zip(upper, lower, strict=False)]


def _line(upper: list[bool], lower: list[bool]) -> str:
    shapes = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}
    return "".join(shapes[pair] for pair in zip(upper, lower, strict=True))
