"""How looks at the service become what is logged of them. Pure.

A count is what goes into the log, and grows look by look. It ends when it has lasted long enough or
has as many outages as an entry may name, and then the next one begins where it ended. It also ends
when nobody has looked for a while, when the clock was set, and when other addresses are asked: then
the next one begins with the first look, and the time between is nobody's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from standfast.core.units import parse_stamp, stamp
from standfast.evidence.statement import MOST_OUTAGES, Answers, Availability, apart_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look that began at `at`: which addresses answered."""

    at: datetime
    answers: Mapping[str, bool]

    @property
    def answered(self) -> bool:
        return any(self.answers.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """A look every `every_s`, an entry every `period_s`."""

    every_s: float
    period_s: float


class Counted(NamedTuple):
    """`ended` goes into the log; `running` is what the look is in."""

    ended: Availability | None
    running: Availability


def counted(running: Availability | None, look: Look, pace: Pace) -> Counted:
    at = parse_stamp(stamp(look.at))  # as an entry tells it
    if running is None or not joins(running, look, at, pace):
        return Counted(ended=running, running=begun(look, at, pace))
    if is_full(running, at, pace):
        return Counted(ended=running, running=following(running, look, at))
    return Counted(ended=None, running=grown(running, look, at))


def joins(running: Availability, look: Look, at: datetime, pace: Pace) -> bool:
    """Whether the look speaks for the time since the last one. One that comes too early does not
    either: the clock was set back."""
    since_s = (at - running.until).total_seconds()
    return (
        running.every_s == pace.every_s
        and {each.address for each in running.addresses} == look.answers.keys()
        and pace.every_s / 2 <= since_s <= apart_s(pace.every_s)
    )


def is_full(running: Availability, at: datetime, pace: Pace) -> bool:
    lasted = at - running.starts_at
    return lasted > timedelta(seconds=pace.period_s) or len(running.outages) >= MOST_OUTAGES


def is_over(running: Availability, now: datetime) -> bool:
    """No look can join it any more, also if somebody looked now."""
    return abs((now - running.until).total_seconds()) > apart_s(running.every_s)


def begun(look: Look, at: datetime, pace: Pace) -> Availability:
    return Availability(
        starts_at=at,
        until=at,
        every_s=pace.every_s,
        looks=1,
        answered=int(look.answered),
        addresses=answers(look, {}),
        outages=() if look.answered else ((at, at),),
        down=not look.answered,
    )


def following(ended: Availability, look: Look, at: datetime) -> Availability:
    """An outage that goes on is one in both."""
    since = ((ended.until, ended.until),) if ended.down else ()
    return Availability(
        starts_at=ended.until,
        until=at,
        every_s=ended.every_s,
        looks=1,
        answered=int(look.answered),
        addresses=answers(look, {}),
        outages=outages(since, look, at, was_down=ended.down),
        down=not look.answered,
    )


def grown(running: Availability, look: Look, at: datetime) -> Availability:
    known = {each.address: each.answered for each in running.addresses}
    return Availability(
        starts_at=running.starts_at,
        until=at,
        every_s=running.every_s,
        looks=running.looks + 1,
        answered=running.answered + look.answered,
        addresses=answers(look, known),
        outages=outages(running.outages, look, at, was_down=running.down),
        down=not look.answered,
    )


def answers(look: Look, known: Mapping[str, int]) -> tuple[Answers, ...]:
    return tuple(
        Answers(address=address, answered=known.get(address, 0) + answered)
        for address, answered in sorted(look.answers.items())
    )


Outages = tuple[tuple[datetime, datetime], ...]


def outages(known: Outages, look: Look, at: datetime, *, was_down: bool) -> Outages:
    """The last one goes on until a look was answered; that it was, ends it at that look."""
    if was_down:
        *before, (since, _) = known
        return (*before, (since, at))
    return known if look.answered else (*known, (at, at))
