"""What attacks from within: queries without a filter, one's own approval, keys that change, what erasure leaves."""

import csv
import io
import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from openpyxl import load_workbook

from liaison.db import transaction
from liaison.services import rewrapping
from liaison.services.rewrapping import Cursor
from liaison.services.tables_out import Sheet, as_csv, as_xlsx
from liaison.services.vault import Contact, Spot
from tests.services.test_erasing import erase, sightings
from tests.services.test_four_eyes import FourEyes, staffed
from tests.services.test_rewrapping import NEW, OLD
from tests.support.life import HAPPY, TEXT
from tests.support.matrix import ROLES, build_world
from tests.support.sealed import faults, plant
from tests.web.test_wall import WALLED, actor_for, rows_of, seen_by, standing
from trust.payloads import payloads
from trust.stage import Stage, set_apart
from trust.tally import Tally

STEPS, TRIES = 25, 20
"""Steps in one life of the state machine of four eyes, and how many of them are tries in most lives."""

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠A", '=HYPERLINK("http://e/")')
BEGIN_FORMULAS = tuple("=+-@\t\r\n＝＋－＠")


def wall(stage: Stage, count: int) -> Tally:
    """Look for every row of every case as everybody, with no filter of the application's."""
    tally = Tally()
    with set_apart(stage) as apart:
        world = build_world(apart.journey)
        everything = {table: rows_of(table) for table in WALLED}
        for role in ROLES:
            actor = actor_for(world, role)
            within = {table: seen_by(actor, table) for table in WALLED}
            with standing(actor):
                for table in WALLED:
                    shown = rows_of(table)
                    for row in islice(everything[table] - within[table], count):
                        tally.count([f"{role} saw a foreign row of {table.__tablename__}"] if row in shown else [])
    return tally


def four_eyes(stage: Stage, count: int) -> Tally:
    """Ask, decide, end and look in every order; a life that goes wrong is one failure."""
    tally = Tally()
    with set_apart(stage) as apart:
        staffed(apart.life)

        class Counted(FourEyes):
            life = apart.life

            def tries(self, *tried: object) -> bool:
                tally.count([])
                return super().tries(*tried)

        lives = settings(
            max_examples=max(1, count // TRIES),
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        try:
            run_state_machine_as_test(Counted, settings=lives)
        except AssertionError as fault:
            tally.count([str(fault)])
    return tally


def rotation(stage: Stage, count: int) -> Tally:
    """Have new keys take over so many rows of every sealed table; each must open under them and none be left behind."""
    tally, at = Tally(), Cursor()
    rows = max(1, count // len(rewrapping.sealed_tables()))
    with set_apart(stage):
        with transaction():
            plant(OLD, rows)
        while at:
            with transaction():
                step = rewrapping.rewrap(NEW, at)
            at = step.next
            for _ in range(step.moved):
                tally.count([])
        left = replace(NEW, vault={"2": NEW.vault["2"]}, codes={"b": NEW.codes["b"]})
        for fault in faults(left):
            tally.count([fault])
    return tally


def erasure(stage: Stage, count: int) -> Tally:
    """Erase residents who wrote themselves into everything, and look for them in every row and in Redis."""
    tally, dice = Tally(), random.Random(1)
    with set_apart(stage) as apart:
        for _ in range(count):
            words = [*_person(dice)]
            name, phone, place = words
            told = f"我是{name}，电话{phone}，住在{place}。{TEXT}"
            left = {"contact": Contact(name, phone), "place": Spot(place, 39.1, 116.6)}
            number = apart.life.matter_in("rating", text=told, **left)
            apart.life.rate(number, replace(HAPPY, text=f"谢谢，{name}"))
            erase(apart.life, number)
            tally.count([f"{word} in {where}" for where, word in sorted(sightings(apart.app, *words))])
    return tally


def exports(stage: Stage, count: int) -> Tally:
    """Put what spreadsheets take for formulas, and payloads, into every cell of a table and read the files back."""
    tally = Tally()
    texts = [first + text for text in ("", *payloads()) for first in ("", *FORMULAS)][:count]
    for text in texts:
        sheets = [Sheet("表", ["项目", text], [[text, 1], [text, text]])]
        tally.count([*_formulas(as_xlsx(sheets, "谁")), *_beginnings(as_csv([replace(sheets[0], title=text)], text))])
    return tally


def _person(dice: random.Random) -> Iterator[str]:
    yield "".join(dice.choices("鹂鸢鹭鹳鸬鹚", k=3))
    yield f"139{dice.randrange(10**8):08}"
    yield "".join(dice.choices("甪硚埭圩垟嵊", k=4)) + "七号"


def _formulas(workbook: bytes) -> Iterator[str]:
    for sheet in load_workbook(io.BytesIO(workbook)):
        yield from (f"{cell.coordinate} is a formula" for row in sheet for cell in row if cell.data_type == "f")


def _beginnings(table: bytes) -> Iterator[str]:
    for line in csv.reader(io.StringIO(table.decode("utf-8-sig"), newline="")):
        yield from (f"a cell begins with {cell[0]!r}" for cell in line if cell.startswith(BEGIN_FORMULAS))
