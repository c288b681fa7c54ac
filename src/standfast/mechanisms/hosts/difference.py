"""What a bundle would change on a machine, from what the machine said that it has. Pure."""

import difflib
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from standfast.mechanisms.hosts.bundle import Bundle, File
from standfast.mechanisms.hosts.firewall.guard import WANTED

CONTEXT_LINES = 2
HIDDEN = "(holds secrets, so its lines are not shown)"
FROM_KEYS = "(holds what `up` is yet to make)"


class Change(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """`lines` as in a unified diff; where they must not be shown, `note` says why."""

    path: str
    change: Change
    mode: str = ""
    lines: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """`seen` is False where nobody could look: then all of it counts as new. `foreign`: what of
    somebody's stands in the way."""

    machine: str
    seen: bool
    packages: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    files: tuple[FileChange, ...] = ()
    firewall: FileChange | None = None
    foreign: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (
            self.packages or self.users or self.units or self.files or self.firewall
        ) and not (self.foreign)


def difference(
    bundle: Bundle, found: Mapping[str, Any] | None, *, from_keys: frozenset[str]
) -> Difference:
    """`found` is the machine's inventory, `from_keys` names files whose content a preview cannot
    know."""
    if found is None:
        return everything(bundle)
    changes = {each.path: each for each in file_changes(bundle, found, from_keys)}
    firewall = changes.pop(str(WANTED), None)
    if firewall is None and not found["firewall"]:
        firewall = FileChange(
            path=str(WANTED), change=Change.CHANGED, note="(as planned, but not in force)"
        )
    return Difference(
        machine=bundle.machine,
        seen=True,
        packages=tuple(found["packages"]),
        users=tuple(found["users"]),
        units=tuple(found["units"]),
        files=tuple(changes.values()),
        firewall=firewall,
        foreign=tuple(each["what"] for each in found["foreign"]),
    )


def everything(bundle: Bundle) -> Difference:
    return Difference(
        machine=bundle.machine,
        seen=False,
        packages=bundle.packages,
        users=tuple(user.name for user in bundle.users),
        units=tuple(unit.name for unit in bundle.units),
        files=tuple(new(file) for file in bundle.files if file.path != str(WANTED)),
        firewall=next((new(file) for file in bundle.files if file.path == str(WANTED)), None),
    )


def file_changes(
    bundle: Bundle, found: Mapping[str, Any], from_keys: frozenset[str]
) -> Iterator[FileChange]:
    for file in bundle.files:
        now = found["files"][file.path]
        if now is None:
            yield new(file)
        elif (change := changed(file, now, unknown=file.path in from_keys)) is not None:
            yield change
    for path in found["removed"]:
        yield FileChange(path=path, change=Change.REMOVED)


def new(file: File) -> FileChange:
    words = f"{file.mode:04o} {file.owner}:{file.group}"
    return FileChange(path=file.path, change=Change.NEW, mode=words)


def changed(file: File, now: Mapping[str, Any], *, unknown: bool) -> FileChange | None:
    before = (now["mode"], now["owner"], now["group"])
    wanted = (file.mode, file.owner, file.group)
    mode = "" if file.block or before == wanted else f"{written(before)} → {written(wanted)}"
    if now["same"] or unknown:
        if not mode:
            return None
        return FileChange(
            path=file.path, change=Change.CHANGED, mode=mode, note=FROM_KEYS if unknown else ""
        )
    if now["content"] is None:
        return FileChange(path=file.path, change=Change.CHANGED, mode=mode, note=HIDDEN)
    after = b64decode(now["wanted"]) if now["wanted"] else file.content
    return FileChange(
        path=file.path,
        change=Change.CHANGED,
        mode=mode,
        lines=tuple(unified(b64decode(now["content"]), after)),
    )


def written(owned: tuple[int, str, str]) -> str:
    mode, owner, group = owned
    return f"{mode:04o} {owner}:{group}"


def unified(before: bytes, after: bytes) -> Iterator[str]:
    """Without the two lines that name the files."""
    lines = difflib.unified_diff(
        before.decode("utf-8", "replace").splitlines(),
        after.decode("utf-8", "replace").splitlines(),
        lineterm="",
        n=CONTEXT_LINES,
    )
    return (line for index, line in enumerate(lines) if index > 1)
