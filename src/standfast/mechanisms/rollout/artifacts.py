"""Folders that are shipped whole, known by the digest of what is in them.

An archive is made the same from the same files (sorted, no times, no owners), so its digest says
whether a machine has it. It is unpacked beside its place and renamed: there whole or not at all.
"""

import hashlib
import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from standfast.core.errors import Refused
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.disks import FULL, NO_ROOM

LEFT_OUT = frozenset({"__pycache__", ".venv", ".git", "node_modules", ".pytest_cache"})
UPLOAD_TIMEOUT_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """`folder` is where it lies on every machine; its last part is the digest."""

    folder: str
    archive: bytes


def digest(archive: bytes) -> str:
    return hashlib.sha256(archive).hexdigest()[:16]


def archive(folder: Path, *, inside: str = "") -> bytes:
    """A tar of `folder`, its files below `inside`."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path in sorted(kept(folder)):
            info = tar.gettarinfo(path, arcname=str(Path(inside) / path.relative_to(folder)))
            info.mtime = 0
            info.uid = info.gid = 0
            info.uname = info.gname = "root"
            if path.is_file() and not path.is_symlink():
                with path.open("rb") as file:
                    tar.addfile(info, file)
            else:
                tar.addfile(info)
    return buffer.getvalue()


def kept(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name in LEFT_OUT:
            continue
        yield path
        if path.is_dir() and not path.is_symlink():
            yield from kept(path)


def ship(artifact: Artifact, connection: Connection) -> bool:
    """Put it there unless it is; say whether it was shipped. A full disk is not made fuller."""
    if connection.run(("test", "-d", artifact.folder), check=False).status == 0:
        return False
    if connection.run(("test", "-e", NO_ROOM), check=False).status == 0:
        raise no_room(connection.machine.name)
    part = f"{artifact.folder}.part"
    connection.run(("rm", "-rf", part))
    connection.run(("mkdir", "-p", part))
    connection.run(
        ("tar", "-x", "-C", part, "-f", "-"), stdin=artifact.archive, timeout_s=UPLOAD_TIMEOUT_S
    )
    connection.run(("mv", "-T", part, artifact.folder))
    return True


def no_room(machine: str) -> Refused:
    return Refused(
        f"a disk of {machine} is more than {FULL:.0%} full, so nothing new is brought there",
        remedy=f"Make room on it: standfast logs {machine} --unit standfast-disk-guard.service "
        "names the folder. A minute after there is room, this works again.",
    )
