"""A pool of ZFS, as `zpool status` tells of it (zpool-status(8)). Pure, standard library only."""

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from standfast.core.command import Command
from standfast.mechanisms.hosts.volumes.model import Kind, Member, Scrub, Volume

REDUNDANT = re.compile(r"^(mirror|raidz[123]?|draid\S*)-\d+$")
STANDING_IN = re.compile(r"^(spare|replacing)-\d+$")
COUNT = re.compile(r"^[\d.]+[KMGT]?$")
ELSEWHERE = frozenset({"logs", "cache", "spares"})
"""What stands below these holds nothing that is nowhere else."""

WITH_DATA = frozenset({"special", "dedup"})
SCRUBBED = re.compile(r"scrub repaired \S+ in .* with (\d+) errors on (.+)$", re.MULTILINE)
RESILVERS = re.compile(r"resilver in progress")
WELL = frozenset({"ONLINE", "AVAIL", "INUSE"})

THOUSANDS: Mapping[str, int] = {
    "K": 1_000,
    "M": 1_000_000,
    "G": 1_000_000_000,
    "T": 1_000_000_000_000,
}
"""zpool shortens large counts: 1.2K."""

DATE = "%a %b %d %H:%M:%S %Y"


def status(pool: str) -> Command:
    return Command(argv=("zpool", "status", pool), environment={"LC_ALL": "C"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    depth: int
    name: str
    state: str
    errors: int
    corrupt: int


def parse(printed: str) -> Volume:
    """Of one pool. A leaf outside any mirror or RAID-Z is held once."""
    tree, spares = config(printed)
    leaves = [row for row in tree if is_leaf(row)]
    alone = tuple(row.name for row in leaves if not under_redundancy(row, tree))
    return Volume(
        folder="",
        kind=Kind.ZFS,
        name=tree[0].name if tree else "",
        members=tuple(
            Member(
                name=row.name,
                gone=row.state not in WELL,
                errors=row.errors,
                corrupt=row.corrupt,
            )
            for row in leaves
        ),
        copies=2 if leaves and not alone else 1,
        unmirrored=alone,
        busy="resilver" if RESILVERS.search(printed) else "",
        spares=tuple(row.name for row in spares if row.state == "AVAIL"),
        scrub=scrubbed(printed),
    )


def config(printed: str) -> tuple[list[Row], list[Row]]:
    """The pool's tree, and its spares."""
    tree: list[Row] = []
    spares: list[Row] = []
    section = ""
    for row in rows(printed):
        if row.depth == 0 and row.name in ELSEWHERE | WITH_DATA:
            section = row.name if row.name in ELSEWHERE else ""
        elif not section:
            tree.append(row)
        elif section == "spares":
            spares.append(row)
    return tree, spares


def rows(printed: str) -> Iterator[Row]:
    """A line each: a tab, the name two blanks deeper at each level, the state, three counts."""
    _, _, after = printed.partition("config:")
    for line in after.splitlines():
        fields = line.split()
        if line.startswith("\t") and fields and fields[0] != "NAME":
            counts = [*map(count, fields[2:5]), 0, 0, 0]
            yield Row(
                depth=(len(line) - len(line[1:].lstrip(" ")) - 1) // 2,
                name=fields[0],
                state=fields[1] if len(fields) > 1 else "",
                errors=counts[0] + counts[1],
                corrupt=counts[2],
            )


def is_leaf(row: Row) -> bool:
    return row.depth > 0 and not REDUNDANT.match(row.name) and not STANDING_IN.match(row.name)


def under_redundancy(row: Row, tree: list[Row]) -> bool:
    """Whether a mirror or a RAID-Z stands above it, among the rows before it that are less deep."""
    depth = row.depth
    for above in reversed(tree[: tree.index(row)]):
        if above.depth < depth:
            if REDUNDANT.match(above.name):
                return True
            depth = above.depth
    return False


def count(text: str) -> int:
    """0 for what is no count: `-`, or a remark."""
    if not COUNT.match(text):
        return 0
    number, factor = (text[:-1], THOUSANDS[text[-1]]) if text[-1] in THOUSANDS else (text, 1)
    return int(float(number) * factor)


def scrubbed(printed: str) -> Scrub | None:
    """The last one that ended, by this machine's own time zone."""
    match = SCRUBBED.search(printed)
    if not match:
        return None
    ended = time.mktime(time.strptime(match[2].strip(), DATE))
    return Scrub(began_at=ended, finished=True, uncorrectable=int(match[1]))
