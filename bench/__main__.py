"""`python -m bench [--quick] [--json FILE]`: measure everything beside its floor, print the table, judge nobody."""

import argparse
import sys
import tempfile
from pathlib import Path

from bench import burst, counts, growth, hosts, http, load, photos, places, weight, workers
from bench.report import tell


def main() -> int:
    """Run all parts; a missed goal is a line of the table, never a failure."""
    asked = argparse.ArgumentParser(prog="bench", description=__doc__)
    asked.add_argument("--quick", action="store_true", help="three short rounds instead of five")
    asked.add_argument("--json", type=Path, help="a file for the figures")
    told = asked.parse_args()
    if not load.is_here():
        print("bench needs wrk: apt-get install wrk", file=sys.stderr)
        return 1
    rounds, seconds = (3, 1) if told.quick else (5, 3)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        with places.running(Path(folder)) as site:
            found = [*http.figures(http.measure(site, rounds, seconds)), *counts.figures(site), *weight.figures(site)]
            found += photos.figures(site, rounds, 4 if told.quick else 15)
        found += burst.measure(Path(folder), burst.MINUTE / 6 if told.quick else burst.MINUTE)
        found += weight.start_figures(Path(folder), rounds)
    found += workers.measure(rounds, *((1000, 20_000) if told.quick else (4000, 100_000)))
    found += growth.measure(("10k", "100k" if told.quick else "1M"), rounds)
    found += hosts.beside(told.quick)
    tell(found, told.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
