"""Whether a drill may disturb these machines now. Pure.

On machines made here it always may, unless drills are paused. On machines that belong to somebody
it may when the operator says so for this one run (`--consent`); once they have, it may again by
itself, in the windows of their file.
"""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from standfast.core.errors import Refused
from standfast.evidence.consent import Standing
from standfast.proofs.windows import Window, is_open, opens_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """`listed`: the machines belong to somebody."""

    listed: bool
    windows: tuple[Window, ...] = ()
    zone: ZoneInfo


def forbidden(
    drill: str, rules: Rules, standing: Standing, *, now: datetime, consent: bool
) -> Refused | None:
    """`consent`: given for this run, by hand."""
    if standing.pause is not None and standing.pause.holds(now):
        return Refused(
            f"{standing.why_not(drill, now)}; nothing was disturbed",
            remedy="`standfast drills resume` ends the pause.",
        )
    if not rules.listed or consent:
        return None
    if drill not in standing.consented:
        return Refused(
            f"the drill {drill} disturbs machines that belong to somebody, and nobody has "
            "consented to it yet; nothing was disturbed",
            remedy=f"Choose a quiet moment and run `standfast drill {drill} --consent`; from then "
            "on it runs in the windows of [drills].",
        )
    if not is_open(rules.windows, rules.zone, now):
        return Refused(
            f"no window of [drills] is open; {next_words(rules, now)}; nothing was disturbed",
            remedy=f"Wait, or run `standfast drill {drill} --consent` now.",
        )
    return None


def next_words(rules: Rules, now: datetime) -> str:
    at = opens_at(rules.windows, rules.zone, now)
    if at is None:
        return "none is set"
    return f"the next opens {at.astimezone(rules.zone):%a %d %b %H:%M} ({rules.zone.key})"
