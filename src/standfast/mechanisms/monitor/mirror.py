"""One monitor's copy of the log: look, decide (`evidence/head.py`), do that one step, look again.

What another monitor hands over is kept only if it extends this copy to the root that etcd or the
log's signature names; so no monitor can make another hold what was not agreed on.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from standfast.core.clock import Clock
from standfast.core.errors import CannotVerify, Refused, StandfastError, Unreachable
from standfast.evidence.checkpoint import Checkpoint
from standfast.evidence.consistency import proof
from standfast.evidence.cosignature import Cosigner, cosignatures, line_of
from standfast.evidence.draft import DRAFT_LIMIT, Draft, Drafts, file_name
from standfast.evidence.head import (
    Begin,
    CatchUp,
    Claim,
    Cosign,
    Extend,
    Hold,
    Move,
    Publish,
    Seen,
    Sign,
    Stand,
    Step,
    Wait,
    Write,
    decide,
)
from standfast.evidence.log import Log
from standfast.evidence.note import joined, sign
from standfast.evidence.read import entries_between
from standfast.evidence.signing import Signer
from standfast.evidence.tiles import read_entries
from standfast.evidence.transport import Transport
from standfast.evidence.witness import Refuse, Witness
from standfast.mechanisms.monitor import bulletin
from standfast.mechanisms.monitor.bulletin import Bulletin
from standfast.mechanisms.monitor.session import Session
from standfast.mechanisms.monitor.store import Store

STEPS_LIMIT = 30
"""In one turn: an entry takes about eight. Whoever does more has other things to do as well."""

AWAY_S = 5.0
"""For how long a monitor that did not answer is not asked again: waiting for it takes time that
the lease does not have."""

DRAFTS = "draft/"
SPOOL = "spool/"
LOG = "trust/log/"
"""Where these lie under a monitor's address (`daemons/pages.py`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What was seen last, and what is waited for, in words that are empty when nothing is."""

    bulletin: Bulletin
    seen: Seen
    waits_for: str


@dataclass(slots=True, kw_only=True)
class Mirror:
    """`peers` are the other monitors; `leaves` what is to be logged now, were this the writer.
    `witness` is this monitor's own, `witnesses` are the keys of all monitors' by their names, and
    of the others that are listed."""

    machine: str
    log: Log
    drafts: Drafts
    signer: Signer
    witness: Witness
    witnesses: Mapping[str, Cosigner]
    store: Store
    session: Session
    peers: Mapping[str, Transport]
    clock: Clock
    leaves: Callable[[], Sequence[bytes]]
    away_until: dict[str, float] = field(default_factory=dict)
    refused: tuple[bytes, str] = (b"", "")
    opened: dict[bytes, frozenset[str]] = field(default_factory=dict)
    gathered: tuple[bytes, Sequence[tuple[str, bytes]], bytes] = (b"", (), b"")

    def turn(self) -> Turn:
        """Raises `Unreachable` when etcd does not answer: then nothing can be agreed on."""
        self.session.renew()
        for _ in range(STEPS_LIMIT):
            board, seen = self.look()
            step = decide(seen)
            if isinstance(step, Wait):
                return Turn(bulletin=board, seen=seen, waits_for=step.why)
            if isinstance(step, CatchUp | Hold):
                try:
                    self._follow(step, seen)
                except (CannotVerify, Refused, Unreachable) as error:
                    return Turn(bulletin=board, seen=seen, waits_for=error.problem)
            else:
                self._do(step, board, seen)
        return Turn(bulletin=board, seen=seen, waits_for="")

    def look(self) -> tuple[Bulletin, Seen]:
        board = bulletin.read(self.store.read())
        mine, published = self.log.stands_at, self.log.published
        note = self._cosigned(board)
        seen = Seen(
            me=self.machine,
            monitors=tuple(sorted({self.machine, *self.peers})),
            writer=board.writer,
            head=board.head,
            draft=board.draft,
            signed=self._opened(board.signed),
            held=board.held,
            mine=mine,
            published=published,
            drafts=self.drafts.held(),
            wanted=False,
            cosigned=self._witnesses_of(note),
            shown=self._witnesses_of(self.log.published_note),
            refuses=self.refused[1] if board.signed == self.refused[0] else "",
        )
        wanted = seen.writes and seen.head == mine == published and bool(self.leaves())
        return board, replace(seen, wanted=wanted)

    def _opened(self, note: bytes | None) -> Checkpoint | None:
        """What the log's key has not signed is not there."""
        try:
            return self.log.opened(note) if note else None
        except CannotVerify:
            return None

    def _do(self, step: Step, board: Bulletin, seen: Seen) -> None:
        """A change that etcd refuses was decided on something that is no longer so."""
        match step:
            case Claim():
                self.store.commit(bulletin.claim(self.machine, step.held))
            case Extend():
                leaves = self.drafts.leaves(seen.drafts[step.to], step.to)
                self.log.extend(leaves, step.to)
                self.drafts.forget(step.to)
            case Publish():
                self.log.publish(self._cosigned(board))
            case Cosign():
                self._cosign(board, seen)
            case Stand():
                self.store.commit(bulletin.stand(self.machine, self.session.renew()))
            case Begin():
                self.store.commit(bulletin.begin(board, step.head))
            case Write():
                self._write(board, seen)
            case Move():
                self.store.commit(bulletin.move(board, step.draft))
            case Sign():
                note = sign(step.head.to_text(), [self.signer])
                self.store.commit(bulletin.show(board, note))
            case _:
                raise AssertionError(f"nobody does {step}")

    def _cosign(self, board: Bulletin, seen: Seen) -> None:
        """By this monitor's own witness, which is shown that its last checkpoint leads here."""
        assert board.signed is not None
        last = self.witness.last
        shown = (
            proof(self.log.tile, last.size, seen.mine.size) if last.size < seen.mine.size else ()
        )
        line = self.witness.ask(board.signed, shown, self.clock.now())
        if isinstance(line, Refuse):
            self.refused = (
                board.signed,
                f"the witness refuses to cosign ({line.reason}): {line.why}",
            )
        else:
            self.store.commit(bulletin.cosign(board, self.machine, line.encode()))

    def _cosigned(self, board: Bulletin) -> bytes:
        """What is signed, with the cosignatures that hold, in the order of the monitors' names."""
        note = board.signed or b""
        given = sorted((name, board.cosigned.get(name, b"")) for name in self.witnesses)
        if (note, given) != self.gathered[:2]:
            lines = (line_of(self.witnesses[name], note, said) for name, said in given)
            self.gathered = (note, given, joined(note, lines))
        return self.gathered[2]

    def _witnesses_of(self, note: bytes) -> frozenset[str]:
        """The monitors whose witnesses have cosigned, remembered of the last two notes."""
        if note not in self.opened:
            newest = dict(list(self.opened.items())[-1:])
            self.opened = {**newest, note: frozenset(self._verified(note))}
        return self.opened[note]

    def _verified(self, note: bytes) -> Iterator[str]:
        names = {key.id: machine for machine, key in self.witnesses.items()}
        with suppress(CannotVerify):
            for each in cosignatures(note, self.witnesses.values()):
                yield names[each.witness.id]

    def _write(self, board: Bulletin, seen: Seen) -> None:
        leaves = self.leaves()[:DRAFT_LIMIT]
        if not leaves:
            return
        then = self.log.grown(leaves)
        self.drafts.keep(then, leaves)
        draft = Draft(machine=self.machine, base=seen.mine, then=then)
        self.store.commit(bulletin.announce(board, draft))

    def _follow(self, step: CatchUp | Hold, seen: Seen) -> None:
        if isinstance(step, CatchUp):
            self.log.extend(self._missing(seen.mine.size, step.to), step.to)
            self.drafts.forget(step.to)
            return
        then = step.draft.then
        leaves = self._draft(step.draft.machine, seen.mine.size, then)
        if self.log.grown(leaves) != then:
            raise CannotVerify(f"the draft of {step.draft.machine} does not lead where it says")
        self.drafts.keep(then, leaves)

    def _missing(self, size: int, to: Checkpoint) -> tuple[bytes, ...]:
        """From whichever monitor has it: as a draft that was not yet part of the log when it was
        last asked, or from its copy."""
        problem: StandfastError = Unreachable("no other monitor answers")
        for machine in self.peers:
            for get in (self._draft, self._entries):
                try:
                    leaves = get(machine, size, to)
                    if self.log.grown(leaves) == to:
                        return leaves
                except (CannotVerify, Refused, Unreachable) as error:
                    problem = error
        raise CannotVerify(f"nobody hands over the log up to size {to.size}: {problem.problem}")

    def _draft(self, machine: str, size: int, then: Checkpoint) -> tuple[bytes, ...]:
        return read_entries(self.fetch(machine, f"{DRAFTS}{file_name(size, then)}"))

    def _entries(self, machine: str, size: int, to: Checkpoint) -> tuple[bytes, ...]:
        return entries_between(_Below(self, machine), size, to.size)

    def fetch(self, machine: str, path: str) -> bytes:
        """From another monitor. One that has just not answered is taken to be away."""
        if self.clock.monotonic() < self.away_until.get(machine, 0.0):
            raise Unreachable(f"{machine} does not answer")
        try:
            return self.peers[machine].fetch(path)
        except Unreachable:
            self.away_until[machine] = self.clock.monotonic() + AWAY_S
            raise


@dataclass(frozen=True, slots=True)
class _Below:
    """A monitor's copy of the log, as a transport."""

    mirror: Mirror
    machine: str

    def fetch(self, path: str) -> bytes:
        return self.mirror.fetch(self.machine, f"{LOG}{path}")
