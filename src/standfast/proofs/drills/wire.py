"""Observation `wire`: a sentence is saved, and every machine listens to its own cables for it.

    all listen → sign in, save, read → the database hands its WAL to the backups → what was heard?

The sentence is drawn at random for this run, and saved through the public address as customers
save. On its way it crosses every kind of link: customer to front end, front end to web server, web
server to database, database to its copy, database to backups. Each of these must have been heard
while it passed, or nothing was looked at; and in nothing that any machine heard, on whatever link,
may the sentence be found (`tap.py`).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from standfast.core.clock import Clock
from standfast.core.command import Command, Talk, talk
from standfast.core.errors import CannotVerify
from standfast.core.units import size
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.machine import Machine, Role
from standfast.proofs.drills import mirror
from standfast.proofs.drills.cables import (
    CUSTOMERS,
    Ear,
    Way,
    between,
    carried,
    ear,
    from_outside,
    heard,
    readable,
)
from standfast.proofs.drills.course import Course
from standfast.proofs.drills.found import Found
from standfast.proofs.drills.ground import Ground, Ran
from standfast.proofs.drills.mirrored_database import asked
from standfast.proofs.drills.mix import WRITE
from standfast.proofs.drills.program import program, unreadable
from standfast.proofs.drills.under_load import under_load

TAP = "standfast.proofs.drills.tap"

COURSE = Course(rate_per_s=10, duration_s=5, sessions=2)
LEAST_SAVED = 5

ARCHIVED_WITHIN_S = 30.0
POLL_S = 0.3
SHOWN = 20
"""Links with the sentence on them that the evidence names; the count is complete."""

SWITCH = "SELECT pg_walfile_name(pg_switch_wal())"
ARCHIVED = "SELECT coalesce(last_archived_wal, '') FROM pg_stat_archiver"


@dataclass(slots=True, kw_only=True)
class Listening:
    """Every machine listens from the moment at which the block is entered. Leaving it ends that."""

    connections: Sequence[Connection]
    programs: str
    needle: str
    primary: Connection
    archives: bool
    clock: Clock
    ears: tuple[Ear, ...] = ()
    taps: dict[str, Talk] = field(default_factory=dict)
    leaving: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> "Listening":
        with ExitStack() as stack:
            for each in self.connections:
                tap = talk(Command(argv=each.words(*program(self.programs, TAP))))
                self.taps[each.machine.name] = stack.enter_context(tap)
                tap.say(json.dumps({"needle": self.needle}).encode())
            for name, tap in self.taps.items():
                if not document(name, tap).get("listening"):
                    raise unreadable(name, "on its cables")
            self.leaving = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.leaving.close()

    def act(self, at_s: float) -> None:
        """Nothing is done but listen."""

    def must_have_happened(self) -> None:
        """What was saved last is on its way to the backups; then everybody says what it heard."""
        if self.archives:
            handed_over(self.primary, self.clock)
        for tap in self.taps.values():
            tap.hush()
        self.ears = tuple(ear(name, document(name, tap)) for name, tap in self.taps.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    def prepare(self, ground: Ground) -> None:
        ground.sign_up()

    def run(self, ground: Ground, *, short: bool) -> Ran:
        started = ground.clock.now()
        primary = mirror.primary_of_a_whole_pair(ground)
        words = f"{len(ground.machines)} machines listen while a sentence is saved"
        listening = Listening(
            connections=[ground.connections[each.name] for each in ground.machines],
            programs=ground.programs,
            needle=str(ground.run),
            primary=ground.connections[primary],
            archives=bool(ground.having(Role.BACKUP)),
            clock=ground.clock,
        )
        found = under_load(ground, COURSE, listening, words)
        ways = {
            CUSTOMERS: from_outside(ground.contract),
            **between(ground.machines, ground.links()),
        }
        measured = figures(found, listening.ears, ways)
        story = told(ground.machines, listening.ears, ways, measured)
        ground.tell(story[0])
        return Ran(
            target="",
            run=str(ground.run),
            measured=measured,
            story=story,
            seen={
                "heard": {
                    each.machine: {"packets": each.packets, "bytes": carried(each.flows)}
                    for each in listening.ears
                },
                "readable": readable(ground.machines, listening.ears)[:SHOWN],
            },
            started_at=started,
            ended_at=ground.clock.now(),
        )


def figures(found: Found, ears: Sequence[Ear], ways: Mapping[str, Way]) -> dict[str, float]:
    """Raises `CannotVerify` if too little was saved, or somebody could not keep up."""
    saved = sum(each.kind == WRITE and each.acknowledged for each in found.requests)
    if saved < LEAST_SAVED:
        raise CannotVerify(
            f"the sentence was saved {saved} times only, so there was little to hear",
            remedy="Does the service answer? standfast status",
        )
    deaf = [each.machine for each in ears if each.missed]
    if deaf:
        raise CannotVerify(
            f"{', '.join(deaf)} could not hear everything",
            remedy="Try again when the machines have less to do.",
        )
    return {
        "writes": saved,
        "packets": sum(each.packets for each in ears),
        "plain_sentences": sum(flow.found for each in ears for flow in each.flows),
        "unheard_ways": sum(not heard(way, ears) for way in ways.values()),
    }


def told(
    machines: Iterable[Machine],
    ears: Sequence[Ear],
    ways: Mapping[str, Way],
    measured: Mapping[str, float],
) -> tuple[str, ...]:
    times = measured["plain_sentences"]
    whole = size(sum(carried(each.flows) for each in ears))
    return (
        f"a sentence saved {measured['writes']:,.0f} times while {len(ears)} machines listened … "
        f"{measured['packets']:,.0f} packets, {whole}; "
        + (f"readable {times:,.0f} times" if times else "readable in none of them"),
        *(
            f"{words}: {size(count) + ' heard' if (count := heard(way, ears)) else 'not heard'}"
            for words, way in ways.items()
        ),
        *(f"readable: {each}" for each in readable(machines, ears)[:SHOWN]),
    )


def handed_over(primary: Connection, clock: Clock) -> None:
    """End the piece of WAL that the sentence is in, and wait until the backups have it. Names of
    WAL files of one timeline are in the order of what they hold."""
    piece = asked(primary, SWITCH)
    end = clock.monotonic() + ARCHIVED_WITHIN_S
    while asked(primary, ARCHIVED) < piece:
        if clock.monotonic() > end:
            raise CannotVerify(
                "the database did not hand its WAL to the backups in "
                f"{ARCHIVED_WITHIN_S:.0f} s, so that link carried nothing",
                remedy="standfast backup list",
            )
        clock.sleep(POLL_S)


def document(machine: str, tap: Talk) -> dict[str, Any]:
    """The next line that a tap says."""
    try:
        found = json.loads(tap.hear())
    except ValueError as error:
        raise unreadable(machine, "on its cables") from error
    return found if isinstance(found, dict) else {}
