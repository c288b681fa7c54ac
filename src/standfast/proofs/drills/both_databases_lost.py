"""Drill `both-databases-lost`: all database machines lose power and data under load, and the site
is brought back in its place from a backup machine.

    load ──────────────────────────────────────────→ what is stored? → two copies? → kept aside
        data set aside, power cut … power on … restored, replayed, in its place, it serves

What was set aside goes back where nothing comes back, or too little; where something does, it is
kept until the next drill. Customers lose what they saved in the last seconds before, as they would;
so this is due once a month, and runs on listed machines when somebody has said so.
"""

from dataclasses import dataclass
from uuid import UUID

from standfast.core.errors import CannotVerify, Refused
from standfast.proofs.drills import loss, mirror
from standfast.proofs.drills.copies import counted, wait_for_first_copies
from standfast.proofs.drills.course import Course
from standfast.proofs.drills.ground import Ground, Ran
from standfast.proofs.drills.losing import Losing
from standfast.proofs.drills.primary import ASK_LIMIT_S, primary_of
from standfast.proofs.drills.under_load import under_load

COURSE = Course(rate_per_s=10, duration_s=3 * 3600, sessions=6, mended_s=3.0, find_tries=30)
"""Ends as soon as the site is well. A restore that takes longer than three hours is not watched to
its end; at ten requests a second four writes are."""

CALM_S = (5.0, 10.0)
"""Drawn from between: changes are sent to the backup machines every five seconds, and a loss that
always came at the same moment of them would measure that."""

ARRIVAL_LIMIT_S = 60.0
"""For what the drill itself needs to be in the copies; what is not will be missing."""

STARTED = "SELECT extract(epoch FROM clock_timestamp() - pg_postmaster_start_time());\n"

LIMIT_S = COURSE.duration_s + 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BothDatabasesLost:
    def prepare(self, ground: Ground) -> None:
        if ground.chosen:
            raise Refused("all database machines lose their data, so no machine can be chosen")
        mirror.primary_of_a_whole_pair(ground)
        wait_for_first_copies(counted(ground), ground)
        ground.recovery.must_be_possible()
        ground.sign_up()

    def run(self, ground: Ground, *, short: bool) -> Ran:
        mirror.primary_of_a_whole_pair(ground)
        if not short:
            take_copies_that_reach_now(ground)
            wait_for_copies_of_now(ground)
        started = ground.clock.now()
        words = f"all databases lost at {COURSE.rate_per_s} requests/s"
        losing = Losing(
            ground=ground, after_s=drawn(ground.run), limit_s=ground.objective["data_age_s"]
        )
        found = under_load(ground, COURSE, losing, words)
        fate = losing.fate
        if fate is None:
            raise CannotVerify("nobody knows what became of the databases")
        kept = ground.recovery.keep() if fate.in_place else {}
        again = mirror.redundant(ground, since=fate.lost.at) if fate.in_place else mirror.NOT_SEEN
        measured = loss.figures(found, fate, redundancy_s=again.after_s)
        story = loss.story(words, found, fate, measured)
        ground.tell(story[0])
        return Ran(
            target=" and ".join(fate.machines),
            run=str(ground.run),
            measured=measured,
            story=story,
            seen=loss.seen(fate, found, rate_per_s=COURSE.rate_per_s, kept=kept),
            started_at=started,
            ended_at=ground.clock.now(),
        )


def drawn(run: UUID) -> float:
    """How long the load goes on before the loss."""
    least, most = CALM_S
    return least + (most - least) * (run.int % 1000) / 1000


def take_copies_that_reach_now(ground: Ground) -> None:
    """One that is older than the primary's PostgreSQL may not be replayed to the end: what was put
    back after the planted fault has let go of WAL that nobody had taken meanwhile (`Ordeal`)."""
    runs_s = float(primary_of(ground).query("postgres", STARTED, timeout_s=ASK_LIMIT_S))
    for each in counted(ground):
        age_s = each.look().copy_age_s
        if age_s is None or age_s > runs_s:
            each.take(ground.clock, ground.tell)


def wait_for_copies_of_now(ground: Ground) -> None:
    """The account of the visitors is one of the changes that must have been sent. With the planted
    fault nothing is, and nothing comes back."""
    newest = primary_of(ground).now().segment
    for each in counted(ground):
        ground.tell(f"waiting for the newest WAL on {each.name}")
        each.wait_for(newest, ARRIVAL_LIMIT_S)
