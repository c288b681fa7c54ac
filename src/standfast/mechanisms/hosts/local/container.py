"""One machine made here: its disk, its process 1, its power switch.

The disk is an overlay on the shared image; folders that must outlive it (databases, the log) are
bind mounts. Both lie on the machine's mirrored volume, where it has one (`volume.py`). The power
switch is the control group: off is SIGKILL to everything in it and the cables out, without a word
to any daemon.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from standfast.core.clock import Clock
from standfast.core.command import Command, Runner
from standfast.core.errors import BrokenInvariant
from standfast.core.files import write_atomically
from standfast.mechanisms.hosts.local import network
from standfast.mechanisms.hosts.local.cgroup import Group, unless_gone
from standfast.mechanisms.hosts.local.names import Names, namespace_path
from standfast.mechanisms.hosts.local.place import Place, forget, spawn
from standfast.mechanisms.hosts.local.volume import Volume
from standfast.mechanisms.hosts.machine import Machine

POWEROFF_SIGNAL = "RTMIN+4"
"""systemd(1): asks process 1 to power off in good order."""

POWEROFF_TIMEOUT_S = 20.0

IMAGE = "image"
"""The file in a machine's folder that names the image below its disk, for as long as it lives: what
updates have put on the disk fits that image and no other."""

WITHOUT_CHECKSUMS = "etc/tmpfiles.d/journal-nocow.conf"
"""systemd's own rule of that name has the journal on btrfs written without checksums, and nobody
could say which of two copies is right. An empty file here takes its place (tmpfiles.d(5))."""

ENVIRONMENT: Mapping[str, str] = {
    "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network",
    "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1",
}
"""Network settings may be changed inside, and systemd inside sees version 2 control groups."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    machine: Machine
    names: Names
    image: Path
    data: tuple[str, ...]
    volume: Volume | None = None
    runner: Runner
    clock: Clock

    @property
    def folder(self) -> Path:
        return self.names.folder(self.machine.name)

    @property
    def disk(self) -> Path:
        """Where what the machine writes lies on this computer."""
        return self.volume.mountpoint if self.volume else self.folder

    @property
    def root(self) -> Path:
        return self.names.root(self.machine.name)

    @property
    def place(self) -> Place:
        return Place(site=self.names.site, name=self.machine.name)

    @property
    def group(self) -> Group:
        return self.place.group

    def is_on(self) -> bool:
        return self.group.is_populated()

    def make(self, *, host_key: bytes, host_key_public: bytes, authorized: bytes) -> None:
        """The disk, with the keys by which the operator and the machine know each other."""
        self.root.mkdir(parents=True, exist_ok=True)
        if self.volume:
            self.volume.mount()
        for name in ("upper", "work", "data"):
            (self.disk / name).mkdir(exist_ok=True)
        if not (self.folder / IMAGE).exists():
            write_atomically(self.folder / IMAGE, str(self.image).encode())
        for path in self.data:
            self.data_folder(path).mkdir(exist_ok=True)
        self.mount()
        name = self.machine.name
        for path, content, mode in (
            ("etc/hostname", f"{name}\n".encode(), 0o644),
            ("etc/ssh/ssh_host_ed25519_key", host_key, 0o600),
            ("etc/ssh/ssh_host_ed25519_key.pub", host_key_public, 0o644),
            ("root/.ssh/authorized_keys", authorized, 0o600),
            *(((WITHOUT_CHECKSUMS, b"", 0o644),) if self.volume else ()),
        ):
            target = self.root / path
            target.parent.mkdir(mode=0o700, exist_ok=True)
            if not target.exists() or target.read_bytes() != content:
                write_atomically(target, content, mode=mode)

    def data_folder(self, path: str) -> Path:
        return self.disk / "data" / path.strip("/").replace("/", "-")

    def mount(self) -> None:
        if self.volume:
            self.volume.mount()
        if self.root.is_mount():
            return
        layers = f"lowerdir={self.image},upperdir={self.disk}/upper,workdir={self.disk}/work"
        self.runner.run(
            Command(argv=("mount", "-t", "overlay", "overlay", "-o", layers, str(self.root)))
        )

    def power_on(self) -> None:
        """Boot, unless it is on. Returns at once; the caller waits for SSH."""
        if not self.is_on():
            network.forget_moved(self.names, self.machine, self.runner)
        network.plug_in(self.names, self.machine, self.runner)
        if self.volume:
            self.volume.mount()
            self.volume.mend()
        if self.is_on():
            return
        self.clear_leftovers()
        namespace = self.names.machine_namespace(self.machine.name)
        network.flush_firewall(namespace, self.runner)
        self.mount()
        log = self.folder / "console.log"
        spawn(self.place, self._nspawn(), log=log, environment=ENVIRONMENT, runner=self.runner)

    def power_cut(self) -> None:
        """The cables out, and SIGKILL to process 1 with all it started. In this order: the kernel
        closes the connections of a process that is killed, and a machine without power says no
        farewell to anybody."""
        network.set_links(self.names, self.machine, self.runner, up=False)
        self.group.kill()
        self.group.wait_until_empty(self.clock)

    def ask_to_power_off(self) -> None:
        for pid in self._init():
            self.runner.run(Command(argv=("kill", f"-{POWEROFF_SIGNAL}", pid)), check=False)

    def power_off(self) -> None:
        """In good order, as far as the machine lets us; then as a power cut."""
        end = self.clock.monotonic() + POWEROFF_TIMEOUT_S
        while self.is_on() and self.clock.monotonic() < end:
            self.clock.sleep(0.05)
        self.group.kill()
        self.group.wait_until_empty(self.clock)
        self._take_down()

    def destroy(self) -> None:
        self.group.kill()
        self.group.wait_until_empty(self.clock)
        self._take_down()
        for place in (self.root, self.disk):
            if place.is_mount():
                raise BrokenInvariant(f"{place} is still mounted, so nothing under it is deleted")
        if self.folder.exists():
            shutil.rmtree(self.folder)

    def _take_down(self) -> None:
        self.clear_leftovers()
        if self.root.is_mount():
            self.runner.run(Command(argv=("umount", str(self.root))))
        if self.volume:
            self.volume.take_down()
        network.remove(self.names.machine_namespace(self.machine.name), self.runner)

    def clear_leftovers(self) -> None:
        """What a killed systemd-nspawn leaves behind: its group, its lock, its runtime folders."""
        forget(self.place, self.runner)
        run = Path("/run/systemd/nspawn")
        name = self.names.container(self.machine.name)
        for path in (run / "propagate" / name, run / "unix-export" / name):
            if path.is_mount():
                self.runner.run(Command(argv=("umount", str(path))))
            if path.is_dir():
                path.rmdir()
        if self.root.is_mount():
            disk = self.root.stat()
            (run / "locks" / f"inode-{disk.st_dev}:{disk.st_ino}").unlink(missing_ok=True)

    def _init(self) -> tuple[str, ...]:
        """Process 1 of the machine, as this computer numbers it: in `init.scope` of its group."""
        group = self.group.unified
        found = (
            *group.glob("init.scope/cgroup.procs"),
            *group.glob("payload/init.scope/cgroup.procs"),
        )
        with unless_gone():
            return tuple(pid for path in found for pid in path.read_text().split()[:1])
        return ()

    def _nspawn(self) -> tuple[str, ...]:
        namespace = namespace_path(self.names.machine_namespace(self.machine.name))
        return (
            *("systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit"),
            f"--machine={self.names.container(self.machine.name)}",
            f"--hostname={self.machine.name}",
            f"--directory={self.root}",
            f"--network-namespace-path={namespace}",
            "--capability=CAP_NET_ADMIN,CAP_NET_RAW",
            *("--console=pipe", "--link-journal=no", "--resolv-conf=off", "--timezone=off"),
            *(f"--bind={self.data_folder(path)}:{path}" for path in self.data),
            *(self.volume.hands_over() if self.volume else ()),
        )
