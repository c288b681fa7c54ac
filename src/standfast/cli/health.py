"""What a machine's facts say of its health, for `status`. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from standfast.core.units import duration, parse_stamp

CLOCK_OFF_S = 2.0
"""More than the way to a machine and back takes, less than certificates and leases forgive."""


def machine_health(facts: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
    """`clock_off_s`: how far the machine's clock is ahead of ours, the way back included."""
    if "disks" not in facts:
        return {}
    return {
        "disks": facts["disks"],
        "clock": facts["clock"],
        "clock_off_s": round((parse_stamp(facts["now"]) - now).total_seconds(), 3),
        "outdated": facts["outdated"],
    }


def ailments(health: Mapping[str, Any]) -> Iterator[str]:
    """In words, the worst disk only; nothing where all is well. A machine that cannot set its
    clock has nothing to answer for but the time it shows."""
    if not health:
        return
    filling = [disk for disk in health["disks"] if disk["level"] != "fine"]
    if filling:
        worst = max(filling, key=lambda disk: float(disk["used"]))
        yield f"disk {worst['used']:.0%} full ({worst['folder']})"
    off = health["clock_off_s"]
    if abs(off) > CLOCK_OFF_S:
        yield f"clock {duration(abs(off))} {'ahead' if off > 0 else 'behind'}"
    if health["clock"]["settable"] and not health["clock"]["synchronized"]:
        yield "clock follows no time server"
    if health["outdated"]:
        yield "wants a restart after an update (standfast update)"
