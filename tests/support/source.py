"""Our own source as syntax trees, for the tests that hold the rules of the house."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
Definition = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One of our modules: its dotted name and its tree."""

    name: str
    path: Path

    @cached_property
    def tree(self) -> ast.Module:
        """The module parsed."""
        return ast.parse(self.path.read_text("utf-8"))

    @cached_property
    def imports(self) -> frozenset[str]:
        """The dotted names this module imports; `from a import b` counts as `a.b` where that is a module of ours."""
        return frozenset(self._imported(self.tree))

    def deferred(self) -> list[int]:
        """The lines of imports inside functions."""
        return [inner.lineno for each in self.functions() for inner in ast.walk(each) if _is_import(inner)]

    def functions(self) -> Iterator[Definition]:
        """Every function and method."""
        return (node for node in ast.walk(self.tree) if isinstance(node, Definition))

    def lines(self) -> int:
        """How long the file is."""
        return len(self.path.read_text("utf-8").splitlines())

    def _imported(self, tree: ast.AST) -> Iterator[str]:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert not node.level, f"{self.name}: relative import in line {node.lineno}"
                for alias in node.names:
                    inner = f"{node.module}.{alias.name}"
                    yield inner if _is_module(inner) else node.module


@cache
def modules() -> tuple[Module, ...]:
    """All modules of liaison and workers, and the two doors."""
    paths = [path for package in ("liaison", "workers") for path in sorted((ROOT / package).rglob("*.py"))]
    return tuple(Module(_name(path), path) for path in [*paths, ROOT / "serve.py", ROOT / "wsgi.py"])


def within(name: str, *packages: str) -> bool:
    """Whether a dotted name is one of the packages or lies inside one."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def length(function: Definition) -> int:
    """The lines of a function, its docstring not counted."""
    whole = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function, clean=False) is None:
        return whole
    text = function.body[0]
    return whole - (text.end_lineno - text.lineno + 1)


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def _is_module(name: str) -> bool:
    place = ROOT / Path(*name.split("."))
    return place.with_suffix(".py").exists() or (place / "__init__.py").exists()


def _is_import(node: ast.AST) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)
