"""Every queue has a worker, and what the cron table names exists."""

from importlib import import_module
from pathlib import Path

from liaison.programs import QUEUES, background
from workers import relay
from workers.schedule import TICKS


def test_every_queue_has_a_worker_of_its_own_and_there_is_one_scheduler() -> None:
    programs = background({}, Path("logs"), Path())
    served = [program.argv[-1] for program in programs if program.argv[-2] == "worker"]
    assert sorted(served) == sorted(QUEUES)
    assert [program.argv[-1] for program in programs].count("scheduler") == 1


def test_every_tick_names_a_job_and_a_queue_that_exist() -> None:
    for job in [tick.job for tick in TICKS] + [relay.JOB]:
        module, _, name = job.rpartition(".")
        assert callable(getattr(import_module(module), name)), job
    assert {tick.queue for tick in TICKS} | {relay.QUEUE} <= set(QUEUES)


def test_every_queue_proves_that_it_lives() -> None:
    beaten = {tick.arguments[0] for tick in TICKS if tick.job.endswith(".beat")}
    assert beaten == set(QUEUES)
