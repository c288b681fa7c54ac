"""What a folder lies on, from /proc/self/mountinfo (proc(5)). Pure, standard library only."""

import re
from dataclasses import dataclass
from pathlib import PurePath

MOUNTINFO = "/proc/self/mountinfo"
ESCAPED = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """`device`: major and minor number, `9:0`, of a file system on a block device."""

    place: str
    kind: str
    source: str
    device: str


def mounts(mountinfo: str) -> list[Mount]:
    found = []
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        fields, rest = before.split(), after.split()
        if len(fields) > 4 and len(rest) > 1:
            found.append(
                Mount(
                    place=unescaped(fields[4]),
                    kind=rest[0],
                    source=unescaped(rest[1]),
                    device=fields[2],
                )
            )
    return found


def unescaped(text: str) -> str:
    return ESCAPED.sub(lambda found: chr(int(found[1], 8)), text)


def under(folder: str, mountinfo: str) -> Mount | None:
    """The deepest mount that holds the folder; of two at one place the later hides the earlier."""
    path, best = PurePath(folder), None
    for each in mounts(mountinfo):
        holds = path.is_relative_to(each.place)
        if holds and (best is None or len(each.place) >= len(best.place)):
            best = each
    return best


def pool(source: str) -> str:
    """Of a data set of ZFS: `rpool/ROOT/debian` is in `rpool`."""
    return source.partition("/")[0]
