"""Linux software RAID (md(4)), as /proc/mdstat tells of it. Pure, standard library only."""

import re
from collections.abc import Mapping

from standfast.mechanisms.hosts.volumes.model import Kind, Member, Volume

MDSTAT = "/proc/mdstat"

MIRRORS = frozenset({"raid1", "raid10"})

ARRAY = re.compile(r"^(md\S*) : (\S+)(?: \((?:auto-)?read-only\))?(?: (raid\d+|linear))? ?(.*)$")
MEMBER = re.compile(r"(\S+?)\[\d+\]((?:\([A-Z]\))*)")
WANTED = re.compile(r"\[(\d+)/(\d+)\]")
WORK = re.compile(r"\b(recovery|resync|reshape|check|repair)\s*=\s*(\S+)")
SCRUBS = frozenset({"check", "repair"})


def parse(mdstat: str) -> Mapping[str, Volume]:
    """Arrays by name. Their folder is left empty: who asked knows it. A `check` keeps nobody from
    anything, and is told as `scrubs` does."""
    return {name: array(name, block) for name, block in blocks(mdstat)}


def blocks(mdstat: str) -> list[tuple[str, list[str]]]:
    found: list[tuple[str, list[str]]] = []
    for line in mdstat.splitlines():
        if match := ARRAY.match(line):
            found.append((match[1], [line]))
        elif found and line.startswith(" "):
            found[-1][1].append(line)
    return found


def array(name: str, lines: list[str]) -> Volume:
    head = ARRAY.match(lines[0])
    assert head is not None
    listed = MEMBER.findall(head[4])
    counts = next((match for line in lines[1:] if (match := WANTED.search(line))), None)
    wanted = int(counts[1]) if counts else 0
    members = [
        Member(name=disk, gone="(F)" in flags) for disk, flags in listed if "(S)" not in flags
    ]
    absent = max(0, wanted - len(members))
    mirrors = head[3] in MIRRORS and head[2] == "active" and wanted > 1
    return Volume(
        folder="",
        kind=Kind.MD,
        name=name,
        members=(*members, *(Member(name=f"a disk of {name}", gone=True) for _ in range(absent))),
        copies=2 if mirrors else 1,
        busy=work(lines),
        spares=tuple(disk for disk, flags in listed if "(S)" in flags),
    )


def work(lines: list[str]) -> str:
    """What keeps it from being whole. A comparison disturbs nothing."""
    found = next((match for line in lines[1:] if (match := WORK.search(line))), None)
    return f"{found[1]} = {found[2]}" if found and found[1] not in SCRUBS else ""


def scrubs(mdstat: str) -> frozenset[str]:
    """Arrays that are just being compared, block by block."""
    return frozenset(
        name
        for name, lines in blocks(mdstat)
        if any((match := WORK.search(line)) and match[1] in SCRUBS for line in lines[1:])
    )
