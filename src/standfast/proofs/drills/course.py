"""How one run of a drill under load goes, and what its load is told. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from standfast.core.errors import Refused

RATE_PER_S = 50
"""Of which two cores that carry eleven machines and the load itself are busy by half: at 100 the
service is at its limit, and what is measured then is that."""

DURATION_S = 24
SESSIONS = 12
CUT_S = 10.0
WRITE_SHARE = 0.4
"""At least 0.3 (design, section 11); more, because what is saved is what can be doubled."""

BACK_WITHIN_S = 60.0
"""A machine made here serves after 10 s."""

LEAST_REST_S = 2.0
"""The load speaks every second, so cut and return are up to one second late each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How one run goes. The power is cut for `cut_s`, after `calm_s` or a third of the time. What
    is stored is asked for `find_tries` times, until the service answers. `pinned`: every visitor
    keeps to one address (`mix.place`). `mended_s`: the load ends as soon as it met a failure, and
    then none for so long; 0 for one that is not ended early."""

    rate_per_s: int = RATE_PER_S
    duration_s: int = DURATION_S
    sessions: int = SESSIONS
    cut_s: float = CUT_S
    back_within_s: float = BACK_WITHIN_S
    calm_s: float | None = None
    find_tries: int = 10
    pinned: bool = False
    mended_s: float = 0.0

    @property
    def total(self) -> int:
        return self.rate_per_s * self.duration_s

    @property
    def cut_at_s(self) -> float:
        return self.duration_s / 3 if self.calm_s is None else self.calm_s


def around(off_s: float, *, rate_per_s: int, calm_s: float) -> Course:
    """Just as long as a power cut of `off_s` needs."""
    return Course(
        rate_per_s=rate_per_s,
        duration_s=round(calm_s + off_s + LEAST_REST_S + 1),
        calm_s=calm_s,
        cut_s=off_s,
    )


def refuse_unless_possible(course: Course) -> None:
    if course.cut_at_s + course.cut_s + LEAST_REST_S > course.duration_s:
        raise Refused(
            f"a load of {course.duration_s} s is too short for a power cut of {course.cut_s:g} s",
            remedy=f"Let it go on for {course.cut_s + LEAST_REST_S:.0f} s or more after the cut.",
        )


def plan_of(contract: Mapping[str, Any], run: str, course: Course) -> bytes:
    """`load.Plan`, as JSON."""
    return json.dumps(
        {
            **contract,
            "run": run,
            "ids": id_pattern(run),
            "write_share": WRITE_SHARE,
            "rate_per_s": course.rate_per_s,
            "duration_s": course.duration_s,
            "sessions": course.sessions,
            "find_tries": course.find_tries,
            "pinned": course.pinned,
            "mended_s": course.mended_s,
        }
    ).encode()


def id_pattern(run: str) -> str:
    """UUIDs of one run: 18 of its own random hex digits, then the number of the request (RFC
    9562, version 8: ours to define; the digits of version and variant are not random)."""
    digits = run.replace("-", "")
    return f"{digits[:8]}-{digits[8:12]}-8{digits[13:16]}-8{digits[17:20]}-" + "{number:012d}"
