"""What the monitors tell each other through etcd about the log, and how it is changed. Pure.

Everything that moves the log on is guarded: by the head that it extends and by the writer's key,
both exactly as they were when they were read (`evidence/head.py` says why that is enough).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from standfast.core.errors import CannotVerify
from standfast.evidence.checkpoint import Checkpoint
from standfast.evidence.draft import Draft
from standfast.mechanisms.monitor.gateway import Change, Put, Unchanged, Value

PREFIX = "/standfast-evidence/"
"""Patroni's keys lie elsewhere (below `/standfast/`), and change twice a second."""

WRITER = f"{PREFIX}writer"
HEAD = f"{PREFIX}head"
DRAFT = f"{PREFIX}draft"
SIGNED = f"{PREFIX}signed"
COSIGNED = f"{PREFIX}cosigned/"
HELD = f"{PREFIX}held/"
WAITING = f"{PREFIX}waiting/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulletin:
    """`signed` is the note itself, and `cosigned` each monitor's line below it, neither verified
    yet. `waiting` are names of what lies in each monitor's spool."""

    writer: str | None
    head: Checkpoint | None
    draft: Draft | None
    signed: bytes | None
    cosigned: Mapping[str, bytes]
    held: Mapping[str, Checkpoint]
    waiting: Mapping[str, frozenset[str]]
    revisions: Mapping[str, int] = field(repr=False)

    def as_it_was(self, *names: str) -> tuple[Unchanged, ...]:
        return tuple(Unchanged(key=name, modified=self.revisions.get(name, 0)) for name in names)


def read(values: Mapping[str, Value]) -> Bulletin:
    """Raises `CannotVerify` where somebody else has written below our prefix."""
    writer, head, draft = (values.get(key) for key in (WRITER, HEAD, DRAFT))
    signed = values.get(SIGNED)
    return Bulletin(
        writer=text(writer) if writer else None,
        head=Checkpoint.from_text(text(head)) if head else None,
        draft=Draft.from_text(text(draft)) if draft else None,
        signed=signed.data if signed else None,
        cosigned={machine: value.data for machine, value in below(COSIGNED, values)},
        held={machine: Checkpoint.from_text(text(value)) for machine, value in below(HELD, values)},
        waiting={
            machine: frozenset(text(value).split()) for machine, value in below(WAITING, values)
        },
        revisions={key: value.modified for key, value in values.items()},
    )


def below(prefix: str, values: Mapping[str, Value]) -> list[tuple[str, Value]]:
    return [
        (key.removeprefix(prefix), value) for key, value in values.items() if key.startswith(prefix)
    ]


def text(value: Value) -> str:
    try:
        return value.data.decode()
    except UnicodeDecodeError as error:
        raise CannotVerify("what etcd holds of the log is no text") from error


def stand(machine: str, lease: int) -> Change:
    """Write as long as the lease lives, if nobody else does."""
    return Change(
        unchanged=(Unchanged(key=WRITER, modified=0),),
        puts=(Put(key=WRITER, data=machine.encode(), lease=lease),),
    )


def claim(machine: str, held: Checkpoint) -> Change:
    return Change(puts=(Put(key=f"{HELD}{machine}", data=held.to_text().encode()),))


def begin(seen: Bulletin, head: Checkpoint) -> Change:
    return Change(
        unchanged=seen.as_it_was(WRITER, HEAD),
        puts=(Put(key=HEAD, data=head.to_text().encode()),),
    )


def announce(seen: Bulletin, draft: Draft) -> Change:
    return Change(
        unchanged=seen.as_it_was(WRITER, HEAD),
        puts=(Put(key=DRAFT, data=draft.to_text().encode()),),
    )


def move(seen: Bulletin, draft: Draft) -> Change:
    """The one change by which the log grows."""
    if seen.head != draft.base or draft.then.size <= draft.base.size:
        raise CannotVerify("a draft that does not extend the head cannot become it")
    return Change(
        unchanged=seen.as_it_was(WRITER, HEAD),
        puts=(Put(key=HEAD, data=draft.then.to_text().encode()),),
    )


def show(seen: Bulletin, note: bytes) -> Change:
    """The signed head, as long as it is the head."""
    return Change(unchanged=seen.as_it_was(HEAD), puts=(Put(key=SIGNED, data=note),))


def cosign(seen: Bulletin, witness: str, line: bytes) -> Change:
    """What a witness has signed, as long as it is below what is signed now."""
    return Change(
        unchanged=seen.as_it_was(SIGNED),
        puts=(Put(key=f"{COSIGNED}{witness}", data=line),),
    )


def wait_for_writer(machine: str, names: frozenset[str], lease: int) -> Change:
    """Say what lies in this monitor's spool, as long as this monitor lives to be asked for it."""
    key = f"{WAITING}{machine}"
    if not names:
        return Change(deletes=(key,))
    return Change(puts=(Put(key=key, data=" ".join(sorted(names)).encode(), lease=lease),))
