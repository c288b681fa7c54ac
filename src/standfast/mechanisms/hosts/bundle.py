"""What a machine is made of: files, units, users, folders, and what may talk to it.

A room *contributes*; `merge` joins the contributions for one machine into its `Bundle`, and
refuses two writers of one file. All of it is pure data, so a golden test can hold it and `plan`
can show it. Standard library only: the machine reads the same classes (`apply.py`).
"""

import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace

from standfast.core.errors import BrokenInvariant


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """`restarts` names the units that must start anew when this file changes, `reloads` those
    that can read it again without dropping anybody. An `early` one is there before packages are
    installed, because their installation reads it. A `block` is ours inside a file that others
    write too (hosts_file.py): that file keeps its owner and mode."""

    path: str
    content: bytes
    mode: int = 0o644
    owner: str = "root"
    group: str = "root"
    restarts: tuple[str, ...] = ()
    reloads: tuple[str, ...] = ()
    early: bool = False
    block: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A systemd unit to be enabled and running. A `held` one is started and restarted by a later
    step, when its machine's turn has come; one that takes turns (`in_turn`) is started at once, but
    restarted by such a step, one machine after the other."""

    name: str
    held: bool = False
    in_turn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    name: str
    home: str
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    path: str
    mode: int = 0o755
    owner: str = "root"
    group: str = "root"


VRRP = "vrrp"
"""A protocol of its own beside TCP and UDP, without ports (RFC 5798, section 5.1.1.4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """What may open a connection to this machine. No `sources`: anybody. `port` 0: the protocol has
    none."""

    port: int
    sources: tuple[str, ...]
    why: str
    protocol: str = "tcp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A unit that reads a file which another room writes, such as the machine's certificate: it
    is reloaded when the file changes, or restarted if it reads it only at its start."""

    path: str
    unit: str
    restart: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """What one room puts on one machine. `packages` are the distribution's."""

    files: tuple[File, ...] = ()
    units: tuple[Unit, ...] = ()
    users: tuple[User, ...] = ()
    folders: tuple[Folder, ...] = ()
    flows: tuple[Flow, ...] = ()
    packages: tuple[str, ...] = ()
    readers: tuple[Reader, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    machine: str
    files: tuple[File, ...]
    units: tuple[Unit, ...]
    users: tuple[User, ...]
    folders: tuple[Folder, ...]
    packages: tuple[str, ...]

    def to_json(self) -> bytes:
        document = asdict(self)
        for file in document["files"]:
            file["content"] = b64encode(file["content"]).decode()
        return json.dumps(document, sort_keys=True).encode()

    @classmethod
    def from_json(cls, text: bytes) -> "Bundle":
        document = json.loads(text)
        return cls(
            machine=document["machine"],
            files=tuple(
                File(
                    **{
                        **file,
                        "content": b64decode(file["content"]),
                        "restarts": tuple(file["restarts"]),
                        "reloads": tuple(file["reloads"]),
                    }
                )
                for file in document["files"]
            ),
            units=tuple(Unit(**unit) for unit in document["units"]),
            users=tuple(
                User(**{**user, "groups": tuple(user["groups"])}) for user in document["users"]
            ),
            folders=tuple(Folder(**folder) for folder in document["folders"]),
            packages=tuple(document["packages"]),
        )

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.to_json()).hexdigest()


def merge(machine: str, contributions: Iterable[Contribution]) -> Bundle:
    """Join what the rooms contribute; what several ask for in the same words appears once."""
    parts = tuple(contributions)
    files: dict[str, File] = {}
    for file in (file for part in parts for file in part.files):
        if files.setdefault(file.path, file) != file:
            raise BrokenInvariant(f"two rooms write {file.path} on {machine}")
    readers = tuple(dict.fromkeys(reader for part in parts for reader in part.readers))
    for reader in readers:
        if reader.path not in files:
            raise BrokenInvariant(f"{reader.unit} reads {reader.path}, which nobody writes")
    return Bundle(
        machine=machine,
        files=tuple(with_readers(files[path], readers) for path in sorted(files)),
        units=tuple(dict.fromkeys(unit for part in parts for unit in part.units)),
        users=tuple(dict.fromkeys(user for part in parts for user in part.users)),
        folders=tuple(dict.fromkeys(folder for part in parts for folder in part.folders)),
        packages=tuple(sorted({name for part in parts for name in part.packages})),
    )


def with_readers(file: File, readers: Iterable[Reader]) -> File:
    mine = [reader for reader in readers if reader.path == file.path]
    restarts = (*file.restarts, *(reader.unit for reader in mine if reader.restart))
    reloads = (*file.reloads, *(reader.unit for reader in mine if not reader.restart))
    return replace(
        file, restarts=tuple(dict.fromkeys(restarts)), reloads=tuple(dict.fromkeys(reloads))
    )
