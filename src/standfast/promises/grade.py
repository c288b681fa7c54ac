"""Derive the grade of a proof from what was measured on the machines.

A proof is `real` only when no stand-in took part. Two machines that share a kernel fail together,
so a power cut of one says less than it seems. Identifiers do not tell: a container's supervisor
covers the kernel's boot id with one of its own. What cannot be covered is what the kernel *does*:
its counters of forks and context switches (proc(5), /proc/stat) run for all at once. Everybody is
sampled twice, in one order; two participants share a kernel when their clocks agree on the moment
of boot **and** the four readings of both counters rise in the order in which they were taken.
Either alone could deceive: copies of one snapshot have one moment of boot, and two idle machines
may have counters that are near.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations, pairwise

from standfast.promises.model import Grade

BOOT_TOLERANCE_S = 0.05
"""Reading two clocks one after the other takes microseconds; a loaded machine may pause between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelSample:
    """`boot_offset_s` is CLOCK_REALTIME less CLOCK_BOOTTIME: when this kernel was started."""

    boot_offset_s: float
    forks: int
    context_switches: int


Twice = tuple[KernelSample, KernelSample]


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded:
    grade: Grade
    stand_ins: tuple[str, ...]
    """Why it is not real, in words for the page. Empty for `real`."""


def grade(samples: Mapping[str, Twice | None]) -> Graded:
    """`samples`: participant to two readings, in the order taken. Not measured is never real."""
    unknown = tuple(
        f"what kernel {name} runs on is not known" for name, twice in samples.items() if not twice
    )
    known = {name: twice for name, twice in samples.items() if twice}
    shared = tuple(
        f"{', '.join(group)} share one kernel" for group in groups(known) if len(group) > 1
    )
    stand_ins = (*shared, *unknown)
    return Graded(grade=Grade.REHEARSED if stand_ins else Grade.REAL, stand_ins=stand_ins)


def groups(samples: Mapping[str, Twice]) -> tuple[tuple[str, ...], ...]:
    """Participants by kernel; sharing is transitive."""
    found: dict[str, set[str]] = {name: {name} for name in samples}
    for earlier, later in combinations(samples, 2):
        if shares(samples[earlier], samples[later]):
            joined = found[earlier] | found[later]
            for name in joined:
                found[name] = joined
    unique = {tuple(name for name in samples if name in group) for group in found.values()}
    return tuple(sorted(unique))


def shares(earlier: Twice, later: Twice) -> bool:
    """`earlier` was sampled before `later` in both rounds."""
    if abs(earlier[0].boot_offset_s - later[0].boot_offset_s) > BOOT_TOLERANCE_S:
        return False
    order = (earlier[0], later[0], earlier[1], later[1])
    return rises([each.forks for each in order]) and rises(
        [each.context_switches for each in order]
    )


def rises(values: list[int]) -> bool:
    return all(first <= second for first, second in pairwise(values))
