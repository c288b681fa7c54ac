"""Observation `mirrored-database`: a row written on the primary is on the secondary at once, and
both ends say that the primary waited for it.

The secondary is asked to wait for the row before it is written, so its answer dates the moment at
which it was there, by this computer's clock; the way there and back counts against it.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from standfast.core.errors import CannotVerify, Refused
from standfast.core.units import duration
from standfast.mechanisms.database.observe import cluster_by_any
from standfast.mechanisms.database.psql import psql
from standfast.mechanisms.hosts.connection import Connection
from standfast.promises.model import Figures
from standfast.proofs.drills import mirror
from standfast.proofs.drills.ground import Ground, Ran

DATABASE = "postgres"
"""Mirrored like the service's own, which no proof writes to behind the service's back."""

PREPARE = (
    "CREATE SCHEMA IF NOT EXISTS standfast",
    "CREATE TABLE IF NOT EXISTS standfast.canary (run uuid PRIMARY KEY)",
)

ARRIVES_WITHIN_S = 10
"""A row that is not there by then has not arrived."""

AHEAD_S = 1.0
"""For the session on the secondary to be there before the row is."""

COPIES_PROMISED = 1

STATE = "SELECT application_name, state, sync_state FROM pg_stat_replication"
LEVEL = "SHOW synchronous_commit"
RECEIVER = "SELECT status FROM pg_stat_wal_receiver"

WAITS = frozenset({"on", "remote_write", "remote_apply"})
"""Settings of synchronous_commit with which a commit waits for another machine to have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """What both ends say. `senders`: name, state and sync_state of each receiver, as the primary
    sees it; `receiving`: the machines that say that they receive."""

    level: str
    senders: tuple[tuple[str, str, str], ...]
    receiving: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class MirroredDatabase:
    def prepare(self, ground: Ground) -> None:
        """Nothing is needed, and nothing disturbed."""

    def run(self, ground: Ground, *, short: bool) -> Ran:
        started = ground.clock.now()
        primary, secondary = ends_of(ground)
        to_primary, to_secondary = ground.connections[primary], ground.connections[secondary]
        for statement in PREPARE:
            asked(to_primary, statement)
        arrived_s = canary(ground, to_primary, to_secondary)
        ends = Ends(
            level=asked(to_primary, LEVEL),
            senders=parse_senders(asked(to_primary, STATE)),
            receiving=frozenset(
                each.machine.name
                for each in mirror.connections(ground, without=primary)
                if asked(each, RECEIVER) == "streaming"
            ),
        )
        measured = figures(ends, arrived_s)
        story = told(primary, secondary, ends, measured)
        ground.tell(story[0])
        return Ran(
            target=primary,
            run=str(ground.run),
            measured=measured,
            story=story,
            seen={
                "primary": primary,
                "secondary": secondary,
                "synchronous_commit": ends.level,
                "receivers": [list(each) for each in ends.senders],
            },
            started_at=started,
            ended_at=ground.clock.now(),
        )


def ends_of(ground: Ground) -> tuple[str, str]:
    if ground.chosen:
        raise Refused("which machine is looked at is for the database to say")
    cluster = cluster_by_any(mirror.connections(ground))
    others = (*cluster.synchronous, *(each.name for each in cluster.secondaries))
    if cluster.primary is None or not others:
        raise CannotVerify(
            "the database has no primary and secondary to look at", remedy="standfast status"
        )
    return cluster.primary, others[0]


def canary(ground: Ground, primary: Connection, secondary: Connection) -> float | None:
    """Seconds from the acknowledgement of a row until the secondary had it; None if it never came.
    0 when it was there before the acknowledgement was heard of."""
    clock, run = ground.clock, ground.run
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(lambda: (came(secondary, str(run)), clock.monotonic()))
        clock.sleep(AHEAD_S)
        asked(primary, f"INSERT INTO standfast.canary VALUES ('{run}')")
        acknowledged = clock.monotonic()
        there, at = waiting.result()
    asked(primary, f"DELETE FROM standfast.canary WHERE run = '{run}'")
    return max(0.0, at - acknowledged) if there else None


def came(secondary: Connection, run: str) -> bool:
    """Wait on the machine itself; each look has a snapshot of its own (plpgsql, READ COMMITTED)."""
    looks = (
        f"DO $$ BEGIN FOR turn IN 1..{ARRIVES_WITHIN_S * 100} LOOP "
        f"IF EXISTS (SELECT FROM standfast.canary WHERE run = '{run}') THEN RETURN; END IF; "
        "PERFORM pg_sleep(0.01); END LOOP; RAISE 'it has not arrived'; END $$"
    )
    words = psql(DATABASE, f"--command={looks}")
    return secondary.run(words, check=False, timeout_s=3 * ARRIVES_WITHIN_S).status == 0


def asked(connection: Connection, statement: str) -> str:
    return connection.run(psql(DATABASE, f"--command={statement}")).text.strip()


def parse_senders(printed: str) -> tuple[tuple[str, str, str], ...]:
    """Lines of psql, unaligned: `db-2|streaming|sync`."""
    rows = (line.split("|") for line in printed.splitlines() if line.count("|") == 2)
    return tuple((name, state, sync_state) for name, state, sync_state in rows)


def mirroring(ends: Ends) -> tuple[str, ...]:
    """The machines for which the primary waits, and which say that they receive."""
    if ends.level not in WAITS:
        return ()
    return tuple(
        name
        for name, state, sync_state in ends.senders
        if (state, sync_state) == ("streaming", "sync") and name in ends.receiving
    )


def figures(ends: Ends, arrived_s: float | None) -> dict[str, float]:
    measured: dict[str, float] = {"missing_copies": max(0, COPIES_PROMISED - len(mirroring(ends)))}
    measured["mirrored_s"] = ARRIVES_WITHIN_S if arrived_s is None else round(arrived_s, 3)
    return measured


def told(primary: str, secondary: str, ends: Ends, measured: Figures) -> tuple[str, ...]:
    copies = ", ".join(mirroring(ends)) or "nobody"
    return (
        f"row written on {primary} … on {secondary} {duration(measured['mirrored_s'])} after it "
        f"was acknowledged; {primary} waits for {copies}",
        *(
            f"{primary} sees {name}: {state}, {sync_state}"
            for name, state, sync_state in ends.senders
        ),
    )
