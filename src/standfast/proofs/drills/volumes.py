"""What the machines say of their volumes, as their watch has last seen them."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from standfast.core.errors import StandfastError
from standfast.proofs.drills.ground import Ground
from standfast.proofs.drills.program import unreadable

FRESH_S = 30.0
"""Three looks of a watch on a machine that belongs to somebody."""

WATCHED_WITHIN_S = 4.0
"""A watch that was started a moment ago has looked once by then."""

POLL_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Of one volume. `scrub_age_s`: since it was last read through, or somebody began to watch it.
    `corrupt`: blocks of its members that were found damaged, since each is a member."""

    folder: str
    kind: str
    mirrored: bool
    whole: bool
    troubles: tuple[str, ...]
    spares: int
    scrub_age_s: float
    corrupt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """`age_s`: since somebody looked; None where nobody does. `replaced`: when spares took a
    member's place, by the machine's clock, in seconds since 1970."""

    machine: str
    age_s: float | None = None
    volumes: tuple[Told, ...] = ()
    replaced: tuple[float, ...] = ()
    problem: str = ""

    @property
    def is_watched(self) -> bool:
        return self.age_s is not None and self.age_s < FRESH_S

    @property
    def is_whole(self) -> bool:
        return self.is_watched and bool(self.volumes) and all(each.whole for each in self.volumes)

    @property
    def is_ready(self) -> bool:
        """Whether a disk may fail, and another one would take its place."""
        return self.is_whole and all(each.spares for each in self.volumes)


def ask(ground: Ground, machine: str) -> Watched:
    """Raises `Unreachable`."""
    return read(machine, ground.agents.ask(machine, "volumes"))


def read(machine: str, said: Mapping[str, Any]) -> Watched:
    try:
        return Watched(
            machine=machine,
            age_s=said["age_s"],
            replaced=tuple(float(each["at"]) for each in said.get("replaced", ())),
            volumes=tuple(
                Told(
                    folder=each["folder"],
                    kind=each["kind"],
                    mirrored=bool(each["mirrored"]),
                    whole=bool(each["whole"]),
                    troubles=tuple(each["troubles"]),
                    spares=len(each["spares"]),
                    scrub_age_s=float(each["scrub_age_s"]),
                    corrupt=sum(int(member["corrupt"]) for member in each["members"]),
                )
                for each in said["volumes"]
            ),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise unreadable(machine, "of its volumes") from error


def ask_all(ground: Ground, machines: Sequence[str]) -> tuple[Watched, ...]:
    """At once, each until it is watched, or the time for that is over."""

    def asked(machine: str) -> Watched:
        end = ground.clock.monotonic() + WATCHED_WITHIN_S
        try:
            while not (found := ask(ground, machine)).is_watched:
                if ground.clock.monotonic() > end:
                    break
                ground.clock.sleep(POLL_S)
        except StandfastError as error:
            return Watched(machine=machine, problem=error.problem)
        return found

    with ThreadPoolExecutor(max(1, len(machines))) as pool:
        return tuple(pool.map(asked, machines))
