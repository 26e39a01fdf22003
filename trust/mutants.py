"""`python -m trust.mutants [MODULE…]`: changes the rules of `liaison/domain` one by one and counts what no test sees.

mutmut makes the changes and runs `tests/domain` in processes that have imported everything and run it all once, so that
what a module calls while it is imported, such as the makers of its tables, or only to fill a cache, seems to survive
whatever is done to it. Those are tried anew, each in a process of its own. Hypothesis draws the same examples each time
and knows no deadline, so that a slow machine is not taken for a test that noticed something.
"""

import ast
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

COPY = Path("mutants")
"""Where mutmut works and keeps what it found: `mutmut results` and `mutmut show NAME` tell more."""

_SEEN = {1: "killed", 3: "killed", 0: "survived", 5: "without a test", 33: "without a test", None: "not tried"}
_OUTCOMES = ("killed", "survived", "without a test", "not tried", "in time without end")
PROCESSES = "2"


def main(modules: list[str]) -> int:
    """Try every change, or those of some modules; tell the shares."""
    names = [f"liaison.domain.{module}.*" for module in modules] or ["liaison.domain.*"]
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", PROCESSES, *names]
    done = subprocess.run(command, check=False, env=_environ())
    if done.returncode:
        return done.returncode
    found = {path: json.loads(path.read_text()) for path in sorted(COPY.glob("liaison/domain/*.meta"))}
    total = Counter[str]()
    for path, told in found.items():
        module, codes = path.name.removesuffix(".py.meta"), told["exit_code_by_key"]
        if not codes or (modules and module not in modules):
            continue
        _try_anew(path, told)
        counts = Counter(_SEEN.get(code, _OUTCOMES[-1]) for code in codes.values())
        total += counts
        _tell(module, counts)
    _tell("all", total)
    return 0


def _tell(name: str, counts: Counter[str]) -> None:
    noticed, tried = counts["killed"] + counts[_OUTCOMES[-1]], max(1, counts.total())
    parts = ", ".join(f"{counts[outcome]} {outcome}" for outcome in _OUTCOMES if counts[outcome])
    print(f"{name:20} {noticed / tried:6.1%} of {counts.total():4}: {parts}", flush=True)


def _try_anew(path: Path, told: dict) -> None:
    codes, changed = told["exit_code_by_key"], False
    called = set(_called_once(Path(path.parent.relative_to(COPY), path.stem)))
    for name, code in codes.items():
        function = name.rpartition(".")[2].rpartition("__mutmut_")[0].removeprefix("x_")
        if code in (0, 5, 33) and function in called:
            codes[name], changed = _run_alone(name), True
    if changed:
        path.write_text(json.dumps(told, indent=4))


def _called_once(source: Path) -> Iterator[str]:
    """Names of what a module calls outside of its functions and classes, or in a function whose answers are kept."""
    for statement in ast.parse(source.read_text("utf-8")).body:
        decorators = " ".join(map(ast.unparse, getattr(statement, "decorator_list", ())))
        if "cache" in decorators or not isinstance(statement, ast.FunctionDef | ast.ClassDef):
            yield from (node.id for node in ast.walk(statement) if isinstance(node, ast.Name))


def _run_alone(name: str) -> int:
    """0 when every test passes with this change, 1 otherwise."""
    command = [sys.executable, "-m", "pytest", "--noconftest", "-x", "-q", "-p", "no:cacheprovider", "tests/domain"]
    environ = _environ() | {"MUTANT_UNDER_TEST": name, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return int(subprocess.run(command, cwd=COPY, env=environ, check=False, capture_output=True).returncode != 0)


def _environ() -> dict[str, str]:
    """What Hypothesis takes for a build server."""
    return os.environ | {"CI": "true"}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
