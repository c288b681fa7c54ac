"""Whether a job is due now, and which of its times this is. Pure.

Every web machine asks at the same time, by its own clock. What makes them one is that they agree on
the *nominal* time: the run of 03:20 is one row, whoever asks first and whatever each clock says.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

AGREE_S = 45.0
"""How far clocks may be apart and timers late. Schedules are a minute apart at least, so that no
two times of one job lie within it."""

After = Callable[[datetime], datetime | None]
"""The first of the job's times that is later than the given one."""


def due(now: datetime, last: datetime | None, after: After) -> datetime | None:
    """`last`: the newest time that was run already. What was missed while nobody was there to ask
    is made up for once, and its time is now."""
    recent = after(now - timedelta(seconds=AGREE_S))
    ahead = timedelta(seconds=AGREE_S)
    if recent is not None and recent <= now:
        return recent if last is None or recent > last else None
    if last is None or last > now - ahead:
        return None
    missed = after(last)
    return now if missed is not None and missed <= now - ahead else None
