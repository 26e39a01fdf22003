"""Three hosts of one installation: two with web server, workers and scheduler, one with PostgreSQL and Redis.

Secrets are copied and the folders of photos and anchors shared, as an operator would; all else is each host's own. Each
way to lose a host is tried at the worst moment: while one of its processes holds the lock that every tick needs.
"""

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import psycopg

from bench import places
from bench.apart import OURS, Host, lay_switch
from bench.residents import PORT, ask
from chaos.injection import Happened
from liaison.config import ROOT
from liaison.embedded import postgres_program, redis_program
from liaison.folder import ensure_secrets
from liaison.processes import Program, spawn, stop, wait_until

WAYS = ("killed", "powered off", "silenced", "parted")
START = 120.0  # seconds to come up
GONE = 12.0  # seconds for which a host is away, at least
UPTIME = 86_400  # each host seems to have been up for some days, and not for as long as the others
PROVIDER = 8001
LOCK = "SELECT 1 FROM clock_watch FOR UPDATE"
TOO_LONG = 60  # seconds to wait for it
END_ALL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE client_addr = %s::inet"
HOLD = f"""
import time
from sqlalchemy import text
from liaison.db import session, transaction
from workers.setting import app
with app().app_context(), transaction():
    session.execute(text("{LOCK}"))
    print("held", flush=True)
    time.sleep(600)
"""


class Trio:
    """Three hosts in one folder, the provider and the people before them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = Host("db", "10.77.0.2", folder / "boot-db", 0)
        self.hosts = [self._host(number, name) for number, name in enumerate(("east", "west"), 1)]
        self.doors = [host.address for host in self.hosts]
        database = f"postgresql://postgres@{self.store.address}/postgres"
        self.database, self.files = database, folder / "shared" / "files"
        self.children: list = []
        self.happened: list[Happened] = []
        self.freed: list[float] = []

    def start(self) -> None:
        """The database's host first, then both others at once, on an empty database: one of them lays it out."""
        lay_switch()
        for host in (self.store, *self.hosts):
            host.plug_in()
        self._start_stores()
        argv = (sys.executable, "-m", "chaos.provider", str(PROVIDER), str(self.folder), OURS)
        self._spawn(Program("provider", argv, self.folder / "provider.out", folder=ROOT))
        for host in self.hosts:
            self._boot(host)
        for host in self.hosts:
            wait_until(partial(self.is_well, host), START, f"{host.name} (see {self.folder})", host.child)
        app = places.lay_out(self._environ(self.hosts[0]), self.folder / "east", self.database)
        self.deputy, self.office = places.signed_in(app)

    def take_away(self, host: Host, how: str) -> None:
        """One fault, from the moment its host holds the lock until the host is well again."""
        holder = host.run((sys.executable, "-c", HOLD), self._environ(host))
        assert holder.stdout.readline() == "held\n", f"nobody holds the lock on {host.name}"
        began, gone = time.time(), time.monotonic()
        _strike(host, how, self.store)
        self._wait_for_lock(host)
        self.freed.append(time.monotonic() - gone)
        time.sleep(max(0.0, gone + GONE - time.monotonic()))
        self._bring_back(host, how)
        holder.kill()
        holder.wait()
        wait_until(partial(self.is_well, host), START, f"{host.name} after it was {how}")
        self.happened.append(Happened("lose host", began, time.time(), found=True))
        print(f"{host.name} {how}: lock free after {self.freed[-1]:.1f} s, well after {time.time() - began:.0f} s")

    def _wait_for_lock(self, host: Host) -> None:
        """Wait until the lock can be had again; what holds it for too long is ended, so that the run goes on."""
        with psycopg.connect(self.database, options=f"-c lock_timeout={TOO_LONG}s", autocommit=True) as connection:
            try:
                connection.execute(LOCK)
            except psycopg.errors.LockNotAvailable:
                connection.execute(END_ALL, (host.address,))

    def is_well(self, host: Host) -> bool:
        """Whether a host says so of itself."""
        return ask(host.address, "GET", "/readyz")[0] == 200

    def end(self) -> None:
        """End what would otherwise end with us."""
        for host in self.hosts:
            if host.child:
                host.kill()
        stop(self.children)

    def _bring_back(self, host: Host, how: str) -> None:
        if how in ("powered off", "silenced"):
            host.hear()
        if how == "parted":
            host.join(self.store)
        if how in ("killed", "powered off"):
            self._boot(host)

    def _host(self, number: int, name: str) -> Host:
        boot = self.folder / f"boot-{name}"
        boot.write_text(f"{number:08d}-0000-4000-8000-000000000000\n")
        return Host(name, f"10.77.0.{10 + number}", boot, number * UPTIME)

    def _boot(self, host: Host) -> None:
        argv = (sys.executable, "-m", "liaison.standalone")
        host.power_on(argv, self._environ(host), self.folder / f"{host.name}.log", ROOT)

    def _environ(self, host: Host) -> Mapping[str, str]:
        """The settings of one host: its own folder, secrets copied from the first, the rest in common."""
        own, common = self.folder / host.name, self.folder / "shared"
        if not own.exists():
            ensure_secrets(self.folder / "secrets")
            own.mkdir()
            (own / "secrets.toml").write_bytes((self.folder / "secrets" / "secrets.toml").read_bytes())
        foreign = ("LIAISON_", "DATABASE_URL", "REDIS_URL")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        (config := self.folder / f"{host.name}.toml").touch()
        return kept | {
            "LIAISON_CONFIG": str(config),
            "LIAISON_INSTANCE": str(own),
            "LIAISON_BASE_URL": "http://liaison.example",
            "LIAISON_WEB__TRUSTED_PROXIES": "1",
            "LIAISON_FILES__URL": str(self.files),
            "LIAISON_HISTORY__ANCHORS": str(common / "anchors"),
            "LIAISON_NOTICES__WEBHOOK_URL": f"http://{OURS}:{PROVIDER}/ours",
            "LIAISON_LOGGING__LEVEL": "WARNING",
            "DATABASE_URL": self.database,
            "REDIS_URL": f"redis://{self.store.address}:6379/0",
            "HOST": host.address,
            "PORT": str(PORT),
        }

    def _start_stores(self) -> None:
        postgres, redis = postgres_program(self.folder / "postgres"), redis_program(self.folder / "redis")
        with (self.folder / "postgres" / "pg_hba.conf").open("a") as rules:
            rules.write("host all all 10.77.0.0/24 trust\n")
        account = postgres.account
        become = ("--setuid", str(account.uid), "--setgid", str(account.gid)) if account else ()
        argv = self.store.inside((*become, *postgres.argv, f"--listen_addresses={self.store.address}"))
        self._spawn(replace(postgres, argv=argv, account=None))
        open_ = ("--port", "6379", "--bind", self.store.address, "--protected-mode", "no")
        self._spawn(replace(redis, argv=self.store.inside((*redis.argv, *open_))))
        wait_until(self._stores_answer, START, f"the stores (see {self.folder / 'logs'})")

    def _stores_answer(self) -> bool:
        try:
            psycopg.connect(self.database, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _spawn(self, program: Program) -> None:
        self.children.append((program, spawn(program)))


def _strike(host: Host, how: str, store: Host) -> None:
    if how in ("powered off", "silenced"):
        host.silence()
    if how == "parted":
        host.part_from(store)
    if how in ("killed", "powered off"):
        host.kill()
