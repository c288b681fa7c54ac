"""What a monitor shows: the page, and the checkpoint that it was made from. Standard library only.

Signatures are not looked at: whoever reads the copy checks them, and needs not believe us either.
Only that the parts belong together is seen to, because the log may grow while it is read.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from standfast.core.clock import Clock
from standfast.core.errors import CannotVerify
from standfast.core.units import parse_stamp
from standfast.evidence.checkpoint import Checkpoint
from standfast.evidence.tiles import Tile, narrowed
from standfast.evidence.transport import Missing, Transport
from standfast.mechanisms.backup.offsite.page import names

ENTRIES_LIMIT = 1_000_000
"""As many as a reader takes (evidence/read.py)."""

TRIES = 5
AGAIN_AFTER_S = 1.0
"""A monitor makes its page within a second of a new checkpoint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """`files`: the page, what goes with it, and the checkpoint, by name. `absent`: what this site
    does not have."""

    made_at: datetime
    size: int
    files: Mapping[str, bytes] = field(repr=False)
    absent: frozenset[str] = frozenset()


def made_at(machine_form: bytes) -> datetime:
    """When a `trust.json` was made. Raises `CannotVerify` for what is none."""
    return claimed(machine_form)[0]


def claimed(machine_form: bytes) -> tuple[datetime, str]:
    """When it was made, and of which root (hex)."""
    try:
        page = json.loads(machine_form)
        return parse_stamp(page["made_at"]), str(page["log"]["root"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CannotVerify("the page's trust.json cannot be read") from error


def committed(note: bytes) -> Checkpoint:
    """What a signed note says; its text ends before the empty line (C2SP signed-note)."""
    text, _, _ = note.partition(b"\n\n")
    try:
        checkpoint = Checkpoint.from_text(f"{text.decode()}\n")
    except UnicodeDecodeError as error:
        raise CannotVerify("the monitor's checkpoint cannot be read") from error
    if not 0 < checkpoint.size <= ENTRIES_LIMIT:
        raise CannotVerify(f"a log of {checkpoint.size} entries is not published")
    return checkpoint


def together(files: Mapping[str, bytes]) -> Shown | None:
    """None where checkpoint, page and trust.json are not of one log: it has grown meanwhile."""
    checkpoint = committed(files[names.CHECKPOINT])
    at, root = claimed(files[names.MACHINE_FORM])
    if root != checkpoint.root.hex() or root.encode() not in files[names.PAGE]:
        return None
    return Shown(made_at=at, size=checkpoint.size, files=files)


def shown(monitor: Transport, clock: Clock) -> Shown:
    """Raises `CannotVerify` or `Unreachable`."""
    for left in reversed(range(TRIES)):
        names_ = (names.CHECKPOINT, names.MACHINE_FORM, names.PAGE, *names.BESIDE)
        found = together({name: monitor.fetch(name) for name in names_})
        if found is not None:
            return with_the_rest(found, monitor)
        if left:
            clock.sleep(AGAIN_AFTER_S)
    raise CannotVerify("the monitor's page is not of the log that it shows")


def with_the_rest(found: Shown, monitor: Transport) -> Shown:
    files, absent = dict(found.files), set()
    for name in (*names.SOMETIMES, names.STAMPS_INDEX):
        try:
            files[name] = monitor.fetch(name)
        except Missing:
            absent.add(name)
    return Shown(made_at=found.made_at, size=found.size, files=files, absent=frozenset(absent))


def tile(monitor: Transport, name: str, wanted: Tile) -> bytes:
    """A narrower one may be gone once the full one exists: then its beginning is the same."""
    try:
        return monitor.fetch(name)
    except Missing:
        if wanted.full:
            raise
        return narrowed(wanted, monitor.fetch(f"{names.LOG}{wanted.widened.path}"))
