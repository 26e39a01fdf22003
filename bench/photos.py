"""Photos: our derivatives beside Pillow's own, an upload beside a bare one, and what others feel meanwhile.

The picture is made here: 12 megapixels with a sensor's noise, some 4 MB as a phone writes it. *Pillow's own* is the
plainest way to the same two sizes and qualities, in this very process. *A bare upload* is Flask receiving the same form
on the floor's server and putting the photo on disk. Of ours counts what the photo adds to a submission in the web
processes; what the darkroom does with it has its own line, and its own processes.
"""

import asyncio
import io
import os
import random
import secrets
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from http.client import HTTPConnection

import psutil
from PIL import Image

from bench.burst import SCAN, Arrival, run
from bench.load import Request, cpu_of
from bench.operations import words
from bench.places import STATION, Site
from bench.report import Figure
from liaison.config import ROOT
from liaison.services import photos
from liaison.services.darkroom import darkroom

SIZE = (4000, 3000)
PAGES = 30  # a second, while others upload
UPLOADERS = 2
FIELDS = {"text": "", "place.name": "桂园路"}


def figures(site: Site, rounds: int, seconds: int) -> list[Figure]:
    """All three, each in so many rounds; prints what was measured."""
    picture = taken()
    print(f"photos        a picture of {len(picture) / 1e6:.1f} MB", flush=True)
    return [_derivatives(picture, rounds), _upload(site, picture, rounds), _others(site, picture, seconds)]


def taken() -> bytes:
    """A photo such as phones take: shapes, light and noise."""
    chance = random.Random(1)
    small = Image.frombytes("RGB", (40, 30), chance.randbytes(3600)).resize(SIZE, Image.Resampling.BICUBIC)
    noisy = Image.blend(small, Image.effect_noise(SIZE, 40).convert("RGB"), 0.12)
    out = io.BytesIO()
    noisy.save(out, "JPEG", quality=88)
    return out.getvalue()


def plain(picture: bytes) -> list[bytes]:
    """The two sizes as anybody would make them with Pillow."""
    found = []
    with Image.open(io.BytesIO(picture)) as image:
        for side, quality in ((photos.FULL_SIDE, photos.QUALITY), (photos.THUMB_SIDE, photos.THUMB_QUALITY)):
            image.draft("RGB", (side, side))
            image.thumbnail((side, side), Image.Resampling.LANCZOS)
            out = io.BytesIO()
            image.save(out, "JPEG", quality=quality)
            found.append(out.getvalue())
    return found


def _derivatives(picture: bytes, rounds: int) -> Figure:
    photos.prepare(picture)  # the darkroom is begun
    spent: dict[str, list[float]] = {"ours": [], "Pillow's": []}
    for _ in range(rounds):
        spent["Pillow's"].append(_cpu(lambda: plain(picture)))
        spent["ours"].append(_cpu(lambda: photos.prepare(picture)))
    medians = {name: statistics.median(values) for name, values in spent.items()}
    print("derivatives   CPU ms: " + ", ".join(f"{name} {value * 1000:.0f}" for name, value in medians.items()))
    darkroom.close()
    return Figure("derivatives, of Pillow's rate", medians["Pillow's"] / medians["ours"], 0.7)


def _cpu(work: Callable[[], object]) -> float:
    """CPU seconds of this process and the darkroom's."""
    before = cpu_of(os.getpid())
    work()
    return cpu_of(os.getpid()) - before


def _upload(site: Site, picture: bytes, rounds: int) -> Figure:
    path = f"/api/v1/stations/{STATION}/matters"
    _post(site.ours, path, picture)
    ours, without, bare, drawn = [], [], [], []
    for _ in range(rounds):
        bare.append(_spent(site, "floor", lambda: _post(site.floor, "/uploads", picture))[0])
        without.append(_spent(site, "ours", lambda: _post(site.ours, path, None))[0])
        web, dark = _spent(site, "ours", lambda: _post(site.ours, path, picture))
        ours.append(web)
        drawn.append(dark)
    own, base, least = (statistics.median(each) * 1000 for each in (ours, without, bare))
    print(f"upload        CPU ms: ours {own:.1f} in the web processes, {base:.1f} of them without the photo;", end=" ")
    print(f"bare {least:.1f}; the darkroom {statistics.median(drawn) * 1000:.0f}", flush=True)
    return Figure("upload, CPU of a bare one", (own - base) / least, 1.2, least=False)


TIMES = 20  # uploads of one reading, since the system counts CPU in hundredths of a second


def _spent(site: Site, name: str, work: Callable[[], object]) -> tuple[float, float]:
    """CPU seconds of one upload in a server's own processes, and in the darkrooms below them."""
    before, dark = cpu_of(site.pids[name]), _darkrooms(site.pids[name])
    for _ in range(TIMES):
        work()
    drawn = _darkrooms(site.pids[name]) - dark
    return (cpu_of(site.pids[name]) - before - drawn) / TIMES, drawn / TIMES


def _darkrooms(server: int) -> float:
    found = [each for each in psutil.Process(server).children(recursive=True) if "darkroom" in " ".join(each.cmdline())]
    return sum(cpu_of(each.pid) for each in found if each.parent() not in found)


def _others(site: Site, picture: bytes, seconds: int) -> Figure:
    """How much longer others wait for a station's page while photos are uploaded all the time."""
    idle = _p95(site, seconds)
    told = [sys.executable, "-m", "bench.photos", str(site.ours), str(seconds)]
    uploaders = [subprocess.Popen(told, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(UPLOADERS)]
    for each in uploaders:
        each.stdout.readline()  # it has its picture, and begins
    busy = _p95(site, seconds)
    sent = sum(int(each.communicate()[0]) for each in uploaders)
    rate = sent / seconds
    print(f"station page  p95 {idle:.0f} ms, {busy:.0f} ms during {rate:.1f} uploads/s by {UPLOADERS}", flush=True)
    return Figure("page p95 during uploads ÷ idle", busy / idle, 2, least=False)


def keep_posting(port: int, seconds: float) -> None:
    """Upload one photo after the other for so long; a program of its own, so that it keeps no other client waiting."""
    picture, sent = taken(), 0
    print("ready", flush=True)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        _post(port, f"/api/v1/stations/{STATION}/matters", picture)
        sent += 1
    print(sent)


def _p95(site: Site, seconds: int) -> float:
    page = Request("GET", f"/s/{STATION}", {"Connection": "close", "Accept-Encoding": "gzip"}).raw()
    arrivals = [Arrival(place / PAGES, SCAN, page) for place in range(PAGES * seconds)]
    outcomes = asyncio.run(run(site.ours, arrivals))
    if any(each.status != 200 for each in outcomes):
        raise RuntimeError("a page failed")
    return statistics.quantiles([each.took * 1000 for each in outcomes], n=20)[-1]


def _post(port: int, path: str, picture: bytes | None) -> None:
    """Send a submission as a form, with a photo or none. Raises RuntimeError when it is not taken."""
    edge = secrets.token_hex(16)
    parts = [_part(edge, name, (value or words(random.Random())).encode()) for name, value in FIELDS.items()]
    if picture:
        parts.append(_part(edge, "photos", picture, '; filename="a.jpg"\r\nContent-Type: image/jpeg'))
    body = b"".join([*parts, f"--{edge}--\r\n".encode()])
    line = HTTPConnection("127.0.0.1", port, timeout=60)
    told = {"Content-Type": f"multipart/form-data; boundary={edge}", "Idempotency-Key": secrets.token_hex(8)}
    line.request("POST", path, body, told)
    answer = line.getresponse()
    if answer.status != 201:
        raise RuntimeError(f"{path}: {answer.status} {answer.read()[:300]}")
    answer.read()
    line.close()


def _part(edge: str, name: str, value: bytes, more: str = "") -> bytes:
    return f'--{edge}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + value + b"\r\n"


if __name__ == "__main__":
    keep_posting(int(sys.argv[1]), float(sys.argv[2]))
