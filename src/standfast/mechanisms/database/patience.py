"""The fault `patient-primary`: a primary that waits two minutes for a secondary that has vanished,
and so do all commits, instead of the seconds after which it goes on alone.

    python3 -m standfast.mechanisms.database.patience long|usual

Waits until PostgreSQL here shows it, and may be repeated, on both machines too. Standard library
only.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from standfast.core.clock import Clock, SystemClock
from standfast.core.command import Command, Runner, SystemRunner
from standfast.core.errors import CommandFailed
from standfast.mechanisms.database.psql import psql
from standfast.mechanisms.hosts.agent.faults import CommandFault, by_words

SETTING = "wal_sender_timeout"
LONG = "2min"

CHANGES: Mapping[str, str] = {
    "long": f"ALTER SYSTEM SET {SETTING} = '{LONG}'",
    "usual": f"ALTER SYSTEM RESET {SETTING}",
}

WITHIN_S = 40.0
"""PostgreSQL may just be starting, on a machine that has its power back."""

POLL_S = 0.3


def fault(source: str) -> CommandFault:
    return by_words("patient-primary", source, __name__, "long", "usual")


def statements(word: str) -> tuple[str, ...]:
    return (CHANGES[word], "SELECT pg_reload_conf()")


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """PostgreSQL of this machine."""

    runner: Runner
    clock: Clock

    def change(self, word: str) -> None:
        end = self.clock.monotonic() + WITHIN_S
        while not self._done(word):
            if self.clock.monotonic() > end:
                raise CommandFailed(
                    f"PostgreSQL here does not take {SETTING}",
                    remedy="Does it run? standfast logs MACHINE --unit standfast-patroni.service",
                )
            self.clock.sleep(POLL_S)

    def _done(self, word: str) -> bool:
        """A reload is over when a new session shows it."""
        words = psql("postgres", *(f"--command={each}" for each in statements(word)))
        if self.runner.run(Command(argv=words), check=False).status != 0:
            return False
        shown = self.runner.run(
            Command(argv=psql("postgres", f"--command=SHOW {SETTING}")), check=False
        )
        return shown.status == 0 and (shown.text.strip() == LONG) is (word == "long")


def main(words: Sequence[str]) -> None:
    (word,) = words
    Here(runner=SystemRunner(), clock=SystemClock()).change(word)


if __name__ == "__main__":
    main(sys.argv[1:])
