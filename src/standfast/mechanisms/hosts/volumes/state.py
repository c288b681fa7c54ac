"""What the watch has last seen, as it leaves it for the agent. Standard library only."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from standfast.core.clock import Clock, SystemClock
from standfast.mechanisms.hosts.volumes.health import is_mirrored, is_whole, troubles
from standfast.mechanisms.hosts.volumes.model import Volume
from standfast.mechanisms.hosts.volumes.names import STATE

NOBODY: Mapping[str, Any] = {"age_s": None, "volumes": []}
"""While nobody watches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """A spare that took a member's place. Times in seconds since 1970."""

    member: str
    spare: str
    at: float


def document(
    volumes: Sequence[Volume],
    *,
    looked_at: float,
    since: float,
    read_through: Mapping[str, float],
    replaced: Sequence[Replaced],
) -> Mapping[str, Any]:
    """`read_through`: when the last scrub that ended had begun, by the volume's name. `since`: when
    somebody began to watch; a volume that was never read through was not due before then."""
    return {
        "looked_at": looked_at,
        "since": since,
        "replaced": [asdict(each) for each in replaced],
        "volumes": [
            {
                **asdict(each),
                "mirrored": is_mirrored(each),
                "whole": is_whole(each),
                "read_through_at": read_through.get(each.name, since),
                "troubles": list(troubles(each)),
            }
            for each in volumes
        ],
    }


def read(path: Path = Path(STATE), clock: Clock | None = None) -> Mapping[str, Any]:
    """With ages by this machine's own clock: whoever asks may have another."""
    try:
        found: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        return NOBODY
    return aged(found, now=(clock or SystemClock()).now().timestamp())


def aged(found: Mapping[str, Any], *, now: float) -> Mapping[str, Any]:
    return {
        **found,
        "age_s": round(now - found["looked_at"], 3),
        "volumes": [
            {**each, "scrub_age_s": round(now - each["read_through_at"], 3)}
            for each in found["volumes"]
        ],
    }
