"""A volume and its members, whoever mirrors them. Standard library only."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    BTRFS = "btrfs"
    MD = "md"
    ZFS = "zfs"
    PLAIN = "plain"
    """A disk, a partition, a file system in memory: nobody mirrors it that is known here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One disk of a volume. `errors`: how often it refused a read, a write or a flush. `corrupt`:
    how many blocks were found on it that are not what was written."""

    name: str
    gone: bool = False
    errors: int = 0
    corrupt: int = 0

    @property
    def fails(self) -> bool:
        return self.gone or self.errors > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrub:
    """Every block read and compared with its checksum. `began_at`: seconds since 1970."""

    began_at: float
    finished: bool
    corrected: int = 0
    uncorrectable: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """What lies under `folder`. `copies`: how many members hold each block, where it is mirrored
    throughout; 1 where it is not. `busy`: what the volume is just at, in the kernel's words;
    nothing else can be begun meanwhile. `full`: there may be too little room for a spare to take a
    member's place. `spares`: disks that could."""

    folder: str
    kind: Kind
    name: str = ""
    members: tuple[Member, ...] = ()
    copies: int = 1
    unmirrored: tuple[str, ...] = ()
    busy: str = ""
    full: bool = False
    spares: tuple[str, ...] = ()
    scrub: Scrub | None = None

    @property
    def failing(self) -> Member | None:
        return next((each for each in self.members if each.fails), None)
