"""Bring a copy back into a folder, replay WAL up to a moment, and run the server that came back.

    python3 -m standfast.mechanisms.recovery.point_in_time.bring FOLDER RUN

Started as a unit without a network, which runs for as long as the server does: to be looked at,
until somebody discards it. The order lies in a file; how far it is, in another.

*Invariant.* Whatever it is stopped at, the next start goes on: files that are there are compared
and not fetched again, and PostgreSQL goes on replaying where it was. Standard library only.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from standfast.core.clock import Clock, SystemClock
from standfast.core.command import SystemRunner
from standfast.core.errors import CannotVerify, StandfastError
from standfast.core.files import write_atomically
from standfast.core.units import stamp
from standfast.mechanisms.backup.engine import Engine
from standfast.mechanisms.backup.orders import Settings
from standfast.mechanisms.backup.pgbackrest.machine import PgBackRest
from standfast.mechanisms.backup.places import USER
from standfast.mechanisms.backup.scratch import Scratch
from standfast.mechanisms.recovery.point_in_time.orders import STATE, Order, Phase, State, file_of

REACHED = "SELECT extract(epoch FROM pg_last_xact_replay_timestamp());\n"

LASTING: Mapping[str, str] = {"fsync": "on"}
"""What a person looks at for days may be started again after a power cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bring:
    """`tell` is given every new state."""

    engine: Engine
    scratch: Scratch
    clock: Clock
    order: Order
    tell: Callable[[State], None]

    def run(self, state: State) -> None:
        """Return when the server has been stopped; raises when it ends by itself."""
        try:
            state = self._restored(state)
            began = self.clock.monotonic()
            state = self._now(replace(state, phase=Phase.REPLAYING, problem=""))
            with self.scratch.running() as until_it_ends:
                took = round(self.clock.monotonic() - began, 1)
                reached = self._reached() or state.reached
                self._now(replace(state, phase=Phase.READY, replay_s=took, reached=reached))
                until_it_ends()
            raise CannotVerify("the restored PostgreSQL has ended by itself")
        except StandfastError as error:
            self._now(replace(state, phase=Phase.FAILED, problem=error.problem))
            raise

    def _restored(self, state: State) -> State:
        self.scratch.make()
        if state.copied:
            return state
        began = self.clock.monotonic()
        state = self._now(replace(state, phase=Phase.RESTORING, problem=""))
        self.engine.restore(self.scratch.data, self.scratch.tablespaces, self.order.target)
        took = round(self.clock.monotonic() - began, 1)
        return self._now(replace(state, copied=True, restore_s=took))

    def _reached(self) -> str | None:
        said = self.scratch.query("postgres", REACHED).strip()
        return stamp(datetime.fromtimestamp(float(said), UTC)) if said else None

    def _now(self, state: State) -> State:
        self.tell(state)
        return state


def main(folder: str, run: str) -> int:
    place, runner, clock = Path(folder), SystemRunner(), SystemClock()
    scratch = Scratch(
        folder=place,
        programs=Path(Settings.read().programs),
        user=USER,
        runner=runner,
        clock=clock,
        settings=LASTING,
    )
    bring = Bring(
        engine=PgBackRest(runner=runner),
        scratch=scratch,
        clock=clock,
        order=Order.from_json(file_of(folder).read_bytes()),
        tell=lambda state: write_atomically(place / STATE, state.to_json()),
    )
    try:
        bring.run(replace(State.read(place), run=run))
    except StandfastError as error:
        print(error.words, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:  # the signal that stops the unit, and PostgreSQL with it
        print("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
