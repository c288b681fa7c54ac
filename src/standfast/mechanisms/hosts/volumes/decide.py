"""What is done about a volume now. Pure, standard library only.

A member that has failed to read or write once is replaced, if there is a spare: a second fault
would find one copy. One whose blocks are not what was written is mended from the other first (a
scrub reads everything, and writes what is wrong anew); it is replaced when it fails in earnest. One
thing at a time, because the kernel takes one at a time, and what keeps two copies comes first.

*Stopping after any step is safe:* the next look sees what was begun (`busy`) or what was left, and
decides again. A replacement that was cut off by a loss of power is taken up by the kernel at the
next mount, and until it has ended the other copy is what counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from standfast.mechanisms.hosts.volumes.model import Scrub as Scrubbed
from standfast.mechanisms.hosts.volumes.model import Volume

SCRUB_EVERY_S = 7 * 24 * 3600.0
"""btrfs-scrub(8) advises a month; a small disk takes seconds, and damage is found sooner."""


AGAIN_AFTER_S = 120.0
"""A block that was damaged anew while it was mended counts as one that cannot be corrected. Looking
again tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replace:
    member: str
    spare: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirror:
    """Hold twice what is held once: what was written while a member was gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrub:
    why: str


Step = Replace | Mirror | Scrub


def decide(volume: Volume, mended: Mapping[str, int], *, now: float) -> Step | None:
    """`mended`: for each member how many of its corrupt blocks were there when it was last
    scrubbed to the end. `now`: seconds since 1970, as the volume's scrub has them."""
    if volume.busy:
        return None
    if volume.failing:
        if not volume.spares:
            return None
        return Replace(member=volume.failing.name, spare=volume.spares[0])
    if volume.unmirrored:
        return Mirror()
    if volume.scrub and not volume.scrub.finished:
        return None
    damaged = [each.name for each in volume.members if each.corrupt > mended.get(each.name, 0)]
    if damaged:
        return Scrub(why=f"blocks of {', '.join(damaged)} are not what was written")
    if volume.scrub and volume.scrub.uncorrectable and age_s(volume.scrub, now) >= AGAIN_AFTER_S:
        return Scrub(why="not all could be corrected")
    if volume.scrub is None or age_s(volume.scrub, now) >= SCRUB_EVERY_S:
        return Scrub(why="it is due")
    return None


def age_s(scrub: Scrubbed, now: float) -> float:
    return now - scrub.began_at
