"""What the time-stamps beside a log show of it: when each beginning of it existed at the latest.

A time-stamp that is there and does not hold is a complaint: somebody changed it, or the log no
longer begins with what was stamped. One that is not there is none, unless the reader wants one:
whoever shows a log can leave time-stamps out.

They are got before the log is read, so that none can be of a longer log than was shown.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from standfast.core.errors import CannotVerify
from standfast.core.units import stamp
from standfast.evidence.checkpoint import Checkpoint
from standfast.evidence.edge import EMPTY, grow
from standfast.evidence.policy import Pin
from standfast.evidence.read import Record
from standfast.evidence.timestamp.authority import Authority, read_root
from standfast.evidence.timestamp.check import Timestamp
from standfast.evidence.timestamp.shelf import Held, Stamped, fetched, listed, opened, root_path
from standfast.evidence.transport import Transport

CHECKED_LIMIT = 100
"""Of each authority, the newest: a quarter of a year, and a few seconds over a slow line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """`roots` are files by the authority's name, as they were beside the log."""

    held: tuple[Held, ...]
    roots: Mapping[str, bytes]
    complaints: tuple[str, ...]


NOTHING = Gathered(held=(), roots={}, complaints=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`at` by the authority's clock the log had this size and was what it is."""

    size: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """`newest` of each pinned authority; None where it has given none that holds."""

    newest: Mapping[str, Standing | None]
    complaints: tuple[str, ...]


def gather(transport: Transport, names: Iterable[str]) -> Gathered:
    """Raises `Unreachable` when nobody answers."""
    wanted = sorted(names)
    if not wanted:
        return NOTHING
    held: list[Held] = []
    roots: dict[str, bytes] = {}
    complaints: list[str] = []
    try:
        there = listed(transport)
    except CannotVerify as error:
        return Gathered(held=(), roots={}, complaints=(error.problem,))
    for name in wanted:
        own = [each for each in there if each.authority == name][-CHECKED_LIMIT:]
        try:
            if own:
                roots[name] = transport.fetch(root_path(name))
            held += [fetched(transport, each) for each in own]
        except CannotVerify as error:
            complaints.append(f"a time-stamp of {name} cannot be read: {error.problem}")
    return Gathered(held=tuple(held), roots=roots, complaints=tuple(complaints))


def judge(gathered: Gathered, pins: Mapping[str, Pin], record: Record, *, now: datetime) -> Judged:
    complaints = list(gathered.complaints)
    authorities: dict[str, Authority] = {}
    for name in sorted(gathered.roots.keys() & pins.keys()):
        try:
            authorities[name] = _pinned(name, gathered.roots[name], pins[name])
        except CannotVerify as error:
            complaints.append(error.problem)
    standing: list[tuple[Checkpoint, Timestamp]] = []
    for held in gathered.held:
        if held.stamped.authority not in authorities:
            continue
        try:
            authority = authorities[held.stamped.authority]
            standing.append(opened(held, authority, record.keyring.log, now=now))
        except CannotVerify as error:
            complaints.append(f"{held.stamped.answer_path} does not hold: {error.problem}")
    wrong = tuple(_rewritten(record, standing))
    newest = {name: _newest(name, standing, wrong) for name in sorted(pins)}
    late = (_late(name, pins[name], newest[name], now) for name in newest)
    return Judged(newest=newest, complaints=(*complaints, *wrong, *(each for each in late if each)))


def _pinned(name: str, root: bytes, pin: Pin) -> Authority:
    found = Authority(name=name, root=read_root(root))
    if found.sha256 != pin.sha256:
        raise CannotVerify(
            f"the root of the time-stamp authority {name} is {found.sha256}, not what is pinned"
        )
    return found


def _rewritten(record: Record, standing: list[tuple[Checkpoint, Timestamp]]) -> Iterator[str]:
    """The tree is grown once, from one stamped size to the next."""
    edge = EMPTY
    for checkpoint, found in sorted(standing, key=lambda each: each[0].size):
        if checkpoint.size > len(record.leaves):
            yield (
                f"{found.authority} has stamped {checkpoint.size} entries at {stamp(found.at)}, "
                f"and {len(record.leaves)} can be shown"
            )
            continue
        edge = grow(edge, record.leaves[edge.size : checkpoint.size]).edge
        if edge.root() != checkpoint.root:
            yield (
                f"the first {checkpoint.size} entries are not those that {found.authority} has "
                f"stamped at {stamp(found.at)}"
            )


def _newest(
    name: str, standing: list[tuple[Checkpoint, Timestamp]], wrong: tuple[str, ...]
) -> Standing | None:
    own = [
        Standing(size=checkpoint.size, at=found.at)
        for checkpoint, found in standing
        if found.authority == name and not wrong
    ]
    return max(own, key=lambda each: (each.at, each.size), default=None)


def _late(name: str, pin: Pin, newest: Standing | None, now: datetime) -> str:
    if pin.newest_within is None:
        return ""
    if newest is None:
        return f"no time-stamp of {name} holds, and the policy wants one"
    if now - newest.at <= pin.newest_within:
        return ""
    days = pin.newest_within.days
    return f"the newest time-stamp of {name} is of {stamp(newest.at)}, older than {days} days"


def newest(
    transport: Transport, authorities: Sequence[Authority], record: Record, *, now: datetime
) -> tuple[tuple[Stamped, ...], str]:
    """The newest of each authority, for whoever shows the log, and what is wrong with one. Of a
    copy that is behind, the newest that it reaches."""
    found: list[Stamped] = []
    trouble = ""
    try:
        there = listed(transport)
    except CannotVerify as error:
        return (), error.problem
    for authority in authorities:
        own = [
            each
            for each in there
            if each.authority == authority.name and each.size <= record.checkpoint.size
        ]
        try:
            found += [_true(transport, each, authority, record, now) for each in own[-1:]]
        except CannotVerify as error:
            trouble = f"{own[-1].answer_path} does not hold: {error.problem}"
    return tuple(found), trouble


def _true(
    transport: Transport, stamped: Stamped, authority: Authority, record: Record, now: datetime
) -> Stamped:
    """With the time that the authority says, if that is what this record begins with."""
    held = fetched(transport, stamped)
    checkpoint, found = opened(held, authority, record.keyring.log, now=now)
    if wrong := next(_rewritten(record, [(checkpoint, found)]), ""):
        raise CannotVerify(wrong)
    return Stamped(at=found.at, size=stamped.size, authority=stamped.authority)
