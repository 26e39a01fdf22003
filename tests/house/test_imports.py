"""Imports point down only (DESIGN, layout), and each outside library stays in its layer."""

import sys

import pytest

from tests.support.source import Module, modules, within

LAYERS = {
    "liaison.domain": ("liaison.domain",),
    "liaison.models": ("liaison.domain", "liaison.models"),
    "liaison.clients": ("liaison.domain", "liaison.clients"),
    "liaison.services": (
        "liaison.domain",
        "liaison.models",
        "liaison.services",
        "liaison.clients",
        "liaison.db",
        "liaison.wall",
        "liaison.writing",
        "liaison.config",
        "liaison.settings",
    ),
    "liaison.web": (
        "liaison.domain",
        "liaison.models",
        "liaison.services",
        "liaison.clients",
        "liaison.db",
        "liaison.wall",
        "liaison.config",
        "liaison.settings",
        "liaison.programs",
        "liaison.web",
    ),
}
"""Which of our packages each layer may import."""

HOMES = {
    "flask": ("liaison.app", "liaison.cli", "liaison.web", "workers"),
    "flask_sqlalchemy": ("liaison.db",),
    "flask_babel": ("liaison.web",),
    "flask_limiter": ("liaison.app", "liaison.web"),
    "apiflask": ("liaison.app", "liaison.web"),
    "marshmallow": ("liaison.web",),
    "redis": ("liaison.app", "liaison.ways_out", "liaison.clients", "workers"),
    "rq": ("liaison.clients.bell", "workers"),
    "httpx": ("liaison.clients",),
    "requests": ("liaison.clients",),
    "urllib3": ("liaison.clients",),
    "boto3": ("liaison.clients",),
    "obstore": ("liaison.clients.buckets",),
}
"""The only modules that may import each library."""

HEAVY = ("PIL", "alembic", "fpdf", "openpyxl", "pillow_heif", "pypinyin", "qrcode", "xlsxwriter")
"""Some 100 MB in all: they belong to the press, the darkroom and the commands."""

FOREIGN_TO_SQL = ("liaison.domain", "liaison.web")
DOWNWARD = {
    # The engine's own stair within services: a module may import those of a lower step only.
    "liaison.services.reach": 0,
    "liaison.services.trunks": 1,
    "liaison.services.calendars": 1,
    "liaison.services.preferences": 1,
    "liaison.services.audit": 1,
    "liaison.services.channels": 0,
    "liaison.services.sealing": 0,
    "liaison.services.recognition": 2,
    "liaison.services.sign_in": 3,
    "liaison.services.vault": 1,
    "liaison.services.clocks": 4,
    "liaison.services.recipients": 4,
    "liaison.services.cases": 5,
    "liaison.services.notices": 5,
    "liaison.services.claims": 5,
    "liaison.services.announcements": 6,
}

everywhere = pytest.mark.parametrize("module", modules(), ids=lambda module: module.name)


@everywhere
def test_a_layer_imports_only_what_lies_below_it(module: Module) -> None:
    for layer, allowed in LAYERS.items():
        if within(module.name, layer):
            assert [name for name in module.imports if within(name, "liaison") and not within(name, *allowed)] == []


@everywhere
def test_a_library_stays_in_its_home(module: Module) -> None:
    strays = [
        name
        for name in module.imports
        for library, homes in HOMES.items()
        if within(name, library) and not within(module.name, *homes)
    ]
    assert strays == []


@everywhere
def test_liaison_never_imports_workers(module: Module) -> None:
    assert within(module.name, "workers") or not [name for name in module.imports if within(name, "workers")]


@everywhere
def test_nothing_is_imported_inside_a_function(module: Module) -> None:
    assert module.deferred() == []


def test_the_rules_know_only_the_standard_library() -> None:
    rules = [module for module in modules() if within(module.name, "liaison.domain")]
    foreign = {
        (module.name, name)
        for module in rules
        for name in module.imports
        if not within(name, "liaison.domain") and name.split(".")[0] not in sys.stdlib_module_names
    }
    assert len(rules) > 10 and foreign == set()


def test_neither_rules_nor_faces_know_sql() -> None:
    layers = [module for module in modules() if within(module.name, *FOREIGN_TO_SQL)]
    fluent = [each.name for each in layers if any(within(name, "sqlalchemy", "psycopg") for name in each.imports)]
    assert layers and fluent == []


def test_services_of_the_engine_import_one_another_only_downward() -> None:
    upward = [
        (module.name, name)
        for module in modules()
        for name in module.imports
        if module.name in DOWNWARD
        and within(name, "liaison.services")
        and DOWNWARD.get(name, sys.maxsize) >= DOWNWARD[module.name]
    ]
    assert upward == []


def test_no_import_loops() -> None:
    waiting = {module.name: {name for name in module.imports if name != module.name} for module in modules()}
    waiting = {name: {each for each in imported if each in waiting} for name, imported in waiting.items()}
    while free := {name for name, imported in waiting.items() if not imported}:
        waiting = {name: imported - free for name, imported in waiting.items() if name not in free}
    assert waiting == {}


def test_a_web_worker_loads_nothing_that_only_papers_need() -> None:
    known, seen, ahead = {module.name: module for module in modules()}, set(), {"serve"}
    while ahead:
        name = ahead.pop()
        seen.add(name)
        ahead |= {each for each in known[name].imports if each in known} - seen if name in known else set()
    loaded = {(name, each) for name in seen for each in known[name].imports if within(each, *HEAVY)}
    assert len(seen) > 200 and loaded == set()
