"""What is asked of everything there is: every route as every role, every answer for a planted word, every migration."""

from collections.abc import Iterator
from itertools import chain, islice, zip_longest
from random import Random
from secrets import token_hex

from sqlalchemy import create_engine

from liaison.db import engine_url
from liaison.domain.actors import Role
from tests.migrations import test_migrations_data as migrating
from tests.support.canary import NAME, PHONE, TYPED, build_planted, jobs, readings, seen
from tests.support.matrix import ROLES, Asker, Cell, World, build_world, cells
from tests.web.test_matrix import Asked, faults
from trust.stage import Stage, set_apart
from trust.tally import Tally

SEED = 19
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
        world = build_planted(apart.journey)
        by_turns = chain.from_iterable(zip_longest(*(_read(world, role) for role in ROLES)))
        for found in islice((each for each in by_turns if each is not None), count):
            tally.count(found)
        for job in jobs(apart.app):
            tally.count([f"a job: {word}" for word in seen(job, (NAME, PHONE, TYPED))])
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
    """Every cell of every role, the roles by turns."""
    for cell in _shuffled(world):
        yield from ((role, cell) for role in ROLES)


def _read(world: World, role: Role) -> Iterator[list[str]]:
    for address, words in readings(world, role, _shuffled(world)):
        yield [f"{role} {address}: {word}" for word in words]


def _shuffled(world: World) -> list[Cell]:
    """Every cell, so that a part of them is a part of everything."""
    every = [*cells(world.journey.app)]
    return Random(SEED).sample(every, len(every))
