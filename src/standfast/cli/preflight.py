"""Say first what `up` will make, and refuse what cannot work, before anything is touched."""

import shutil
import socket

from standfast.cli.app import App
from standfast.cli.progress import Progress
from standfast.core.errors import ConfigError
from standfast.core.units import size
from standfast.mechanisms.hosts.local.image import DOWNLOAD_BYTES
from standfast.mechanisms.hosts.local.needs import (
    DISK_PER_MACHINE_BYTES,
    IMAGE_BYTES,
    MEMORY_PER_MACHINE_BYTES,
    memory_free_bytes,
    processors,
)

PROGRAMS = ("systemd-nspawn", "mmdebstrap", "ip", "nft", "ssh", "ssh-keygen", "nsenter")


def preflight(app: App, progress: Progress) -> None:
    site = app.site
    count = len(site.machines)
    cached = app.here.image.exists()
    memory, disk = count * MEMORY_PER_MACHINE_BYTES, count * DISK_PER_MACHINE_BYTES
    disk += 0 if cached else IMAGE_BYTES
    home = site.folders.state
    while not home.exists():
        home = home.parent
    free = shutil.disk_usage(home).free
    roles = ", ".join(machine.name for machine in site.machines)
    progress.say(f"{site.name}: {count} small Debian machines on this computer")
    progress.say(f"  machines  {roles}")
    progress.say(f"  memory    {size(memory)} needed, {size(memory_free_bytes())} free")
    progress.say(f"  disk      {size(disk)} needed, {size(free)} free")
    progress.say(f"  cores     1 needed, {processors()} found; port {site.port} of 127.0.0.1")
    progress.say(f"  download  {'nothing' if cached else f'about {size(DOWNLOAD_BYTES)}'}")
    progress.say(
        f"  changes   {site.folders.home}, {site.folders.cache}, network namespaces\n"
        "            and control groups named standfast; `standfast destroy` takes it away"
    )
    refuse(app, memory, disk, free)


def refuse(app: App, memory: int, disk: int, free: int) -> None:
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        raise ConfigError(
            f"not installed here: {', '.join(missing)}",
            remedy="apt-get install systemd-container mmdebstrap iproute2 nftables openssh-client",
        )
    if free < disk:
        raise ConfigError(
            f"{size(disk)} of disk are needed and {size(free)} are free",
            remedy="Make room, or set STANDFAST_STATE and STANDFAST_CACHE to a larger disk.",
        )
    running = app.here.is_published()
    if not running and memory_free_bytes() < memory:
        raise ConfigError(
            f"{size(memory)} of memory are needed and {size(memory_free_bytes())} are free",
            remedy="Stop something, or take another computer.",
        )
    if not running and taken(app.site.port):
        raise ConfigError(
            f"port {app.site.port} of 127.0.0.1 is taken",
            remedy="Set `port` in standfast.toml to a free one.",
        )


def taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False
