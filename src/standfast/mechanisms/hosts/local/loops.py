"""Loop devices: files that look like disks (losetup(8)). What is attached is read from sysfs.

One is let go of as soon as nobody has it open, which may be a moment after its file system was
unmounted, because another mount namespace may hold that one.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from standfast.core.command import Command

BLOCKS = Path("/sys/block")
CONTROL = Path("/dev/loop-control")
GONE = " (deleted)"
"""The kernel's word for a file that is still attached and has no name any more."""


def attached(blocks: Path = BLOCKS) -> Mapping[Path, str]:
    """File to its device, `/dev/loop3`. A file that was deleted is another one than what has its
    name now."""
    return {Path(file): device for device, file in listed(blocks) if not file.endswith(GONE)}


def below(folder: Path, blocks: Path = BLOCKS) -> tuple[str, ...]:
    """Those whose file is, or was, in that folder."""
    return tuple(
        sorted(
            device
            for device, file in listed(blocks)
            if folder in Path(file.removesuffix(GONE)).parents
        )
    )


def listed(blocks: Path) -> Iterator[tuple[str, str]]:
    for backing in blocks.glob("loop*/loop/backing_file"):
        with suppress(OSError):  # it was let go of meanwhile
            yield f"/dev/{backing.parents[1].name}", backing.read_text().rstrip("\n")


def is_empty(device: str, blocks: Path = BLOCKS) -> bool:
    return (blocks / Path(device).name / "size").read_text().strip() == "0"


def attach(file: Path) -> Command:
    """Prints the device. Direct: else all that is on it is held in memory twice."""
    return Command(argv=("losetup", "--find", "--show", "--direct-io=on", str(file)))


def detach(devices: Iterable[str]) -> Command:
    return Command(argv=("losetup", "--detach", *devices))


def measure_anew(device: str) -> Command:
    """Its file has another size now."""
    return Command(argv=("losetup", "--set-capacity", device))
