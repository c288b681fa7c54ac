"""The watch over a machine's mirrored volumes: puts a spare in the place of a disk that fails, has
what was damaged mended from the other copy, and everything read once a week (hosts/volumes).

Standard library only, as root. One loop: observe, record, decide, apply. Machines that belong to
somebody have their own way to replace a disk, so there it looks and does no more.
"""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from standfast.core.clock import Clock, SystemClock
from standfast.core.command import Runner, SystemRunner
from standfast.core.files import write_atomically
from standfast.daemons.turns import take_turns
from standfast.mechanisms.hosts.volumes import btrfs, look, md, state
from standfast.mechanisms.hosts.volumes.decide import Mirror, Replace, Scrub, Step, decide
from standfast.mechanisms.hosts.volumes.model import Kind, Volume
from standfast.mechanisms.hosts.volumes.model import Scrub as Scrubbed
from standfast.mechanisms.hosts.volumes.names import NOTES, SETTINGS, STATE

LOOK_S = 1.0
BUSY_LOOK_S = 0.2
WATCH_S = 10.0
"""Where nothing can be done but to tell."""

SCRUB_LOOK_S = 60.0
"""Somebody else may have started one. One of ours is asked for at every look."""

BEGINS_WITHIN_S = 30.0
REPLACED_KEPT = 20


@dataclass(slots=True, kw_only=True)
class Notes:
    """What is kept over a restart, in seconds since 1970. `read_through`: when the last scrub of a
    volume began that has ended."""

    since: float
    read_through: dict[str, float] = field(default_factory=dict)
    replaced: list[state.Replaced] = field(default_factory=list)

    def to_json(self) -> bytes:
        document = {
            "since": self.since,
            "read_through": self.read_through,
            "replaced": [
                {"member": each.member, "spare": each.spare, "at": each.at}
                for each in self.replaced[-REPLACED_KEPT:]
            ],
        }
        return json.dumps(document, indent=2, sort_keys=True).encode() + b"\n"

    @classmethod
    def read(cls, path: Path, *, now: float) -> "Notes":
        if not path.exists():
            return cls(since=now)
        said: dict[str, Any] = json.loads(path.read_text())
        return cls(
            since=said["since"],
            read_through=said["read_through"],
            replaced=[state.Replaced(**each) for each in said["replaced"]],
        )


@dataclass(slots=True, kw_only=True)
class Watch:
    """`mended`: of each volume, how many corrupt blocks of each member were there when it had last
    been scrubbed."""

    folders: tuple[str, ...]
    disks: tuple[str, ...]
    runner: Runner
    clock: Clock
    notes: Notes
    kept_at: Path
    told_at: Path
    mended: dict[str, Mapping[str, int]] = field(default_factory=dict)
    scrubs: dict[str, Scrubbed | None] = field(default_factory=dict)
    asked_at: float = 0.0
    kept: bytes = b""

    def step(self) -> float:
        """Return how long to wait for the next look, in seconds."""
        now = self.clock.now().timestamp()
        volumes = tuple(self._look(folder, now) for folder in self.folders)
        self._record(volumes, now)
        if not self.disks:
            return WATCH_S
        steps = [(each, decide(each, self.mended.get(each.name, {}), now=now)) for each in volumes]
        for volume, step in steps:
            if step is not None:
                self._apply(volume, step, now)
        working = any(step or each.busy or scrubbing(each) for each, step in steps)
        return BUSY_LOOK_S if working else LOOK_S

    def _look(self, folder: str, now: float) -> Volume:
        seen = look.look(folder, self.runner, self.scrubs.get(folder), self.disks)
        match seen.kind:
            case Kind.BTRFS:
                return replace(seen, scrub=self._scrub(seen, now))
            case Kind.MD:
                return replace(seen, scrub=self._comparison(seen, now))
        return seen

    def _scrub(self, volume: Volume, now: float) -> Scrubbed | None:
        """Its last one. What was corrupt when it ended has been mended."""
        known = self.scrubs.get(volume.folder)
        begun = known if known and not known.finished else None
        settled = known is not None and known.finished and not known.uncorrectable
        if settled and now - self.asked_at < SCRUB_LOOK_S:
            return known
        self.asked_at = now
        printed = self.runner.run(btrfs.last_scrub(volume.folder), check=False).text
        found = btrfs.parse_scrub(printed)
        if begun and is_older(found, begun) and now - begun.began_at < BEGINS_WITHIN_S:
            return begun
        self.scrubs[volume.folder] = found
        if begun and found and found.finished:
            self.mended[volume.name] = {each.name: each.corrupt for each in volume.members}
        return found

    def _comparison(self, volume: Volume, now: float) -> Scrubbed | None:
        """The kernel does not say when it last compared an array, so it is noted as it does."""
        if volume.name in md.scrubs(Path(md.MDSTAT).read_text()):
            self.notes.read_through[volume.name] = now
        at = self.notes.read_through.get(volume.name)
        return None if at is None else Scrubbed(began_at=at, finished=True)

    def _record(self, volumes: tuple[Volume, ...], now: float) -> None:
        for each in volumes:
            if each.scrub and each.scrub.finished:
                self.notes.read_through[each.name] = each.scrub.began_at
        told = state.document(
            volumes,
            looked_at=now,
            since=self.notes.since,
            read_through=self.notes.read_through,
            replaced=self.notes.replaced,
        )
        self.told_at.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(self.told_at, json.dumps(told).encode())
        notes = self.notes.to_json()
        if notes != self.kept:
            self.kept_at.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self.kept_at, notes)
            self.kept = notes

    def _apply(self, volume: Volume, step: Step, now: float) -> None:
        say(words(volume, step))
        match step:
            case Replace(member=member, spare=spare):
                self.runner.run(btrfs.stop_scrub(volume.folder), check=False)
                self.runner.run(btrfs.replace(volume.folder, member, look.node(spare)))
                self.notes.replaced.append(state.Replaced(member=member, spare=spare, at=now))
            case Mirror():
                self.runner.run(btrfs.mirror(volume.folder))
            case Scrub():
                self.runner.run(btrfs.scrub(volume.folder))
                self.scrubs[volume.folder] = Scrubbed(began_at=now, finished=False)


def scrubbing(volume: Volume) -> bool:
    return volume.scrub is not None and not volume.scrub.finished


def is_older(found: Scrubbed | None, begun: Scrubbed) -> bool:
    """The program that scrubs has not said yet that it began; it says so in whole seconds."""
    return found is None or found.began_at < int(begun.began_at)


def words(volume: Volume, step: Step) -> str:
    match step:
        case Replace(member=member, spare=spare):
            return f"{spare} takes the place of disk {member} of {volume.folder}, which fails"
        case Mirror():
            return f"what {volume.folder} holds once is mirrored: {', '.join(volume.unmirrored)}"
        case Scrub(why=why):
            return f"{volume.folder} is scrubbed: {why}"


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def main() -> None:
    clock = SystemClock()
    told_at = Path(STATE)
    if os.environ.get("STANDFAST_VOLUMES") == "unwatched":
        told_at.unlink(missing_ok=True)
        while True:
            clock.sleep(3600)
    settings: Mapping[str, Any] = json.loads(Path(SETTINGS).read_text())
    watch = Watch(
        folders=tuple(settings["folders"]),
        disks=tuple(settings["disks"]),
        runner=SystemRunner(),
        clock=clock,
        notes=Notes.read(Path(NOTES), now=clock.now().timestamp()),
        kept_at=Path(NOTES),
        told_at=told_at,
    )
    take_turns(watch.step, clock, say)


if __name__ == "__main__":
    main()
