"""Whether this machine publishes the page now, and what it sends. Pure, standard library only."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from standfast.mechanisms.backup.offsite.page import names
from standfast.mechanisms.backup.offsite.page.elsewhere import Item
from standfast.mechanisms.backup.offsite.page.sent import Sent
from standfast.mechanisms.backup.offsite.page.shown import Shown

PERIOD = timedelta(minutes=5)
PATIENCE = 2 * PERIOD
"""For each machine before this one."""

CLOCK_SLACK = timedelta(minutes=10)
"""What was made later than this from now on was made by a clock that is wrong, and stops nobody."""

GROUP = 32
"""Files that are in memory at once."""


def age(made: datetime | None, now: datetime) -> timedelta | None:
    """Of the page that lies in the store; None where it counts for nothing."""
    if made is None or made - now > CLOCK_SLACK:
        return None
    return now - made


def is_due(position: int, stored: timedelta | None) -> bool:
    """`position` of this machine among the backup machines, from 0. The first always publishes; the
    others when what lies there, or nothing, shows that those before them do not."""
    return position == 0 or stored is None or stored > position * PATIENCE


def newest(found: Iterable[Shown]) -> Shown | None:
    """A monitor whose keeper has stopped still shows what it had."""
    return max(found, key=lambda each: each.made_at, default=None)


def is_newer(found: Shown, stored: datetime | None, now: datetime) -> bool:
    """Readers are never shown an older page than before."""
    return stored is None or age(stored, now) is None or found.made_at > stored


def tiles_to_send(found: Shown, sent: Sent) -> tuple[str, ...]:
    return tuple(name for name in names.tiles(found.size) if name not in sent.digests)


def stamps_to_send(found: Shown, sent: Sent) -> tuple[str, ...]:
    """The roots again each time: an authority may have another one."""
    index = found.files.get(names.STAMPS_INDEX)
    if index is None:
        return ()
    return tuple(
        name
        for name in names.stamps(index)
        if not (names.never_changes(name) and name in sent.digests)
    )


def in_order(files: Mapping[str, bytes]) -> Iterator[Item]:
    """What is sent when the tiles and the time-stamps are there: what names them, then the
    checkpoint that commits to them, then the page that was made from it."""
    first = (names.STAMPS_INDEX, names.CHECKPOINT, *names.BESIDE, *names.SOMETIMES)
    for name in (*first, names.MACHINE_FORM, names.PAGE):
        if name in files:
            yield Item(name=name, content=files[name])


def outlived(found: Shown, sent: Sent) -> tuple[frozenset[str], Sent]:
    """What goes now, and what is remembered then. A tile that a wider one took the place of stays
    until the log has grown once more: somebody may be reading by the checkpoint before."""
    now = names.tiles(found.size)
    absent = frozenset(name for name in found.absent if name in sent.digests)
    narrower = frozenset(
        name for name in sent.digests if names.is_partial(name) and name not in now
    )
    fresh = narrower - frozenset(sent.leaving)
    going = absent | (frozenset(sent.leaving) - now.keys() if fresh else frozenset())
    kept = sent.without(going)
    leaving = tuple(sorted(fresh)) if fresh else sent.leaving
    return going, Sent(
        where=kept.where, digests=kept.digests, leaving=leaving, trouble=kept.trouble
    )


def grouped(items: Iterable[str], size: int = GROUP) -> Iterator[tuple[str, ...]]:
    waiting = tuple(items)
    for at in range(0, len(waiting), size):
        yield waiting[at : at + size]
