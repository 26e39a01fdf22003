"""The cron table: what happens how often, as data. Jobs stand here by name, so the scheduler stays light.

RQ does not catch up ticks missed while it is down, and need not: a job takes all that is due by then.
"""

from dataclasses import dataclass

from liaison.programs import QUEUES


@dataclass(frozen=True)
class Tick:
    """One line: the job's dotted name, its queue and period in seconds; a tick nobody took goes stale."""

    job: str
    queue: str
    every: int
    arguments: tuple[str, ...] = ()
    timeout: int = 60

    @property
    def lifetime(self) -> int:
        """Seconds after which an unstarted tick is dropped, so that none pile up while no worker runs."""
        return 2 * self.every


TICKS = (
    Tick("workers.jobs.relay", "ticks", every=5),
    Tick("workers.jobs.fall_due", "ticks", every=15),
    Tick("workers.jobs.lapse", "ticks", every=30),
    Tick("workers.jobs.digest", "ticks", every=60),
    Tick("workers.jobs.sweep", "ticks", every=60),
    Tick("workers.inbound.work_off", "ticks", every=5),
    Tick("workers.checks.check_content", "notices", every=5),
    Tick("workers.inbound.answer", "notices", every=5),
    Tick("workers.imports.work_off", "ticks", every=5, timeout=600),
    Tick("workers.history.anchor", "ticks", every=300, timeout=600),
    Tick("workers.rewrapping.rewrap", "ticks", every=300),
    Tick("workers.life.remove_doomed", "ticks", every=60),
    Tick("workers.life.write_down_erasures", "ticks", every=15),
    Tick("workers.life.retain", "ticks", every=3600, timeout=3000),
    Tick("workers.jobs.sweep_files", "ticks", every=3600, timeout=600),
    *(Tick("workers.jobs.beat", queue, every=10, arguments=(queue,)) for queue in QUEUES),
)
