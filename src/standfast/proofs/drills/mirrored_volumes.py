"""Drill `mirrored-volumes`: one disk of a machine is overwritten while it is in use, then fails for
good.

    whole? else refuse → load on the volume ────────────────────────────────→ every byte again?
                           one disk: random bytes over all that it holds
                           found damaged → read through, mended from the other copy
                           the same disk: dead → the spare takes its place

Only on machines made here, where disks are files: nobody's own disk is ever written to. Afterwards
there is a new spare in the place of the dead disk, as a person would put one in.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, Protocol

from standfast.core.command import Command, start
from standfast.core.errors import CannotVerify, Refused
from standfast.core.units import duration, size
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.machine import Role
from standfast.mechanisms.hosts.volumes import btrfs
from standfast.mechanisms.hosts.volumes.model import Scrub
from standfast.mechanisms.hosts.volumes.names import HOME
from standfast.promises.model import Figures
from standfast.proofs.drills import volumes
from standfast.proofs.drills.ground import Disks, Ground, Ran
from standfast.proofs.drills.program import program, unreadable

LOAD = "standfast.proofs.drills.volume_load"

READY_WITHIN_S = 8.0
CALM_S = 0.5
FOUND_WITHIN_S = 10.0
"""Every disk is read several times a second."""

SCRUBBED_WITHIN_S = 60.0
MARGIN_S = 1.0
POLL_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """What the overwriting did. `corrected`: blocks that the kernel counted as damaged, and mended
    from the other copy; `scrub`: everything read through afterwards."""

    overwritten_bytes: int
    corrected: int
    scrub: Scrub


class Process(Protocol):
    stdin: IO[bytes] | None
    stdout: IO[bytes] | None

    def wait(self) -> int: ...


@dataclass(slots=True, kw_only=True)
class Loaded:
    """What the load says when it has ended."""

    process: Process
    machine: str
    said: Mapping[str, Any] | None = None

    def stop(self) -> Mapping[str, Any]:
        if self.said is None:
            assert self.process.stdin is not None
            assert self.process.stdout is not None
            self.process.stdin.close()
            printed = self.process.stdout.read()
            self.process.wait()
            try:
                self.said = json.loads(printed)
            except ValueError as error:
                raise unreadable(self.machine, "while it wrote and read") from error
        return self.said


@dataclass(frozen=True, slots=True, kw_only=True)
class MirroredVolumes:
    def prepare(self, ground: Ground) -> None:
        disks_of(ground)

    def run(self, ground: Ground, *, short: bool) -> Ran:
        disks, target = disks_of(ground), drawn(ground, short=short)
        started = ground.clock.now()
        before = volumes.ask(ground, target) if short else ready(ground, target)
        number = ground.run.int
        connection = ground.connections[target]
        damage = None
        with mended(disks, target), loaded(ground, connection) as load:
            ground.clock.sleep(CALM_S)
            if not short:
                damage = damaged(ground, disks, target, number)
            spare = rebuilt(ground, disks, target, number)
            said = load.stop()
        measured = figures(said, damage, spare, before)
        story = told(target, said, measured, damage)
        ground.tell(story[0])
        return Ran(
            target=target,
            run=str(ground.run),
            measured=measured,
            story=story,
            seen={
                "machine": target,
                "overwritten_bytes": damage.overwritten_bytes if damage else 0,
                "complaints": list(said["complaints"]),
            },
            started_at=started,
            ended_at=ground.clock.now(),
            stand_ins=(f"the disks of {target} are files of one disk",),
        )


def disks_of(ground: Ground) -> Disks:
    if ground.disks is None:
        raise Refused("disks are broken on machines made here alone; nothing was disturbed")
    return ground.disks


def drawn(ground: Ground, *, short: bool) -> str:
    """With the planted fault nobody watches the disks of database machines."""
    databases = {each.name for each in ground.having(Role.DATABASE)}
    names = tuple(each for each in ground.mirrored if not short or each in databases)
    if ground.chosen not in (None, *names):
        raise Refused(f"{ground.chosen} has no mirrored volume; {', '.join(names)} have")
    return ground.chosen or ground.drawn(names)


def ready(ground: Ground, machine: str) -> volumes.Watched:
    """What was mended a moment ago, the watch sees at its next look."""
    end = ground.clock.monotonic() + READY_WITHIN_S
    while not (found := volumes.ask(ground, machine)).is_ready:
        if ground.clock.monotonic() > end:
            raise Refused(
                f"a volume of {machine} is not whole or has no spare, and would lose data now",
                remedy="`standfast prove mirrored-volumes` says what is wrong with it, and "
                "`standfast up` puts new disks in the place of dead ones.",
            )
        ground.clock.sleep(POLL_S)
    return found


@contextmanager
def mended(disks: Disks, machine: str) -> Iterator[None]:
    """Whatever happens, no dead disk is left."""
    try:
        yield
    finally:
        disks.mend(machine)


@contextmanager
def loaded(ground: Ground, connection: Connection) -> Iterator[Loaded]:
    words = program(ground.programs, LOAD, HOME, str(ground.run))
    process = start(Command(argv=connection.words(*words)))
    assert process.stdout is not None
    try:
        if process.stdout.readline().strip() != b"ready":
            raise CannotVerify(f"nothing could be written on {connection.machine.name}")
        yield Loaded(process=process, machine=connection.machine.name)
    finally:
        process.kill()
        process.wait()


def damaged(ground: Ground, disks: Disks, target: str, number: int) -> Damage:
    """Overwritten, found out by whoever reads, and mended to the last block."""
    before = corrupt(volumes.ask(ground, target))
    written = disks.overwrite(target, number, ground.run)
    end = ground.clock.monotonic() + FOUND_WITHIN_S
    while corrupt(volumes.ask(ground, target)) <= before:
        if ground.clock.monotonic() > end:
            raise CannotVerify(
                f"nobody noticed that a disk of {target} was overwritten",
                remedy="Did anybody read from it?",
            )
        ground.clock.sleep(POLL_S)
    scrub = read_through(ground, ground.connections[target])
    after = corrupt(until_later(ground, target, ground.clock.now()))
    return Damage(overwritten_bytes=written, corrected=after - before, scrub=scrub)


def read_through(ground: Ground, connection: Connection) -> Scrub:
    """One that began after the damage was done. The machine's own, which this waits for, may have
    begun before, and may have met a block that was damaged anew just as it had mended it."""
    end, since = ground.clock.monotonic() + SCRUBBED_WITHIN_S, int(ground.clock.now().timestamp())
    began = False
    while ground.clock.monotonic() < end:
        if not began:
            began = connection.run(btrfs.scrub(HOME).argv, check=False).status == 0
        found = btrfs.parse_scrub(in_c(connection, btrfs.last_scrub(HOME)))
        if began and found and found.finished and found.began_at >= since:
            return found
        ground.clock.sleep(POLL_S)
    raise CannotVerify(
        f"the volume of {connection.machine.name} was not read through within "
        f"{SCRUBBED_WITHIN_S:.0f} s"
    )


def in_c(connection: Connection, command: Command) -> str:
    words = ("/usr/bin/env", "LC_ALL=C", *command.argv)
    return connection.run(words, check=False).text


def until_later(ground: Ground, target: str, moment: datetime) -> volumes.Watched:
    """A look at it that began after that moment."""
    end = ground.clock.monotonic() + FOUND_WITHIN_S
    while True:
        found = volumes.ask(ground, target)
        passed = (ground.clock.now() - moment).total_seconds()
        if found.age_s is not None and found.age_s < passed:
            return found
        if ground.clock.monotonic() > end:
            raise CannotVerify(f"nobody watches the volume of {target}")
        ground.clock.sleep(POLL_S)


def corrupt(found: volumes.Watched) -> int:
    return sum(each.corrupt for each in found.volumes)


def rebuilt(ground: Ground, disks: Disks, target: str, number: int) -> dict[str, float]:
    """Seconds from the failure until the spare took the disk's place, and until there were two
    whole copies again. What did not begin took as long as was waited for it, and was not done."""
    objective = ground.objective
    known = len(volumes.ask(ground, target).replaced)
    began = ground.clock.monotonic()
    disks.fail(target, number)
    begun = waited(
        ground, lambda: len(volumes.ask(ground, target).replaced) > known, objective["begun_s"]
    )
    if begun > objective["begun_s"]:
        return {"begun_s": begun}
    waited(ground, lambda: volumes.ask(ground, target).is_whole, objective["rebuild_s"])
    return {"begun_s": begun, "rebuild_s": round(ground.clock.monotonic() - began, 3)}


def waited(ground: Ground, until: Callable[[], bool], limit_s: float) -> float:
    """How long, and a little more than the limit where it was for nothing."""
    began = ground.clock.monotonic()
    while True:
        passed = ground.clock.monotonic() - began
        if until() or passed > limit_s + MARGIN_S:
            return round(passed, 3)
        ground.clock.sleep(POLL_S)


def figures(
    said: Mapping[str, Any], damage: Damage | None, spare: Figures, before: volumes.Watched
) -> dict[str, float]:
    measured: dict[str, float] = {
        "interrupted_s": said["longest_s"],
        "writes": said["writes"],
        "bytes_read": said["bytes_read"],
        "wrong_bytes": said["wrong_bytes"],
        "failed_operations": said["failed"],
        **spare,
    }
    if damage:
        measured["corrected"] = damage.corrected
        measured["uncorrected"] = damage.scrub.uncorrectable
    if before.volumes:
        measured["scrub_age_s"] = round(max(each.scrub_age_s for each in before.volumes), 1)
    return measured


def told(
    target: str,
    said: Mapping[str, Any],
    measured: Figures,
    damage: Damage | None,
) -> tuple[str, ...]:
    read = f"{size(measured['bytes_read'])} read, {measured['wrong_bytes']:,.0f} bytes wrong"
    spare = (
        f"{duration(measured['rebuild_s'])} after it failed there were two whole copies again"
        if "rebuild_s" in measured
        else f"{duration(measured['begun_s'])} after it failed no spare had taken its place"
    )
    overwritten = (
        (
            f"{size(damage.overwritten_bytes)} of it were overwritten: {damage.corrected:,} blocks "
            f"found damaged and mended, {measured['uncorrected']:,.0f} not",
        )
        if damage
        else ()
    )
    return (
        f"a disk of {target} failed … {read}; {spare}",
        *overwritten,
        f"{measured['writes']:,.0f} writes, none of which took longer than "
        f"{duration(measured['interrupted_s'])}; {measured['failed_operations']:,.0f} failed",
        *(f"{target} complained: {each}" for each in said["complaints"]),
    )
