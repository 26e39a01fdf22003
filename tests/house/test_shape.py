"""Sizes, docstrings and the one commit (DESIGN, STYLE)."""

import ast
import math
from collections.abc import Iterator

from tests.support.source import Definition, Module, length, modules

LONGEST_FILE, LONGEST_FUNCTION, USUAL_FUNCTION = 350, 50, 25
DOCUMENTED = 0.95


def test_no_file_is_too_long() -> None:
    assert [(module.name, module.lines()) for module in modules() if module.lines() > LONGEST_FILE] == []


def test_no_function_is_too_long() -> None:
    lengths = {f"{module.name}:{each.name}": length(each) for module in modules() for each in module.functions()}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FUNCTION} == {}
    assert sorted(lengths.values())[math.ceil(0.95 * len(lengths)) - 1] <= USUAL_FUNCTION


def test_public_functions_say_what_they_promise() -> None:
    public = [(module, each) for module in modules() for each in _public(module.tree)]
    silent = [f"{module.name}:{each.name}" for module, each in public if not ast.get_docstring(each)]
    assert 1 - len(silent) / len(public) >= DOCUMENTED, silent


def test_every_module_says_why_it_exists() -> None:
    assert [module.name for module in modules() if module.tree.body and not ast.get_docstring(module.tree)] == []


def test_only_db_commits() -> None:
    assert [module.name for module in modules() if module.name != "liaison.db" and _commits(module)] == []


def test_rules_and_services_read_no_clock() -> None:
    readers = {"liaison.services.photos"}  # none of the others; photos measures how long its own child process took
    guilty = [
        f"{module.name}:{node.lineno}"
        for module in modules()
        if module.name.startswith(("liaison.domain.", "liaison.services.")) and module.name not in readers
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("datetime.now", "date.today", "time.time")
    ]
    assert guilty == []


def _public(tree: ast.Module) -> Iterator[Definition]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from (each for each in node.body if isinstance(each, Definition) and _is_public(each))
        elif isinstance(node, Definition) and _is_public(node):
            yield node


def _is_public(function: Definition) -> bool:
    return not function.name.startswith("_")


def _commits(module: Module) -> bool:
    calls = (node for node in ast.walk(module.tree) if isinstance(node, ast.Call))
    return any(isinstance(call.func, ast.Attribute) and call.func.attr == "commit" for call in calls)
