"""Derive the grade of a proof from what was measured on the machines.

A proof is `real` only when no stand-in took part. Machines that share a kernel fail together, so a
power cut of one says less than it seems. No identifier tells: a container's supervisor covers the
kernel's boot id with one of its own. What no supervisor covers is what the kernel *does*: its
counters of forks and of context switches (proc(5), /proc/stat) run on for all of its users at once.

All are sampled one after the other, then all again in the same order. Two share a kernel when
both halves hold:
- **their clocks agree on the moment of boot.** Alone it deceives: machines that were cloned from
  one snapshot in memory have one moment of boot and are two kernels.
- **both counters interleave:** first ≤ second ≤ first again ≤ second again, in the order in which
  they were sampled. On one kernel this cannot fail. Alone it deceives: two machines that started
  the same image and idle can have counters that are near.

Where the two could still err, they err towards sharing, which is the safe side: `rehearsed`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations, pairwise

from standfast.promises.model import Grade

BOOT_TOLERANCE_S = 0.05
"""Two clocks are read one after the other: microseconds, but a loaded machine may pause between."""


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
    """`samples`: who took part (machines and the vantage), in the order of sampling, each with
    its two samples; None if it was not measured. What is not known is never real, and a
    clock that was set between the samples leaves the moment of boot unknown."""
    known = {name: twice for name, twice in samples.items() if twice and same_boot(*twice)}
    stand_ins = (
        *(f"{', '.join(group)} share one kernel" for group in sharing(known)),
        *(f"what kernel {name} runs on is not known" for name in samples if name not in known),
        *(("that the machines are apart was not measured",) if len(samples) < 2 else ()),
    )
    return Graded(grade=Grade.REHEARSED if stand_ins else Grade.REAL, stand_ins=stand_ins)


def sharing(samples: Mapping[str, Twice]) -> tuple[tuple[str, ...], ...]:
    """Those who share a kernel with somebody, grouped by kernel. Sharing is transitive."""
    groups = {name: frozenset({name}) for name in samples}
    for earlier, later in combinations(samples, 2):
        if shares(samples[earlier], samples[later]):
            joined = groups[earlier] | groups[later]
            groups.update(dict.fromkeys(joined, joined))
    shared = {group for group in groups.values() if len(group) > 1}
    return tuple(sorted(tuple(name for name in samples if name in group) for group in shared))


def shares(earlier: Twice, later: Twice) -> bool:
    """`earlier` was sampled before `later`, both times."""
    in_order = (earlier[0], later[0], earlier[1], later[1])
    return (
        same_boot(earlier[0], later[0])
        and never_falls(each.forks for each in in_order)
        and never_falls(each.context_switches for each in in_order)
    )


def same_boot(one: KernelSample, other: KernelSample) -> bool:
    return abs(one.boot_offset_s - other.boot_offset_s) <= BOOT_TOLERANCE_S


def never_falls(values: Iterable[int]) -> bool:
    return all(first <= second for first, second in pairwise(values))
