"""What is wrong with a volume, in words. Pure."""

from collections.abc import Iterator

from standfast.mechanisms.hosts.volumes.model import Kind, Member, Volume


def is_mirrored(volume: Volume) -> bool:
    """Whether it is meant to survive the loss of a disk, whatever its state."""
    return volume.kind is not Kind.PLAIN and volume.copies > 1


def is_whole(volume: Volume) -> bool:
    """Whether it would survive the loss of a disk now."""
    return is_mirrored(volume) and not any(troubles(volume))


def troubles(volume: Volume) -> Iterator[str]:
    if not is_mirrored(volume):
        yield (
            f"{volume.folder} is on one disk"
            if not volume.unmirrored
            else (f"{', '.join(volume.unmirrored)} of {volume.folder} is held once")
        )
    for member in volume.members:
        if member.fails:
            yield f"{member.name} of {volume.folder} {said(member)}"
    if volume.busy:
        yield f"{volume.folder} is not done yet: {volume.busy}"
    if volume.full:
        yield f"{volume.folder} is so full that a spare may fail to take a disk's place"
    if volume.scrub and volume.scrub.uncorrectable:
        yield f"{volume.scrub.uncorrectable} blocks of {volume.folder} cannot be corrected"


def said(member: Member) -> str:
    if member.gone:
        return "is gone"
    return f"has failed {member.errors} times to read or write"
