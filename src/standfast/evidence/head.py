"""What a monitor does next about the log's head: follow it, move it, or finish what was begun.

The head is the size and root that the log has reached. It lies in etcd, where the monitors see
each other's words in one order:

    writer      who may move the head, as long as its lease lives
    head        a checkpoint, moved by compare-and-set alone
    draft       what the writer means to append to the head
    held        for each monitor, what it has on its disk: a draft or a copy up to the head
    signed      the newest signed checkpoint
    cosigned    for each monitor, its witness's cosignature of that checkpoint

An entry goes: draft → held by a majority → head moved → signed → cosigned by a majority →
published.

*Invariant: no two checkpoints of one size are ever signed, whoever pauses wherever.* Only a head is
signed (`Sign`). The head moves only in one transaction that compares it with the head that the
draft extends, and the draft is larger than it; so all heads that ever were form one chain of
growing sizes, and of one size there is at most one. A writer that wakes up late signs a head of
this chain (Ed25519 gives the same bytes for the same text, so signing twice is signing once), or
tries to move a head that has moved, and fails. The lease only keeps two writers from hindering
each other; nothing that is promised rests on it.

*Nothing published is lost.* The head moves only to what a majority says it holds, and what is held
is deleted only after the head has passed it (`draft.py`). Of any majority that is left, one monitor
has it; a successor first gets the head from it, then signs it, and only then writes on.

*Nothing is published that a majority of the witnesses has not cosigned* (`witness.py`), so that who
holds one monitor, and with it the log's key, cannot show readers another log. Cosignatures that
come later are added to what is published.

*All that is lost* when a writer dies before the head has moved is a draft, and its entries still
lie in the spools that they came from.

A monitor reads all this at one time and does one step; then it looks again. Stopping after any
step is safe, and doing one twice is doing it once.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from standfast.evidence.checkpoint import Checkpoint
from standfast.evidence.draft import Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What this monitor (`me`) read from etcd at one time, and what it has on its own disk.

    `mine` is where its copy of the log stands, `published` what it shows readers, `drafts` those
    that it holds, each with the size that it starts from. `wanted`: there is something to log.
    `cosigned`: whose witnesses have cosigned what is signed, monitors and others; `shown`: those
    whose cosignatures stand below what is published here. `refuses`: why my witness will not
    cosign what is signed; empty if it was not asked.
    """

    me: str
    monitors: tuple[str, ...]
    writer: str | None
    head: Checkpoint | None
    draft: Draft | None
    signed: Checkpoint | None
    held: Mapping[str, Checkpoint]
    mine: Checkpoint
    published: Checkpoint
    drafts: Mapping[Checkpoint, int]
    wanted: bool
    cosigned: frozenset[str]
    shown: frozenset[str]
    refuses: str

    @property
    def writes(self) -> bool:
        return self.writer == self.me

    @property
    def cosigned_by_monitors(self) -> frozenset[str]:
        """Others count for no majority."""
        return self.cosigned & frozenset(self.monitors)

    @property
    def next_draft(self) -> Draft | None:
        """The draft, if it extends the head that is there now."""
        return self.draft if self.draft and self.draft.base == self.head else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Follow: say what is on my disk."""

    held: Checkpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class CatchUp:
    """Follow: get from other monitors what lies between my copy and `to`."""

    to: Checkpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Follow: get the writer's draft, and keep it if it extends my copy to what it says."""

    draft: Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class Extend:
    """Follow: the head has moved to a draft that I hold, so it is part of the log."""

    to: Checkpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosign:
    """Follow: ask my witness to cosign the signed head, which I hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish:
    """Follow: show readers the signed checkpoint of what I hold, with its cosignatures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """Nobody writes: ask to be the one who does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """Write: put the first head, or the newest one that anybody holds, where there is none."""

    head: Checkpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """Write: make a draft of what is to be logged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Write: move the head to the draft that a majority holds."""

    draft: Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """Finish: sign the head, whoever moved it."""

    head: Checkpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """`why` is empty when all is done; otherwise it says, in words, what is missing."""

    why: str = ""


Step = (
    Claim | CatchUp | Hold | Extend | Cosign | Publish | Stand | Begin | Write | Move | Sign | Wait
)


def decide(seen: Seen) -> Step:
    if seen.head is None:
        return next(_beginning(seen))
    if seen.mine != seen.head:
        return next(_behind(seen, seen.head))
    return next(_at_the_head(seen, seen.head))


def is_current(seen: Seen) -> bool:
    """Whether readers are shown here all that is in the log."""
    return seen.head is not None and seen.published == seen.mine == seen.head


def majority(monitors: tuple[str, ...]) -> int:
    return len(monitors) // 2 + 1


def _beginning(seen: Seen) -> Iterator[Step]:
    """No head: a new log, or an etcd that has lost everything. Then somebody may have signed what
    only one monitor holds, so all must have spoken before the newest is taken for the head."""
    if seen.held.get(seen.me) != seen.mine:
        yield Claim(held=seen.mine)
    missing = [each for each in seen.monitors if each not in seen.held]
    if missing:
        yield Wait(why=f"the log has no head, and {', '.join(missing)} has not said what it holds")
    newest = max((seen.held[each] for each in seen.monitors), key=lambda each: each.size)
    if seen.mine != newest:
        yield CatchUp(to=newest)
    if seen.writer is None:
        yield Stand()
    yield Begin(head=newest) if seen.writes else Wait()


def _behind(seen: Seen, head: Checkpoint) -> Iterator[Step]:
    if seen.mine.size >= head.size:
        yield Wait(
            why=f"this copy of the log stands at size {seen.mine.size}, and the log's head at "
            f"size {head.size} is not what it holds"
        )
    if seen.drafts.get(head) == seen.mine.size:
        yield Extend(to=head)
    signed = seen.signed if seen.signed and seen.signed.size > seen.mine.size else None
    yield CatchUp(to=signed or head)


def _at_the_head(seen: Seen, head: Checkpoint) -> Iterator[Step]:
    if head.size and seen.signed == head:
        yield from _showing(seen, head)
    draft = seen.next_draft
    if draft and draft.then not in seen.drafts and draft.machine == seen.writer != seen.me:
        yield Hold(draft=draft)
    held = draft.then if draft and draft.then in seen.drafts else head
    if seen.held.get(seen.me) != held:
        yield Claim(held=held)
    if seen.writer is None:
        yield Stand()
    if head.size and seen.signed == head != seen.published:
        yield Wait(
            why=f"{majority(seen.monitors)} witnesses must cosign what is to be shown, and "
            f"{len(seen.cosigned_by_monitors)} have{seen.refuses and f': {seen.refuses}'}"
        )
    if not seen.writes:
        yield Wait(why=seen.refuses)
    yield from _writing(seen, head)


def _showing(seen: Seen, head: Checkpoint) -> Iterator[Step]:
    """A cosignature that comes after a majority's is shown as well."""
    if seen.me not in seen.cosigned and not seen.refuses:
        yield Cosign()
    enough = len(seen.cosigned_by_monitors) >= majority(seen.monitors)
    if enough and (seen.published != head or not seen.cosigned <= seen.shown):
        yield Publish()


def _writing(seen: Seen, head: Checkpoint) -> Iterator[Step]:
    if head.size and seen.signed != head:
        yield Sign(head=head)
    draft = seen.next_draft
    if draft and draft.machine == seen.me and draft.then in seen.drafts:
        holding = [each for each in seen.monitors if seen.held.get(each) == draft.then]
        if len(holding) >= majority(seen.monitors):
            yield Move(draft=draft)
        yield Wait(
            why=f"{majority(seen.monitors)} monitors must hold what is to be logged, and "
            f"{len(holding)} do"
        )
    yield Write() if seen.wanted else Wait(why=seen.refuses)
