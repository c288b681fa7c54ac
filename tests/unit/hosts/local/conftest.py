"""A computer on which everything is right, to be spoilt in one way at a time."""

from pathlib import Path

import pytest

from standfast.mechanisms.hosts.local.needs import Disk, Found, Wanted
from standfast.mechanisms.hosts.machine import Folders


@pytest.fixture
def wanted() -> Wanted:
    return Wanted(
        site="shop",
        machines=("edge-1", "web-1", "web-2", "db-1", "monitor-1"),
        port=8443,
        folders=Folders(
            site="shop",
            state=Path("/var/lib/standfast"),
            cache=Path("/var/cache/standfast"),
            run=Path("/run/standfast"),
        ),
        suites=("bookworm",),
        packages=("mmdebstrap", "systemd-container"),
        venv=True,
        images=1,
    )


@pytest.fixture
def found() -> Found:
    disk = Disk(device=1, free_bytes=50_000_000_000)
    return Found(
        debian=True,
        cores=2,
        memory_free_bytes=8_000_000_000,
        state=disk,
        cache=disk,
        instances_limit=128,
        instances_used=3,
        running=frozenset(),
        published=False,
        port_taken=False,
        groups_unified=True,
        groups_writable=True,
        mirror=True,
        loops=True,
        btrfs=True,
        programs_missing=("systemd-nspawn", "mmdebstrap"),
    )
