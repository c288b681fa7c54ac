"""The fast failover, simulated: a hundred thousand courses of events, a day of lost messages, and
every interleaving of the removal's steps with Patroni's.

    bin/bench sim [--seeds N] [--hours H]
    bin/bench sim --seed SEED            what happened in that one

Needs no machines. Ends with 1 where something happened that must not; docs/simulation.md says what
that is.
"""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from multiprocessing import Pool, pool
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from tests.sim import calm  # noqa: E402
from tests.sim.interleavings.search import explore  # noqa: E402
from tests.sim.interleavings.state import Rules  # noqa: E402
from tests.sim.run import Outcome, simulate  # noqa: E402
from tests.sim.verdict import Violation  # noqa: E402

SEEDS = 100_000
HOURS = 24
CHUNK = 250
VERSIONS = {
    "as chosen, two monitors": Rules(monitors=2),
    "`/status` not compared": Rules(compares=Rules().compares - {"status"}),
    "no removal at all": Rules(monitors=0),
}


def chunk(first: int, end: int) -> tuple[list[Outcome], list[str]]:
    outcomes, violations = [], []
    for seed in range(first, min(first + CHUNK, end)):
        try:
            outcomes.append(simulate(seed))
        except Violation as found:
            violations.append(f"{found}: {'; '.join(found.__notes__)}")
    return outcomes, violations


def row(what: str, result: str) -> None:
    print(f"| {what} | {result} |", flush=True)


def courses(workers: pool.Pool, seeds: int) -> bool:
    began = time.monotonic()
    outcomes: list[Outcome] = []
    violations: list[str] = []
    for more, found in workers.imap_unordered(partial(chunk, end=seeds), range(0, seeds, CHUNK)):
        outcomes += more
        violations += found
    took_s = time.monotonic() - began
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in kinds_of(outcomes))
    row("courses of events", f"{seeds:,} in {took_s:.0f} s: {kinds}")
    row("acknowledged writes, removals", f"{writes(outcomes):,}, {removals(outcomes):,}")
    row("lost writes, two primaries, a living leader removed, too late", f"{len(violations)}")
    for died, times in deaths(outcomes):
        row(f"the primary's machine dies {died}: removed, without a write", times)
    for violation in violations:
        print(violation)
    return not violations


def kinds_of(outcomes: list[Outcome]) -> list[tuple[str, int]]:
    return Counter(each.kind for each in outcomes).most_common()


def writes(outcomes: list[Outcome]) -> int:
    return sum(each.writes for each in outcomes)


def removals(outcomes: list[Outcome]) -> int:
    return sum(each.removals for each in outcomes)


def deaths(outcomes: list[Outcome]) -> Iterator[tuple[str, str]]:
    """Seconds from the death: median, 99 of 100, and the longest."""
    for died in ("alone", "with another monitor", "with the leader of etcd"):
        those = [each for each in outcomes if each.died == died and each.removed_s is not None]
        if those:
            removed = sorted(each.removed_s or 0.0 for each in those)
            ended = sorted((each.removed_s or 0.0) + (each.promoted_s or 0.0) for each in those)
            yield died, f"{spread(removed)}; {spread(ended)} ({len(those):,})"


def spread(seconds: list[float]) -> str:
    middle, most = seconds[len(seconds) // 2], seconds[int(len(seconds) * 0.99)]
    return f"{middle:.1f} s, 99 % ≤ {most:.1f}, all ≤ {seconds[-1]:.1f}"


def day(hours: float) -> bool:
    began = time.monotonic()
    removed, knocks = calm.rain(seed=1, hours=hours)
    took_s = time.monotonic() - began
    row(
        f"removals in {hours:g} h with {calm.RAIN:.0%} of the messages lost, all else well",
        f"{removed} in {took_s:.0f} s; monitors asked its machine {knocks:,} times",
    )
    return removed == 0


def interleavings() -> bool:
    is_safe = True
    for version, rules in VERSIONS.items():
        began = time.monotonic()
        found = explore(rules)
        took_s = time.monotonic() - began
        result = f"{found.states:,} states, {found.steps:,} steps, {took_s:.0f} s: "
        row(
            f"interleavings, {version}",
            result + ("a write is lost" if found.story else "no write is lost"),
        )
        for step in found.story:
            print(step)
        is_safe = is_safe and not found.story
    return is_safe


def main() -> int:
    parser = argparse.ArgumentParser(prog="bin/bench sim", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--hours", type=float, default=HOURS)
    parser.add_argument("--seed", type=int)
    asked = parser.parse_args()
    if asked.seed is not None:
        try:
            print(simulate(asked.seed, tells=True))
        except Violation:
            return 1
        return 0
    with Pool(min(2, os.cpu_count() or 1)) as workers:
        results = [courses(workers, asked.seeds)]
    results += [day(asked.hours), interleavings()]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
