"""What this machine is, how it is off for room, and whether its clock is right."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from standfast.core.clock import SystemClock
from standfast.core.units import stamp
from standfast.mechanisms.hosts import disks, outdated, timekeeping
from standfast.mechanisms.hosts.disks import DiskSettings

DISK = "/"


def read() -> Mapping[str, Any]:
    disk = os.statvfs(DISK)
    memory = Path("/proc/meminfo").read_text()
    return {
        "hostname": os.uname().nodename,
        "debian": Path("/etc/debian_version").read_text().strip(),
        "uptime_s": uptime_s(
            Path("/proc/uptime").read_text(),
            Path("/proc/1/stat").read_text(),
            ticks=os.sysconf("SC_CLK_TCK"),
        ),
        "disk_free_bytes": disk.f_bavail * disk.f_frsize,
        "disk_bytes": disk.f_blocks * disk.f_frsize,
        "memory_free_bytes": kibibytes(memory, "MemAvailable"),
        "memory_bytes": kibibytes(memory, "MemTotal"),
        "disks": disks_of(Path(disks.SETTINGS)),
        "now": stamp(SystemClock().now()),
        "clock": timekeeping.read(),
        "outdated": outdated.read(),
    }


def disks_of(settings: Path) -> list[Mapping[str, Any]]:
    """Those that the guard watches; none before a bundle was applied."""
    if not settings.exists():
        return []
    watched = DiskSettings.from_json(settings.read_text()).watched
    return [
        {"folder": disk.folder, "used": round(disk.used, 4), "level": str(disk.level)}
        for disk in disks.read(watched)
    ]


def uptime_s(uptime: str, init: str, *, ticks: int) -> float:
    """How long process 1 runs, from /proc/uptime and /proc/1/stat (proc(5), field 22): a machine
    that shares its kernel sees the uptime of the computer under it."""
    started = int(init.rpartition(")")[2].split()[19]) / ticks
    return round(float(uptime.split()[0]) - started, 2)


def kibibytes(meminfo: str, name: str) -> int:
    """A line of /proc/meminfo (proc(5)), in bytes. What could be used at once counts as free."""
    found = re.search(rf"^{name}:\s+(\d+) kB$", meminfo, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0
