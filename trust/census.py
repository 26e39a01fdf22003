"""What is asked of everything there is: every route as every role, every answer for a planted word, every migration."""

from collections.abc import Iterator
from itertools import islice
from secrets import token_hex

from sqlalchemy import create_engine

from liaison.db import engine_url
from liaison.domain.actors import Role
from tests.migrations import test_migrations_data as migrating
from tests.support.matrix import ROLES, Asker, Cell, World, build_world, cells
from tests.web.test_canary import KNOWN, NAME, PHONE, READS_WORDS, TYPED, jobs, ways
from tests.web.test_matrix import Asked, faults
from trust.stage import Stage, set_apart
from trust.tally import Tally

ALL = 1_000_000
"""More than there are."""


def matrix(stage: Stage, count: int) -> Tally:
    """Ask every route with every method as every role, about its own, a neighbour's, a parent's and nothing at all."""
    tally = Tally()
    with set_apart(stage) as apart:
        world = build_world(apart.journey)
        askers, asked = {role: Asker(world, role) for role in ROLES}, Asked()
        for role, cell in islice(_asked(world), count):
            tally.count([*faults(askers[role], cell, asked)])
    return tally


def canary(stage: Stage, count: int) -> Tally:
    """Look for the name and phone of every resident, who agreed to nothing, in every answer and every job in Redis."""
    tally = Tally()
    with set_apart(stage) as apart:
        world = build_world(apart.journey, **KNOWN)
        askers = {role: Asker(world, role) for role in ROLES}
        shown = ((role, cell) for role, cell in _asked(world) if cell.method == "GET")
        for role, cell in islice(shown, count):
            words = (NAME, PHONE) if role in READS_WORDS else (NAME, PHONE, TYPED)
            targets = world.targets(cell.kind, role) if cell.kind else None
            for target in [targets.own, *targets.foreign] if targets else [""]:
                if target is not None:
                    said = askers[role].ask(cell, target).get_data()
                    tally.count([f"{role} {cell.address(target)}: {word}" for word in _seen(said, words)])
        for job in jobs(apart.app):
            tally.count([f"a job: {word}" for word in _seen(job, (NAME, PHONE, TYPED))])
    return tally


def migrations(stage: Stage, count: int) -> Tally:
    """From every revision with rows in every table to the newest, back and up again; and from the newest to nothing."""
    tally = Tally()
    for revision in [*migrating.REVISIONS, None][:count]:
        url = stage.servers.empty_database(f"migrating_{token_hex(4)}")
        engine = create_engine(engine_url(url))
        try:
            if revision:
                migrating.test_rows_survive_the_way_to_the_newest_revision_and_back(url, engine, revision)
            else:
                migrating.test_an_installation_at_work_can_be_taken_back_to_nothing_and_built_again(url, engine)
        except AssertionError as fault:
            tally.count([f"from {revision}: {fault}"])
        else:
            tally.count([])
        finally:
            engine.dispose()
    return tally


def _asked(world: World) -> Iterator[tuple[Role, Cell]]:
    """Every cell of every role, the roles by turns so that a part of them is a part of everything."""
    for cell in cells(world.journey.app):
        yield from ((role, cell) for role in ROLES)


def _seen(said: bytes, words: tuple[str, ...]) -> list[str]:
    return [word for word in words if any(each in said for each in ways(word))]
