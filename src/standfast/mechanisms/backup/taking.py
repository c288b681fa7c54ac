"""Have a backup machine take a copy now, by its own unit, and say how it goes.

The timer starts the same unit: whichever was first, there is one copy and both wait for it. What
fails is begun again by systemd (no database is primary, another machine is copying), so one failure
decides nothing. Whoever stops waiting stops nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from standfast.core.clock import Clock
from standfast.core.errors import CommandFailed, Unreachable
from standfast.core.units import duration

PROPERTIES = ("ActiveState", "SubState", "Result", "InvocationID")
POLL_S = 1.0
LIMIT_S = 13 * 3600.0
"""As long as the unit itself may take."""

ATTEMPTS = 3
"""So many failures in a row are told to whoever waits; the machine goes on trying."""


class Phase(StrEnum):
    COPYING = "takes a copy"
    AGAIN = "could not, and begins again soon"
    DONE = "done"
    FAILED = "failed"
    NOT_YET = "is about to begin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """What `systemctl show` says of it (systemd.service(5), systemctl(1)). `run` is empty before
    its first."""

    active: str
    sub: str
    result: str
    run: str

    @property
    def is_at_work(self) -> bool:
        return self.active in ("activating", "deactivating", "reloading")


def read(shown: str) -> Unit:
    said = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
    active, sub, result, run = (said.get(each, "") for each in PROPERTIES)
    return Unit(active=active, sub=sub, result=result, run=run)


def phase(before: Unit, now: Unit) -> Phase:
    """`before`: as it was when the copy was ordered. Its last run may be over for hours."""
    if now.sub == "auto-restart":
        return Phase.AGAIN
    if now.is_at_work:
        return Phase.COPYING
    if now.run == before.run and not before.is_at_work:
        return Phase.NOT_YET
    return Phase.DONE if now.active == "inactive" and now.result == "success" else Phase.FAILED


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """`start` starts the unit and returns at once, `look` says how it is."""

    machine: str
    start: Callable[[], object]
    look: Callable[[], Unit]
    clock: Clock
    tell: Callable[[str], None]

    def carry_out(self) -> None:
        """Return when a copy is taken. Raises `CommandFailed` after some attempts."""
        before, began = self.look(), self.clock.monotonic()
        self.start()
        failed: set[str] = set()
        while (took := self.clock.monotonic() - began) < LIMIT_S:
            now = self.look()
            match phase(before, now):
                case Phase.DONE:
                    return
                case Phase.FAILED:
                    raise self._no_copy(f"it ended with {now.result or now.active}")
                case Phase.AGAIN:
                    failed.add(now.run)
                    if len(failed) == ATTEMPTS:
                        raise self._no_copy(f"{ATTEMPTS} attempts failed, and it goes on trying")
                    self.tell(Phase.AGAIN)
                case at_work:
                    self.tell(f"{at_work} … {duration(took)}")
            self.clock.sleep(POLL_S)
        raise Unreachable(f"{self.machine} has not ended its copy within {duration(LIMIT_S)}")

    def _no_copy(self, why: str) -> CommandFailed:
        return CommandFailed(
            f"{self.machine} took no copy: {why}",
            remedy=f"standfast logs {self.machine} --unit standfast-backup.service",
        )
