"""Why machines cannot be made on this computer, before anything on it is touched. Pure."""

from collections.abc import Iterator, Set

from standfast.core.errors import ConfigError
from standfast.core.units import size
from standfast.mechanisms.hosts.local.needs import (
    CORES,
    PROGRAMS,
    Found,
    Wanted,
    instances,
    memory_bytes,
    rooms,
)
from standfast.mechanisms.hosts.local.sources import no_mirror

INSTANCES_SYSCTL = "fs.inotify.max_user_instances"
INSTANCES_ADVISED = 512
"""Enough for several sites, and little: an instance takes memory only when it is used."""


def must_be_root(uid: int) -> None:
    if uid != 0:
        raise ConfigError(
            "only root may make machines and networks",
            remedy="Run it again with sudo.",
        )


def first_missing(wanted: Wanted, found: Found) -> ConfigError | None:
    """The first thing that stands in the way: what kind of computer it is before what it has."""
    return next(missing(wanted, found), None)


def missing(wanted: Wanted, found: Found) -> Iterator[ConfigError]:
    yield from wrong_computer(found)
    if wanted.mirrored:
        yield from no_disks(found)
    if found.port_taken and not found.published:
        yield ConfigError(
            f"port {wanted.port} of 127.0.0.1 is taken by another program",
            remedy="Set `port` in standfast.toml to a free one, or stop that program.",
        )
    yield from not_installed(wanted, found)
    yield from too_little(wanted, found)


def wrong_computer(found: Found) -> Iterator[ConfigError]:
    if not found.debian:
        yield ConfigError(
            "this computer runs neither Debian nor Ubuntu",
            remedy="Use Debian 12 or newer; a virtual machine will do.",
        )
    if not found.groups_unified:
        yield ConfigError(
            "there is no control group hierarchy of version 2 under /sys/fs/cgroup",
            remedy="Boot with systemd.unified_cgroup_hierarchy=1, or mount cgroup2 there.",
        )
    if not found.groups_writable:
        yield ConfigError(
            "/sys/fs/cgroup cannot be written to, so no machine gets a power switch",
            remedy="Is this a container? Mount it there for writing, or use a virtual machine.",
        )


def no_disks(found: Found) -> Iterator[ConfigError]:
    for there, what in ((found.loops, "loop devices"), (found.btrfs, "btrfs")):
        if not there:
            yield ConfigError(
                f"the kernel of this computer has no {what}, so machines get no mirrored disks",
                remedy="Take another kernel, or set `mirrored = false` in [volumes]: then it is "
                "not promised that a disk can fail.",
            )


def not_installed(wanted: Wanted, found: Found) -> Iterator[ConfigError]:
    absent = [each for each in found.programs_missing if PROGRAMS[each] not in wanted.packages]
    if absent:
        packages = " ".join(dict.fromkeys(PROGRAMS[each] for each in absent))
        yield ConfigError(
            f"not found on the PATH: {', '.join(absent)}",
            remedy=f"Run `apt-get install {packages}`; if it is there, add /usr/sbin to PATH.",
        )
    if wanted.images and not found.mirror:
        yield no_mirror(" or ".join(wanted.suites))


def too_little(wanted: Wanted, found: Found) -> Iterator[ConfigError]:
    if found.cores < CORES:
        yield ConfigError(
            f"{CORES} core is needed and {found.cores:g} of one may be used",
            remedy="Raise the limit on this computer's processor time, or take another one.",
        )
    memory = memory_bytes(wanted, found)
    if found.memory_free_bytes < memory:
        yield ConfigError(
            f"{size(memory)} of memory are needed and {size(found.memory_free_bytes)} are free",
            remedy="Stop something, or take another computer.",
        )
    for room in rooms(wanted, found):
        if room.free_bytes < room.needed_bytes:
            yield ConfigError(
                f"{size(room.needed_bytes)} of disk are needed for {room.folder}"
                f" and {size(room.free_bytes)} are free",
                remedy=f"Make room, or set {room.setting} to a folder on a larger disk.",
            )
    needed = instances(wanted, found)
    if found.instances_free < needed:
        enough = max(INSTANCES_ADVISED, found.instances_used + needed)
        yield ConfigError(
            f"{needed} inotify instances of root are needed and {found.instances_free} of"
            f" {found.instances_limit} are free",
            remedy=f"Run `sysctl -w {INSTANCES_SYSCTL}={enough}`, or stop machines of other sites.",
        )


def not_offered(packages: tuple[str, ...], candidates: Set[str]) -> ConfigError | None:
    """What apt-get cannot install, once it has read its lists."""
    absent = [each for each in packages if each not in candidates]
    if not absent:
        return None
    return ConfigError(
        f"apt-get has no candidate for {', '.join(absent)}",
        remedy="Run `apt-get update`, or add a Debian mirror (on Ubuntu: universe) to its sources.",
    )
