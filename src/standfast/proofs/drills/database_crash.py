"""Drill `database-crash`: kill PostgreSQL on the primary while visitors read and save.

    one copy? refuse → load ──────────────────────────────────→ what is stored? → two copies again?
                         every process of PostgreSQL: SIGKILL

The machine goes on running, and so does Patroni, whose work it is to see it.
"""

from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType

from standfast.core.clock import Clock
from standfast.core.errors import CannotVerify, Refused
from standfast.mechanisms.hosts.connection import Connection
from standfast.proofs.drills import failover, mirror
from standfast.proofs.drills.course import Course
from standfast.proofs.drills.ground import Ground, Ran
from standfast.proofs.drills.power_cut import Moment
from standfast.proofs.drills.under_load import under_load

WHOLE = Course(rate_per_s=25, duration_s=14, calm_s=4)
SHORT = Course(rate_per_s=25, duration_s=10, calm_s=3, find_tries=1)
"""When nobody takes over, the outage has outlasted its limit well before the load ends, and what is
stored cannot be asked for until the fault is gone."""

KILL = ("pkill", "-KILL", "--exact", "--euid", "postgres", "postgres")
"""Patroni runs under the same name and is another program, so it is spared (pkill(1), --exact)."""

NONE_THERE = 1
"""pkill(1): no process matched."""


@dataclass(slots=True, kw_only=True)
class Kill:
    """Due `after_s` into the load. Nothing has to be undone: Patroni starts it again. From then on
    `mend` watches, in the `pool`, for two copies."""

    connection: Connection
    clock: Clock
    after_s: float
    pool: Executor
    mend: Callable[[datetime], mirror.Again]
    mending: Future[mirror.Again] | None = None
    moment: Moment | None = None
    found_one: bool = False

    def __enter__(self) -> "Kill":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """There is nothing to take back."""

    def act(self, at_s: float) -> None:
        if self.moment is None and at_s >= self.after_s:
            self.moment = Moment(at=self.clock.now(), at_s=at_s)
            self.found_one = self.connection.run(KILL, check=False).status == 0
            self.mending = self.pool.submit(self.mend, self.moment.at)

    def must_have_happened(self) -> None:
        if self.moment is None or not self.found_one:
            raise CannotVerify(
                f"no process of PostgreSQL was killed on {self.connection.machine.name}",
                remedy="Was the load too short, or is PostgreSQL run by another user?",
            )


def mend(ground: Ground, since: datetime) -> mirror.Again:
    return mirror.redundant_after_a_break(ground, since=since)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseCrash:
    def prepare(self, ground: Ground) -> None:
        mirror.primary_of_a_whole_pair(ground)
        ground.sign_up()

    def run(self, ground: Ground, *, short: bool) -> Ran:
        course = SHORT if short else WHOLE
        primary = mirror.primary_of_a_whole_pair(ground)
        if ground.chosen not in (None, primary):
            raise Refused(f"{ground.chosen} is not the primary, which is {primary}")
        started = ground.clock.now()
        words = f"PostgreSQL killed on {primary} at {course.rate_per_s} requests/s"
        with ThreadPoolExecutor(1) as pool:
            kill = Kill(
                connection=ground.connections[primary],
                clock=ground.clock,
                after_s=course.cut_at_s,
                pool=pool,
                mend=lambda since: mirror.NOT_SEEN if short else mend(ground, since),
            )
            found = under_load(ground, course, kill, words)
            assert kill.moment is not None
            assert kill.mending is not None
            again = kill.mending.result()
        measured = failover.figures(
            found, course, fault_at_s=kill.moment.at_s, redundancy_s=again.after_s
        )
        story = failover.story(
            words,
            found,
            measured,
            what=f"every process of PostgreSQL on {primary} was killed at once",
            successor=again.primary,
        )
        ground.tell(story[0])
        return Ran(
            target=primary,
            run=str(ground.run),
            measured=measured,
            story=story,
            seen=failover.seen(
                primary,
                found,
                rate_per_s=course.rate_per_s,
                fault=kill.moment,
                successor=again.primary,
            ),
            started_at=started,
            ended_at=ground.clock.now(),
        )
