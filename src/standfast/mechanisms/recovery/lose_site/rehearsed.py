"""A site's recovery, rehearsed beside the site that lives: what the new one is like, and what it
may not see. Pure.

The rehearsal runs in namespaces of its own (namespaces(7)): processes, so that nothing of the other
site's is reached through /proc, and mounts, in which folders of its own lie over everything that
would be lost. What is left to it are the packages of this computer, the service's source, the store
off site, and the envelope.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from standfast.core.command import Command

MACHINES: Mapping[str, Sequence[str]] = {
    "first": ("edge", "web", "monitor"),
    "second": ("web", "database"),
    "third": ("database", "backup"),
}
"""The smallest site with every role."""

KEPT = ("service", "suite", "database")
"""Of the lost site's file. Its machines, networks, windows, objectives, witnesses and the servers
that issue its certificates are of the place that it had."""

ENTER = (
    *("nice", "-n", "19", "setpriv", "--pdeathsig", "KILL"),
    *("unshare", "--mount", "--propagation", "private"),
    *("--pid", "--fork", "--kill-child=KILL", "--mount-proc"),
)
"""setpriv(1) and unshare(1): whoever dies takes all that was started below along. nice(1): the site
that lives on this computer comes first."""

NOWHERE = "/dev/null"
HOSTS = "/etc/hosts"
NAMED = "/run/netns"


def name_of(run: str) -> str:
    """Of a site in a drill with this random number; no file may hold it already, but by chance."""
    return f"drill-{run.replace('-', '')[:8]}"


def file_of(before: Mapping[str, Any], *, name: str, port: int, source: Path, known_as: str) -> str:
    """The new site's file. `before`: what the lost one's said; `known_as`: the name by which
    customers know it, which a line of /etc/hosts leads to it."""
    kept = {key: before[key] for key in KEPT if key in before}
    if "service" in kept:
        kept["service"] = {**kept["service"], "source": str(source)}
    hosts = ("/bin/sh", "-c", f'echo "$2 $1" >> {HOSTS}', "sh", "{name}", "{addresses}")
    said = {
        **kept,
        "name": name,
        "port": port,
        "names": list(before.get("names") or [known_as]),
        "dns": {"way": "command", "command": list(hosts)},
        "volumes": {"mirrored": False},  # a loop device would outlive the walls
        "machines": [{"name": each, "roles": list(roles)} for each, roles in MACHINES.items()],
    }
    return "".join(f"{quoted(key)} = {written(value)}\n" for key, value in said.items())


def written(value: Any) -> str:
    """As TOML has it on one line (toml.io, version 1.0: inline tables)."""
    if isinstance(value, Mapping):
        pairs = (f"{quoted(key)} = {written(each)}" for key, each in value.items())
        return f"{{ {', '.join(pairs)} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(written, value))}]"
    if isinstance(value, str):
        return quoted(value)
    return json.dumps(value) if isinstance(value, bool | int | float) else value.isoformat()


def quoted(text: str) -> str:
    """A basic string: JSON's escapes are TOML's, but that DEL must be written as one."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


@dataclass(frozen=True, slots=True, kw_only=True)
class Walls:
    """What is laid over what. `over`: a folder or file of the rehearsal, by the one that it hides.
    `fresh`: folders that are empty, and in memory. `blank`: files that read as if they were not
    there. `stays`: what of a hidden folder can be seen all the same."""

    over: Mapping[Path, Path]
    fresh: Sequence[Path] = ()
    blank: Sequence[Path] = ()
    stays: Sequence[Path] = ()

    @property
    def named(self) -> tuple[Path, ...]:
        return (*self.over, *self.fresh, *self.blank, *self.stays)

    @property
    def document(self) -> Mapping[str, Any]:
        return {
            "over": {str(hidden): str(own) for hidden, own in self.over.items()},
            "fresh": list(map(str, self.fresh)),
            "blank": list(map(str, self.blank)),
            "stays": list(map(str, self.stays)),
        }

    @classmethod
    def from_document(cls, said: Mapping[str, Any]) -> "Walls":
        return cls(
            over={Path(hidden): Path(own) for hidden, own in said["over"].items()},
            fresh=tuple(map(Path, said["fresh"])),
            blank=tuple(map(Path, said["blank"])),
            stays=tuple(map(Path, said["stays"])),
        )

    def own(self, path: Path) -> Path:
        """Where in the rehearsal's folders it lies, whose place is below a hidden one."""
        hidden = next(each for each in self.over if path.is_relative_to(each))
        return self.over[hidden] / path.relative_to(hidden)


def mounts(walls: Walls, there: Iterable[Path]) -> Iterator[Command]:
    """What stays is fetched first, and the folder that holds the rehearsal's own is hidden last.
    `there`: what exists of all that is named."""
    exists = frozenset(there)
    for path in walls.stays:
        yield Command(argv=("mount", "--rbind", str(path), str(walls.own(path))))
    for path in exists.intersection(walls.blank):
        yield Command(argv=("mount", "--bind", NOWHERE, str(path)))
    for path in exists.intersection(walls.fresh):
        yield Command(argv=("mount", "-t", "tmpfs", "-o", "mode=0755", "tmpfs", str(path)))
    for hidden in sorted(walls.over, key=lambda each: holds(each, walls.over.values())):
        yield Command(argv=("mount", "--rbind", str(walls.over[hidden]), str(hidden)))


def holds(hidden: Path, own: Iterable[Path]) -> bool:
    return any(each.is_relative_to(hidden) for each in own)


def still_there(gone: Iterable[Path]) -> tuple[Path, ...]:
    """Of what must not exist in a rehearsal. What is no file and no folder was laid over one."""
    return tuple(each for each in gone if each.is_file() or each.is_dir())
