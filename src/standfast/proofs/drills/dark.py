"""One machine loses its power while visitors read and save, and has it back: what every drill of
that kind does, whatever it measures."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from standfast.proofs.drills import report
from standfast.proofs.drills.course import Course
from standfast.proofs.drills.found import Found
from standfast.proofs.drills.ground import Ground, NotBack, Ran
from standfast.proofs.drills.power_cut import Moment, PowerCut, of_one
from standfast.proofs.drills.under_load import under_load


@dataclass(frozen=True, slots=True, kw_only=True)
class Dark:
    """What came of it. `fault`: when its power went."""

    machine: str
    words: str
    cut: PowerCut
    fault: Moment
    found: Found
    started_at: datetime


def go_dark(ground: Ground, course: Course, machine: str) -> Dark:
    """The machine has its power again afterwards; `cut.back_s()` waits until it serves."""
    started = ground.clock.now()
    words = report.headline(machine, course.rate_per_s)
    cut = of_one(ground, course, machine)
    found = under_load(ground, course, cut, words)
    assert cut.cut is not None
    return Dark(
        machine=machine, words=words, cut=cut, fault=cut.cut, found=found, started_at=started
    )


def ran(
    ground: Ground,
    course: Course,
    dark: Dark,
    *,
    measured: dict[str, float],
    story: tuple[str, ...],
    seen: Mapping[str, Any],
    back_s: float | None,
) -> Ran:
    """What goes into the record. `NotBack` where the machine does not serve yet."""
    ground.tell(story[0])
    made = Ran(
        target=dark.machine,
        run=str(ground.run),
        measured=measured,
        story=story,
        seen=seen,
        started_at=dark.started_at,
        ended_at=ground.clock.now(),
    )
    if back_s is None:
        raise NotBack(made, course.back_within_s)
    return made
