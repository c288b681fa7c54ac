"""The mirrored volume of a machine made here: three files that play disks, two of them a mirror of
btrfs, the third its spare.

    disks/disk-1 ─ loop ─┐
    disks/disk-2 ─ loop ─┴─ btrfs raid1, mounted at `volume`: the machine's own disk and its data
    disks/disk-3 ─ loop ─── spare

This computer is the disk controller: it makes the volume, mounts it before the machine starts and
hands it the three devices. Whatever happens to the volume afterwards is the machine's own to see
and to mend (`hosts/volumes`). The files lie on one disk of this computer, so what is proven with
them is rehearsed. Everything is looked for before it is made; the mark that a volume is made comes
last.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from standfast.core.clock import Clock
from standfast.core.command import Command, Runner
from standfast.core.errors import CommandFailed, Refused
from standfast.core.files import write_atomically
from standfast.mechanisms.hosts.local import loops
from standfast.mechanisms.hosts.local.disk import Disk
from standfast.mechanisms.hosts.volumes import btrfs
from standfast.mechanisms.hosts.volumes.look import is_stamped
from standfast.mechanisms.hosts.volumes.names import disk_path

COUNT = 3
MIRRORED = 2
MADE = "made"

DISKS = tuple(disk_path(number) for number in range(1, COUNT + 1))
"""As the machine has them."""

RELEASED_WITHIN_S = 2.0
"""A machine that was killed lets go of its disks within milliseconds."""

REPLACED_WITHIN_S = 300.0
POLL_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """`folder` is the machine's. `size_bytes` of each disk, for a volume that is not made yet."""

    folder: Path
    size_bytes: int
    runner: Runner
    clock: Clock

    @property
    def mountpoint(self) -> Path:
        return self.folder / "volume"

    @property
    def disks(self) -> tuple[Disk, ...]:
        places = range(1, COUNT + 1)
        folder, size_bytes = self.folder / "disks", self._size()
        return tuple(Disk(file=folder / f"disk-{each}", size_bytes=size_bytes) for each in places)

    @property
    def is_begun(self) -> bool:
        return (self.folder / "disks").is_dir()

    @property
    def is_made(self) -> bool:
        return (self.folder / "disks" / MADE).exists()

    def mount(self) -> None:
        """Make what is missing of it, and mount it."""
        if self.mountpoint.is_mount():
            return
        if not self.is_made:
            self._make_files()
        devices = self.attach()
        if not self.is_made:
            both = [devices[each.file] for each in self.disks[:MIRRORED]]
            self.runner.run(btrfs.make_mirror(both))
            write_atomically(self.folder / "disks" / MADE, str(self.size_bytes).encode())
        self.mountpoint.mkdir(exist_ok=True)
        members = [devices[each.file] for each in self._members()]
        degraded = len(members) < MIRRORED
        self.runner.run(btrfs.mount(members, str(self.mountpoint), degraded=degraded))

    def attach(self) -> Mapping[Path, str]:
        """Every disk has its device: file to device."""
        found = loops.attached()
        return {
            each.file: found.get(each.file) or self.runner.run(loops.attach(each.file)).text.strip()
            for each in self.disks
        }

    def hands_over(self) -> tuple[str, ...]:
        """What systemd-nspawn(1) is told, so that the machine has its disks: by the names under
        which the kernel speaks of them, and by their places."""
        devices = self.attach()
        return tuple(
            f"--bind={device}{there}"
            for place, each in zip(DISKS, self.disks, strict=True)
            for device in (devices[each.file],)
            for there in ("", f":{place}")
        )

    def take_down(self) -> None:
        """Unmounted, and its devices let go of; the files stay. Where a process of this
        computer has mounts of its own, and so a view of this one, the kernel lets go as it ends."""
        end = self.clock.monotonic() + RELEASED_WITHIN_S
        while self.mountpoint.is_mount():
            late = self.clock.monotonic() > end  # until then somebody may just be looking at it
            self.runner.run(Command(argv=("umount", str(self.mountpoint))), check=late)
            self.clock.sleep(POLL_S)
        while devices := loops.below(self.folder):
            self.runner.run(loops.detach(devices), check=False)
            if self.clock.monotonic() > end:
                return
            self.clock.sleep(POLL_S)

    def overwrite(self, number: int, seed: bytes) -> int:
        """Bytes that follow from `seed` where that member holds something, while it is in use.
        Return how many. What is mirrored nowhere else would be lost, so a volume that is not whole
        is refused."""
        self._must_be_whole()
        return self._member(number).overwrite(seed)

    def fail(self, number: int) -> None:
        """That member fails for good: nothing can be read from it, or written to it. Its device
        goes first: who is killed in between leaves a disk that everybody sees failing."""
        self._must_be_whole()
        failed = self._member(number)
        loops.take_away(self.attach()[failed.file])
        failed.die()

    def mend(self) -> None:
        """What a person does in the end: every dead disk is exchanged for a new one, and so is one
        that was taken out. A dead one that is still a member is replaced first, by the spare, if
        the machine has not done so. To be called while it is mounted."""
        devices = self.attach()
        for each in self.disks:
            device = devices[each.file]
            if is_dead(each, device):
                self._out_of_the_mirror(each, devices)
            elif not self._was_taken_out(each, device):
                continue
            each.renew()
            loops.give_back(device)

    def _was_taken_out(self, disk: Disk, device: str) -> bool:
        """No member, and no spare that nobody used yet; nor what a replacement is just written
        to."""
        seen = btrfs.look(str(self.mountpoint))
        is_used = seen.busy or seen.holds(device)
        return not is_used and not is_stamped(str(disk.file))

    def _out_of_the_mirror(self, dead: Disk, devices: Mapping[Path, str]) -> None:
        end = self.clock.monotonic() + REPLACED_WITHIN_S
        while (seen := btrfs.look(str(self.mountpoint))).holds(devices[dead.file]):
            spare = next(
                (
                    each
                    for each in self.disks
                    if not is_dead(each, device := devices[each.file]) and not seen.holds(device)
                ),
                None,
            )
            if spare is None or self.clock.monotonic() > end:
                raise CommandFailed(
                    f"{dead.file} is dead, and no spare took its place",
                    remedy=f"Look at `btrfs filesystem show {self.mountpoint}`.",
                )
            failing = btrfs.failing(seen)
            if failing is not None and not seen.busy:
                words = btrfs.replace(
                    str(self.mountpoint), failing.name, devices[spare.file], wait=True
                )
                self.runner.run(words, check=False)  # the machine may be at it as well
            else:
                self._have_it_noticed()
            self.clock.sleep(POLL_S)

    def _have_it_noticed(self) -> None:
        """A member that nobody reads or writes fails unnoticed."""
        probe = self.mountpoint / ".standfast-probe"
        write_atomically(probe, b"is anybody there?\n")
        probe.unlink()

    def _make_files(self) -> None:
        (self.folder / "disks").mkdir(parents=True, exist_ok=True)
        for each in self.disks:
            if not each.file.exists() or each.is_dead():
                each.renew()

    def _members(self) -> tuple[Disk, ...]:
        found = tuple(each for each in self.disks if not each.is_dead() and each.filesystem())
        if not found:
            raise Refused(
                f"no disk in {self.folder / 'disks'} holds a file system any more",
                remedy="The machine's data are lost; `destroy` the site, or bring its disks back.",
            )
        return found

    def _member(self, number: int) -> Disk:
        devices, seen = self.attach(), btrfs.look(str(self.mountpoint))
        members = [each for each in self.disks if seen.holds(devices[each.file])]
        return members[number % len(members)]

    def _must_be_whole(self) -> None:
        devices, seen = self.attach(), btrfs.look(str(self.mountpoint))
        is_mirror = len(seen.members) >= MIRRORED and not seen.unmirrored
        if (
            not is_mirror
            or btrfs.failing(seen)
            or seen.busy
            or any(is_dead(each, devices[each.file]) for each in self.disks)
        ):
            raise Refused(
                f"{self.mountpoint} is not whole or has no spare, and would lose data now",
                remedy="`standfast up` puts new disks in the place of dead ones.",
            )

    def _size(self) -> int:
        """Of each disk, as it was when the volume was made."""
        noted = self.folder / "disks" / MADE
        return int(noted.read_text()) if noted.exists() else self.size_bytes


def is_dead(disk: Disk, device: str) -> bool:
    """One of the two is enough: the device goes first, and the file afterwards."""
    return disk.is_dead() or loops.is_empty(device)
