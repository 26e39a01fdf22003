"""Hosts of our own on one machine: each with a network, a clock of uptime and processes to itself, and one cable.

All of it lies in namespaces of this process: nothing of the machine's own network is touched, and whatever becomes of
us, the kernel ends with us all that ran inside. Needs Linux, iproute2, util-linux, and root or unprivileged user
namespaces. Knows nothing of Liaison but how a process is started.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from liaison.processes import Child, Program, spawn

OURS = "10.77.0.1"
NOWHERE = "02:00:00:00:00:99"  # a card no host has: the switch carries what is sent to it to nobody
TOOLS = ("unshare", "nsenter", "ip")
NEW = ("--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
AS_OURSELVES = ("--user", "--map-current-user", "--keep-caps")
BOOT = "/proc/sys/kernel/random/boot_id"
_START = f'hostname "$1"; mount --bind "$2" {BOOT}; shift 2; exec "$@"'


def entrance() -> tuple[str, ...]:
    """The command line in front of a program that is to lay out hosts."""
    return ("unshare", *(AS_OURSELVES if os.geteuid() else ()), *NEW)


def missing() -> str:
    """Why there can be no such hosts here, or nothing."""
    absent = [name for name in TOOLS if not shutil.which(name)]
    if absent:
        return f"{', '.join(absent)} not installed (Debian: apt-get install iproute2 util-linux)"
    try:
        done = subprocess.run([*entrance(), "true"], check=False, capture_output=True, text=True, timeout=10)
    except subprocess.TimeoutExpired:
        return "unshare does not answer"
    return done.stderr.strip()


def lay_switch() -> None:
    """The switch, and ourselves on it; to be called first, and only behind `entrance`."""
    _run("mount -t tmpfs none /run")
    Path("/run/netns").mkdir()
    _run("ip link set lo up")
    _run("ip link add name switch type bridge")
    _run(f"ip addr add {OURS}/24 dev switch")
    _run("ip link set switch up")


@dataclass
class Host:
    """One host: its name and address, a file with the id of its boot, and for how many seconds it seems to be up."""

    name: str
    address: str
    boot: Path
    uptime: int
    child: Child | None = None

    def plug_in(self) -> None:
        """Lay its network, and a cable to the switch."""
        _run(f"ip netns add {self.name}")
        _run(f"ip link add name {self.name} type veth peer name eth0 netns {self.name}")
        _run(f"ip link set {self.name} master switch up")
        for told in ("link set lo up", f"addr add {self.address}/24 dev eth0", "link set eth0 up"):
            _run(f"ip -n {self.name} {told}")

    def inside(self, argv: tuple[str, ...]) -> tuple[str, ...]:
        """The command line of a program that works on its network, but is no process of it."""
        return ("nsenter", f"--net=/run/netns/{self.name}", *argv)

    def power_on(self, argv: tuple[str, ...], environ: Mapping[str, str], log: Path, folder: Path) -> None:
        """Boot it with this program as its first process."""
        own = ("unshare", *NEW[1:], "--uts", "--time", "--boottime", str(self.uptime))
        first = ("sh", "-c", _START, "sh", self.name, str(self.boot), *argv)
        self.child = spawn(Program(self.name, self.inside((*own, *first)), log, environ, folder))

    def kill(self) -> None:
        """End all its processes at once, by force: when the first one goes, the kernel takes the others."""
        self.child.kill()
        self.child.wait()

    def run(self, argv: tuple[str, ...], environ: Mapping[str, str]) -> subprocess.Popen[str]:
        """Start one more process on it, beside the first one in its folder, whose output can be read."""
        (first,) = psutil.Process(self.child.pid).children()
        command = ("nsenter", f"--target={first.pid}", "--net", "--mount", "--pid", "--uts", "--time", "--wd", *argv)
        return subprocess.Popen(command, env=dict(environ), stdout=subprocess.PIPE, text=True)

    def silence(self) -> None:
        """Lose all that it sends and is sent, without a word to anybody."""
        _run(f"ip link set {self.name} nomaster")

    def hear(self) -> None:
        """Connect it again."""
        _run(f"ip link set {self.name} master switch")

    def part_from(self, other: "Host") -> None:
        """Lose all that it sends to one other host."""
        _run(f"ip -n {self.name} neigh replace {other.address} lladdr {NOWHERE} nud permanent dev eth0")

    def join(self, other: "Host") -> None:
        """Let it reach that host again."""
        _run(f"ip -n {self.name} neigh del {other.address} dev eth0")


def _run(command: str) -> None:
    subprocess.run(command.split(), check=True, capture_output=True)
