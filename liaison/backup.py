"""A backup is a folder: the database's dump, the files its rows name, and a manifest with the checksum of each.

    manifest.json          written last: a folder without it is no finished backup
    manifest.json.sha256   its own checksum, for `sha256sum -c`
    database.dump          pg_dump's custom format, of one moment
    files/                 the file store as it was, by key
    anchors/               the daily anchors of all histories

Files are immutable and written before the rows that name them, so those copied after the dump was begun are all it
needs. What the file store no longer has, or has altered, is recorded as a fault and does not keep the rest from
being saved. The keys that open sealed names and query codes are left out, since a backup is carried around; the
manifest holds a fingerprint of each, so that a restore under other keys is noticed.
"""

import hashlib
import hmac
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from liaison import dump
from liaison.clients.files import FileStore, open_store
from liaison.domain.errors import NotFound
from liaison.dump import NamedFile, Snapshot
from liaison.settings import Config, Secrets

FORMAT = 1
MANIFEST, SEAL, DUMP, FILES = "manifest.json", "manifest.json.sha256", "database.dump", "files"
ANCHORS = "anchors"


class Unfit(Exception):
    """A folder cannot take a backup, or holds none that could be restored; the message says why."""


@dataclass(frozen=True)
class SavedFile:
    """One file of the store inside a backup."""

    key: str
    type: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Manifest:
    """What a backup holds; `faults` says of files what was wrong with them when it was taken, by key.

    `anchors` are the checksums of the anchors by their names; a backup from before there were any has none.
    """

    taken_at: datetime
    revision: str
    server: int
    fingerprints: dict[str, str]
    counts: dict[str, Any]
    dump_sha256: str
    files: list[SavedFile]
    faults: dict[str, str]
    anchors: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> bytes:
        """The manifest as the file holds it."""
        body = {"format": FORMAT} | asdict(self) | {"taken_at": self.taken_at.isoformat()}
        return json.dumps(body, indent=1, ensure_ascii=False).encode() + b"\n"

    @classmethod
    def from_json(cls, data: bytes) -> "Manifest":
        """Read it back; raises Unfit for what another version wrote."""
        body = json.loads(data)
        if body.pop("format", None) != FORMAT:
            raise Unfit("the backup was written in a format this version does not know")
        files = [SavedFile(**each) for each in body["files"]]
        return cls(**body | {"taken_at": datetime.fromisoformat(body["taken_at"]), "files": files})


def write(folder: Path, config: Config, store: FileStore, now: datetime) -> Manifest:
    """Back up the database, the files its rows name and the anchors into a new folder; returns its manifest.

    Raises Unfit for a folder that holds something, and dump.DumpError.
    """
    _make(folder)
    with dump.snapshot(config.database.url) as held:
        dump.dump(config.database.url, held, folder / DUMP)
    saved, faults = _save_files(held.files, store, open_store(folder / FILES))
    manifest = _manifest(held, folder, saved, faults, config.secrets, now)
    manifest.anchors.update(_copy_anchors(Path(config.history.anchors), folder / ANCHORS))
    _keep(folder / DUMP)
    data = manifest.to_json()
    _write(folder / SEAL, f"{hashlib.sha256(data).hexdigest()}  {MANIFEST}\n".encode())
    _write(folder / MANIFEST, data)
    return manifest


def read(folder: Path) -> Manifest:
    """Check a whole backup against its checksums and return its manifest; raises Unfit naming what is damaged."""
    if not (folder / MANIFEST).is_file():
        raise Unfit(f"{folder} holds no finished backup: there is no {MANIFEST}")
    data = (folder / MANIFEST).read_bytes()
    seal = (folder / SEAL).read_text("ascii", "replace") if (folder / SEAL).is_file() else ""
    if seal.split()[:1] != [hashlib.sha256(data).hexdigest()]:
        raise Unfit(f"the backup is damaged: {MANIFEST} does not fit its checksum")
    manifest = Manifest.from_json(data)
    damaged = list(_damaged(folder, manifest))
    if damaged:
        shown = ", ".join(damaged[:5]) + (", …" if len(damaged) > 5 else "")
        raise Unfit(f"the backup is damaged: {len(damaged)} of its files are missing or altered: {shown}")
    return manifest


def put_back(folder: Path, manifest: Manifest, store: FileStore, anchors: Path) -> None:
    """Write the backup's files into a file store, over what lies there under the same keys.

    Anchors go where there are none of that day: those that are there were never overwritten, and stay as witnesses.
    """
    source = open_store(folder / FILES)
    for each in manifest.files:
        store.put(each.key, source.get(each.key), each.type)
    _copy_anchors(folder / ANCHORS, anchors)


def load(folder: Path, manifest: Manifest, url: str) -> None:
    """Load the backup's database and compare it with the manifest; raises dump.DumpError when it differs."""
    dump.load(url, folder / DUMP)
    found = dump.facts(url)
    if found != manifest.counts:
        raise dump.DumpError(f"the loaded database holds {found}, the backup's manifest says {manifest.counts}")


def fingerprints(secrets: Secrets) -> dict[str, str]:
    """What tells whether two installations have the same keys without telling the keys."""
    rings = {"vault": secrets.vault_keys, "codes": secrets.code_keys, "stations": secrets.station_keys}
    return {
        f"{name} {key_id}": hmac.digest(key.encode(), b"liaison backup", "sha256").hex()[:16]
        for name, ring in rings.items()
        for key_id, key in ring.items()
    }


def _make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if any(folder.iterdir()):
        raise Unfit(f"{folder} is not empty: every backup gets a folder of its own")
    folder.chmod(0o700)


def _save_files(named: list[NamedFile], store: FileStore, target: FileStore) -> tuple[list[SavedFile], dict[str, str]]:
    saved, faults = [], {}
    for each in named:
        try:
            data = store.get(each.key)
        except NotFound:
            faults[each.key] = "missing"
            continue
        digest = hashlib.sha256(data).hexdigest()
        if each.sha256 not in (None, digest):
            faults[each.key] = "altered"
        target.put(each.key, data, each.type)
        saved.append(SavedFile(each.key, each.type, digest, len(data)))
    return saved, faults


def _copy_anchors(source: Path, target: Path) -> dict[str, str]:
    """Copy the anchors that `target` has not; returns the checksums of all in `source`."""
    target.mkdir(parents=True, exist_ok=True)
    digests = {}
    for path in sorted(source.glob("*.json")):
        digests[path.name] = _digest(path)
        if not (target / path.name).exists():
            _write(target / path.name, path.read_bytes())
            (target / path.name).chmod(0o440)
    return digests


def _manifest(
    held: Snapshot, folder: Path, saved: list[SavedFile], faults: dict[str, str], secrets: Secrets, now: datetime
) -> Manifest:
    return Manifest(
        taken_at=now,
        revision=held.revision,
        server=held.server,
        fingerprints=fingerprints(secrets),
        counts=held.counts,
        dump_sha256=_digest(folder / DUMP),
        files=saved,
        faults=faults,
    )


def _damaged(folder: Path, manifest: Manifest) -> Iterator[str]:
    if not (folder / DUMP).is_file() or _digest(folder / DUMP) != manifest.dump_sha256:
        yield DUMP
    source = open_store(folder / FILES)
    for each in manifest.files:
        try:
            sound = hashlib.sha256(source.get(each.key)).hexdigest() == each.sha256
        except NotFound:
            sound = False
        if not sound:
            yield each.key
    for name, digest in manifest.anchors.items():
        path = folder / ANCHORS / name
        if not path.is_file() or _digest(path) != digest:
            yield name


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    _keep(path)


def _keep(path: Path) -> None:
    """Have the disk keep a file before the backup counts as finished."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
