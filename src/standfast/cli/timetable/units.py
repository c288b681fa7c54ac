"""The timer on an operator's computer that proves what is due. Pure.

systemd.timer(5): `OnUnitInactiveSec=` counts from the end of the last look, so two never
overlap.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from standfast.core.templates import render
from standfast.mechanisms.web.command_line import command_line, word


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """`words`: the command line that proves what is due. `identity`: the file of the key that opens
    the secrets; the unit holds its name, never the key."""

    site: str
    words: Sequence[str]
    identity: Path
    every_minutes: int

    @property
    def name(self) -> str:
        return f"standfast-prove-{self.site}"


def units(wanted: Timetable) -> Mapping[str, bytes]:
    """File to content."""
    return {
        f"{wanted.name}.{kind}": render(
            __package__,
            f"prove.{kind}.j2",
            site=wanted.site,
            command=command_line(tuple(wanted.words)),
            identity=word(f"STANDFAST_IDENTITY={wanted.identity}"),
            every_minutes=wanted.every_minutes,
        ).encode()
        for kind in ("service", "timer")
    }
