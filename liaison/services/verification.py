"""Walks the chains of all cases and of the audit log, and holds them against what anchors have seen.

A chain by itself shows edits, gaps and swaps; the head its case keeps shows an end that was cut carelessly. Ends cut
with care, deleted cases and histories written anew with every hash fitting show against an anchor (`domain.anchors`).
"""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from sqlalchemy import select

from liaison.db import session
from liaison.domain import chain
from liaison.domain.anchors import AUDIT, Head, Restore, Tree, contradiction, is_undone, unchained
from liaison.domain.chain import Breach
from liaison.models.audit import AuditEntry
from liaison.models.cases import Case, Event
from liaison.services import audit
from liaison.services.anchors import Anchor, Unreadable
from liaison.services.beside import Beside, Pair, Rows, compared
from liaison.services.witnesses import Witnesses

BATCH = 1000


@dataclass(frozen=True)
class Finding:
    """A chain, or an anchor, that does not hold.

    `seq` is the event, 0 when the whole is meant; `day` that of the anchor that tells. It `is_undone` when a restore
    explains it: no fault, but lost. What was erased by right is no fault either.
    """

    chain: str
    breach: Breach
    seq: int = 0
    day: date | None = None
    is_undone: bool = False

    @property
    def is_fault(self) -> bool:
        """Whether somebody must look into it."""
        return not self.is_undone and self.breach is not Breach.ERASED


@dataclass(frozen=True)
class Step:
    """One event of a case, or one entry of the audit log, with what its digest stands for.

    `shown` is what it says and what people read of it in another place, if they do.
    """

    seq: int
    at: datetime
    kind: str
    by_role: str
    body: Mapping[str, object]
    salt: bytes
    body_digest: str
    prev_hash: str
    hash: str
    shown: Pair | None = None

    @property
    def digest(self) -> str:
        """The digest of what stands here now; none when it is not what people read, or was never written by us."""
        if self.shown and self.shown[0] != self.shown[1]:
            return ""
        try:
            return chain.digest_body(self.salt, self.body)
        except (TypeError, ValueError):  # nothing that was ever written has no canonical form
            return ""


def findings(
    ours: Sequence[Anchor] = (), copies: Sequence[Anchor] = (), keys: Collection[str] = ()
) -> Iterator[Finding]:
    """Everything that does not hold, of the chains and of the anchors themselves.

    `ours` are the installation's anchors and `copies` those kept elsewhere, each by day; one that none of the `keys`
    has signed is a finding, and not believed. A chain that does not hold by itself is not held against the anchors.
    """
    restores = audit.restores()
    with closing(Witnesses()) as known:
        yield from _take(known, ours, keys, restores)
        yield from _joined([each for each in ours if each.is_signed_by(keys)], known)
        yield from _take(known, copies, keys, restores)
        yield from _compared(ours, copies, restores)
        for number, steps, kept, read in _histories():
            yield from _held(number, steps, kept, known, read)
        for number, last in known.missed():
            yield Finding(number, Breach.DELETED, last.seq, last.day, last.is_undone)


def _take(
    known: Witnesses, anchors: Sequence[Anchor], keys: Collection[str], restores: Sequence[Restore]
) -> Iterator[Finding]:
    """Believe the anchors that are signed; what they list must be what was signed."""
    for each in anchors:
        if not each.is_signed_by(keys):
            yield Finding(_name(each.day), Breach.FORGED)
            continue
        tree = Tree()
        try:
            known.add(each.day, _through(tree, each.heads()), is_undone=is_undone(each.statement.at, restores))
            holds = (tree.size, tree.root) == (each.statement.changed, each.statement.changed_root)
        except Unreadable:
            holds = False
        if not holds:
            yield Finding(_name(each.day), Breach.ALTERED)


def _through(tree: Tree, heads: Iterable[Head]) -> Iterator[Head]:
    """The heads as they come, which makes the tree grow."""
    for head in heads:
        tree.add(head.leaf)
        yield head


def _joined(ours: Sequence[Anchor], known: Witnesses) -> Iterator[Finding]:
    """Where our anchors do not name one another, and whether all they list makes the root of the last."""
    if ours and ours[-1].statement.root != known.root():
        yield Finding(_name(ours[-1].day), Breach.ALTERED)
    for day in unchained([each.statement for each in ours]):
        yield Finding(_name(day), Breach.WRONG_PREVIOUS)


def _compared(ours: Sequence[Anchor], copies: Sequence[Anchor], restores: Sequence[Restore]) -> Iterator[Finding]:
    """Where our anchors are not those of which others hold copies."""
    digests = {each.day: each.statement.digest for each in ours}
    for each in copies:
        if each.day not in digests:
            yield Finding(_name(each.day), Breach.DELETED, is_undone=is_undone(each.statement.at, restores))
        elif digests[each.day] != each.statement.digest:
            yield Finding(_name(each.day), Breach.REWRITTEN)


def _held(
    number: str, steps: Iterator[Step], kept: Mapping[int, str], known: Witnesses, read: Rows
) -> Iterator[Finding]:
    """What is wrong with one chain, of which `kept` is the head its case has, and with what people `read` beside it."""
    witnesses = known.of(number)
    walk = _walk(number, steps, kept, {each.seq for each in witnesses})
    if walk.fault:
        yield Finding(number, walk.fault.breach, walk.fault.seq)
        return
    yield from (Finding(number, Breach.ERASED, seq) for seq in walk.erased)
    if read:
        yield Finding(number, Breach.UNTOLD)
    for each in witnesses:
        if breach := contradiction(walk.hashes, each.seq, each.hash):
            yield Finding(number, breach, each.seq, each.day, each.is_undone)
            if not each.is_undone:
                return


@dataclass(frozen=True)
class _Walk:
    """What walking a chain found: its first fault, the hashes at the places wanted, and which bodies were erased."""

    fault: chain.Fault | None
    hashes: Mapping[int, str]
    erased: Sequence[int]


def _walk(number: str, steps: Iterator[Step], kept: Mapping[int, str], wanted: Collection[int]) -> _Walk:
    """Walk one chain to its end, since only a later event can say that an earlier body was erased."""
    hashes: dict[int, str] = {}
    others: dict[int, str] = {}
    left: dict[int, str] = {}

    def links() -> Iterator[chain.Link]:
        for step in steps:
            digest = step.digest
            if digest != step.body_digest:
                others[step.seq] = digest
            elif number != AUDIT:
                left.update(chain.left_by(step.kind, step.body))
            if step.seq in wanted:
                hashes[step.seq] = step.hash
            yield _link(number, step)

    fault = chain.verify(links(), kept)
    deque(steps, maxlen=0)  # to their end also after a fault, so that no cursor is left open
    altered = [seq for seq, digest in others.items() if not digest or left.get(seq) != digest]
    if altered and (fault is None or altered[0] < fault.seq):
        fault = chain.Fault(altered[0], Breach.ALTERED)
    return _Walk(fault, hashes, list(others))


def _link(number: str, step: Step) -> chain.Link:
    return chain.Link(
        number, step.seq, step.at, step.kind, step.by_role, step.body_digest, step.prev_hash, step.hash
    )


def _histories() -> Iterator[tuple[str, Iterator[Step], Mapping[int, str], Rows]]:
    """The chain of every case, also of one that has lost all its events, and that of the audit log.

    With each come its answers and ratings; walking the chain takes out those that its events tell of.
    """
    beside = Beside(BATCH)
    rows = session.execute(
        select(Case.id, Case.number, Case.seq.label("count"), Case.head, Case.text, Event)
        .outerjoin(Event, Event.case_id == Case.id)
        .order_by(Case.id, Event.seq)
        .execution_options(yield_per=BATCH)
    )
    for (id_, number, count, head), group in groupby(rows, key=lambda row: (row.id, row.number, row.count, row.head)):
        read = beside.of(id_)
        yield number, (_step(row.Event, row.text, read) for row in group if row.Event), {max(count, 1): head}, read
    yield AUDIT, _entries(), {}, {}


def _step(event: Event, text: str, read: Rows) -> Step:
    return Step(
        seq=event.seq,
        at=event.at,
        kind=event.kind,
        by_role=event.by_role,
        body={"text": event.text, "data": event.data},
        salt=event.salt,
        body_digest=event.body_digest,
        prev_hash=event.prev_hash,
        hash=event.hash,
        shown=compared(event, text, read),
    )


def _entries() -> Iterator[Step]:
    rows = session.scalars(select(AuditEntry).order_by(AuditEntry.seq).execution_options(yield_per=BATCH))
    for entry in rows:
        yield Step(
            seq=entry.seq,
            at=entry.at,
            kind=entry.act,
            by_role=entry.by_role,
            body=audit.body_of(entry),
            salt=entry.salt,
            body_digest=entry.body_digest,
            prev_hash=entry.prev_hash,
            hash=entry.hash,
        )


def _name(day: date) -> str:
    return f"anchor {day}"
