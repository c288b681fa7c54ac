"""Look at what this computer has. Standard library only; nothing is changed."""

import os
import re
import shutil
import socket
from contextlib import suppress
from pathlib import Path

from standfast.core.command import Command, Runner
from standfast.mechanisms.hosts.local import cgroup, loops, published, sources
from standfast.mechanisms.hosts.local.needs import PROGRAMS, Disk, Found, Wanted
from standfast.mechanisms.hosts.local.place import Place

APT = Path("/etc/apt")
APT_LISTS = Path("/var/lib/apt/lists")
PROC = Path("/proc")
ROOT_UID = 0


def survey(wanted: Wanted) -> Found:
    groups = (cgroup.unified_root(), cgroup.ROOT / "systemd")
    return Found(
        debian=all(shutil.which(each) for each in ("apt-get", "dpkg-query")),
        cores=cores(),
        memory_free_bytes=memory_free_bytes((PROC / "meminfo").read_text()),
        state=disk(wanted.folders.state),
        cache=disk(wanted.folders.cache),
        instances_limit=int((PROC / "sys/fs/inotify/max_user_instances").read_text()),
        instances_used=instances_used(PROC),
        running=frozenset(name for name in wanted.machines if is_on(wanted.site, name)),
        published=is_on(wanted.site, published.NAME),
        port_taken=taken(wanted.port),
        groups_unified=(groups[0] / "cgroup.controllers").exists(),
        groups_writable=all(os.access(each, os.W_OK) for each in groups if each.exists()),
        mirror=all(sources.read(APT, each) for each in wanted.suites),
        loops=loops.CONTROL.exists() or has_module("loop"),
        btrfs=knows_btrfs((PROC / "filesystems").read_text()) or has_module("btrfs"),
        programs_missing=tuple(each for each in PROGRAMS if shutil.which(each) is None),
    )


def knows_btrfs(filesystems: str) -> bool:
    """From /proc/filesystems (filesystems(5)): what is loaded or built in."""
    return "btrfs" in filesystems.split()


def has_module(name: str) -> bool:
    """Whether the kernel would load it when it is asked for."""
    folder = Path("/lib/modules") / os.uname().release
    return any(folder.rglob(f"{name}.ko*"))


def is_on(site: str, name: str) -> bool:
    return Place(site=site, name=name).group.is_populated()


def cores() -> float:
    """Those this process may run on, or the part of them that a control group allows it."""
    allowed = float(len(os.sched_getaffinity(0)))
    with suppress(OSError):
        quota = quota_cores((cgroup.ROOT / "cpu.max").read_text())
        return allowed if quota is None else min(allowed, quota)
    return allowed


def quota_cores(text: str) -> float | None:
    """From `cpu.max`, microseconds in each period (cgroups(7)); `max` is no limit."""
    quota, period = text.split()
    return None if quota == "max" else int(quota) / int(period)


def memory_free_bytes(text: str) -> int:
    """What could be used without swapping (proc(5), MemAvailable)."""
    found = re.search(r"^MemAvailable:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def disk(folder: Path) -> Disk:
    """Of the folder, or of the nearest one above it that is there."""
    while not folder.exists():
        folder = folder.parent
    return Disk(device=folder.stat().st_dev, free_bytes=shutil.disk_usage(folder).free)


def instances_used(proc: Path) -> int:
    """The kernel counts inotify instances per user and shows no count: root's processes are asked
    for theirs. One that a process shares with its child counts twice here, which errs towards
    refusing."""
    return sum(instances_of(each) for each in proc.iterdir() if each.name.isdigit())


def instances_of(process: Path) -> int:
    with suppress(OSError):  # it may end while we look
        if process.stat().st_uid == ROOT_UID:
            files = (process / "fd").iterdir()
            return sum(points_to(file) == "anon_inode:inotify" for file in files)
    return 0


def points_to(file: Path) -> str:
    with suppress(OSError):
        return str(file.readlink())
    return ""


def taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def candidates(packages: tuple[str, ...], runner: Runner) -> frozenset[str] | None:
    """Which of them apt-get could install; None when it has read no lists yet, as in a fresh
    container, and so cannot know."""
    if not any(APT_LISTS.glob("*_Packages*")):
        return None
    command = Command(argv=("apt-cache", "policy", *packages), environment={"LC_ALL": "C"})
    return frozenset(offered(runner.run(command, check=False).text))


def offered(policy: str) -> list[str]:
    """From `apt-cache policy`: a package it does not know is left out, `(none)` has no source."""
    return re.findall(r"^(\S+):\n  Installed: .*\n  Candidate: (?!\(none\))", policy, re.MULTILINE)
