"""`python -m trust [--json FILE] [ROW…]`: plays all rows or those named; 1 when an attack got through."""

import argparse
import json
import sys
import time
from pathlib import Path

from trust.rows import ROWS
from trust.stage import installed, serving
from trust.tally import Tally


def main(arguments: list[str]) -> int:
    """Play the rows one after the other, each on a stage of its own."""
    wanted, tallies = _parse(arguments), dict[str, Tally]()
    with serving() as servers:
        for name in wanted.rows or ROWS:
            began, row = time.monotonic(), ROWS[name]
            with installed(servers, name) as stage:
                tally = tallies[name] = row.play(stage, wanted.count or row.full)
            told = "".join(f", {figure} {value}" for figure, value in tally.figures.items())
            print(f"{name}: {tally.tried} tried, {tally.failed} failed (goal: {row.goal}){told}", flush=True)
            print(f"  {time.monotonic() - began:.0f} s", *(f"\n  {failure}" for failure in tally.failures), flush=True)
    if wanted.json:
        wanted.json.write_text(json.dumps({name: _told(each) for name, each in tallies.items()}, indent=1) + "\n")
    return int(any(tally.failed or not tally.tried for tally in tallies.values()))


def _told(tally: Tally) -> dict[str, int | float]:
    return {"tried": tally.tried, "failed": tally.failed} | tally.figures


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="trust", description="Attack an installation and count what got through.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"one of {', '.join(ROWS)}; all when none is named")
    parser.add_argument("--count", type=int, help="so many attacks a row instead of the full count")
    parser.add_argument("--json", type=Path)
    told = parser.parse_args(arguments)
    if unknown := [name for name in told.rows if name not in ROWS]:
        parser.error(f"there is no row {', '.join(unknown)}")
    return told


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
