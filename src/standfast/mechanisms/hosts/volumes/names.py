"""Where a machine's mirrored volume and its disks are, on the machine. Standard library only."""

HOME = "/var/lib/standfast-volume"
"""A folder on the volume of a machine that was made here. What it holds nobody needs: proofs write
there."""

SETTINGS = "/etc/standfast/volumes.json"
STATE = "/run/standfast/volumes.json"
NOTES = "/var/lib/standfast-volumes/notes.json"

UNIT = "standfast-volumes.service"
FAULT = "unwatched-volumes"


SPARE_STAMP = b"standfast: spare disk\n"
"""The first bytes of a disk that was put in to be spare. mkfs.btrfs(8) and btrfs-replace(8) write
over them, so no disk that ever was a member has them, however it stopped being one."""


def disk_path(number: int) -> str:
    """A disk of a machine made here, by its place, counted from 1. It keeps this name when another
    one is put into the place."""
    return f"/dev/standfast-disk-{number}"
