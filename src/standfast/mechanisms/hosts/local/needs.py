"""What machines made here need. Pure, and standard library only: it is asked for before anything
is installed, and again when `up` begins."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from standfast.mechanisms.hosts.machine import Folders

CORES = 1

MEMORY_PER_MACHINE_BYTES = 120_000_000
"""Eleven machines, with writes going on, were seen to use 1.2 GB together."""

INSTANCES_PER_MACHINE = 8
"""inotify instances of root that systemd takes in a machine; without them its process 1 dies
("Failed to allocate manager object"). With what our image masks, five were seen once it is on."""

DISK_PER_MACHINE_BYTES = 200_000_000
IMAGE_BYTES = 1_000_000_000
"""The image (670 MB), and the packages it is unpacked from while it is made."""
VENV_BYTES = 60_000_000

DEBIAN_DOWNLOAD_BYTES = 35_000_000
"""All of `PROGRAMS` on the barest Debian (28 MB), and the package lists. Most computers have
nearly all of it; apt-get's own figure is shown when it begins."""
VENV_DOWNLOAD_BYTES = 12_100_000
"""The wheels of requirements/standfast.lock."""

PROGRAMS: Mapping[str, str] = {
    "age": "age",
    "systemd-nspawn": "systemd-container",
    "mmdebstrap": "mmdebstrap",
    "ip": "iproute2",
    "nft": "nftables",
    "losetup": "mount",
    "mkfs.btrfs": "btrfs-progs",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "nsenter": "util-linux",
}
"""Programs that make machines, and the Debian packages that they come from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What `up` is about to make. `packages`, `venv` and `images` say what it must fetch first:
    the Debian packages that are missing, Python's packages, how many base images. `suites` are
    those of Debian that its machines run. `mirrored`: some have mirrored volumes."""

    site: str
    machines: tuple[str, ...]
    port: int
    folders: Folders
    suites: tuple[str, ...]
    mirrored: bool = True
    packages: tuple[str, ...] = ()
    venv: bool = False
    images: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """`device` tells two folders on one disk from two on different ones (st_dev of stat(2))."""

    device: int
    free_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What this computer has. `running` are the site's own machines that are on already;
    `published` says that its port is taken by the site itself; `loops` and `btrfs` that files
    can play disks, and be mirrored."""

    debian: bool
    cores: float
    memory_free_bytes: int
    state: Disk
    cache: Disk
    instances_limit: int
    instances_used: int
    running: frozenset[str]
    published: bool
    port_taken: bool
    groups_unified: bool
    groups_writable: bool
    mirror: bool
    loops: bool
    btrfs: bool
    programs_missing: tuple[str, ...]

    @property
    def instances_free(self) -> int:
        return max(0, self.instances_limit - self.instances_used)


def still_off(wanted: Wanted, found: Found) -> int:
    """A machine that is on has what it needs."""
    return len(set(wanted.machines) - found.running)


def memory_bytes(wanted: Wanted, found: Found) -> int:
    return still_off(wanted, found) * MEMORY_PER_MACHINE_BYTES


def instances(wanted: Wanted, found: Found) -> int:
    return still_off(wanted, found) * INSTANCES_PER_MACHINE


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What one disk must hold, and what it has. `setting` moves the folder elsewhere."""

    folder: Path
    setting: str
    needed_bytes: int
    free_bytes: int


def rooms(wanted: Wanted, found: Found) -> Iterator[Room]:
    """State and cache, together where they share a disk."""
    state = still_off(wanted, found) * DISK_PER_MACHINE_BYTES
    cache = wanted.images * IMAGE_BYTES + wanted.venv * VENV_BYTES
    both = found.state.device == found.cache.device
    yield Room(
        folder=wanted.folders.state,
        setting="STANDFAST_STATE and STANDFAST_CACHE" if both else "STANDFAST_STATE",
        needed_bytes=state + cache if both else state,
        free_bytes=found.state.free_bytes,
    )
    if not both:
        yield Room(
            folder=wanted.folders.cache,
            setting="STANDFAST_CACHE",
            needed_bytes=cache,
            free_bytes=found.cache.free_bytes,
        )
