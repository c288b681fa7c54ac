"""Derive the grade of a proof from what was measured on the machines.

A proof is `real` only when no stand-in took part. Two machines that share a kernel fail together,
so a power cut of one says less than it seems; a kernel is recognised by the identifier it draws at
boot (proc(5), /proc/sys/kernel/random/boot_id), which no setting can change and no container hides.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from standfast.promises.model import Grade


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded:
    grade: Grade
    stand_ins: tuple[str, ...]
    """Why it is not real, in words for the page. Empty for `real`."""


def grade(*, kernels: Mapping[str, str]) -> Graded:
    """`kernels`: participant (machines and the vantage) to the boot identifier measured there."""
    sharing: dict[str, list[str]] = defaultdict(list)
    for participant, kernel in sorted(kernels.items()):
        sharing[kernel].append(participant)
    stand_ins = tuple(
        f"{', '.join(participants)} share one kernel"
        for participants in sharing.values()
        if len(participants) > 1
    )
    return Graded(grade=Grade.REHEARSED if stand_ins else Grade.REAL, stand_ins=stand_ins)
