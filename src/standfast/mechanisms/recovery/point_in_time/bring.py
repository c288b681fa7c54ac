"""Bring a copy back into a folder, replay WAL up to a moment, and run the server that came back.

    python3 -m standfast.mechanisms.recovery.point_in_time.bring FOLDER RUN

Started as a unit which runs for as long as the server does: to be looked at, until somebody
discards it, and without a network. On a database machine, in the site's place, the server stops by
itself as soon as it is whole. The order lies in a file; how far it is, in another.

*Invariant.* Whatever it is stopped at, the next start goes on: files that are there are compared
and not fetched again, and PostgreSQL goes on replaying where it was. Standard library only.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from standfast.core.clock import Clock, SystemClock
from standfast.core.command import SystemRunner
from standfast.core.errors import CannotVerify, StandfastError
from standfast.core.files import write_atomically
from standfast.core.units import stamp
from standfast.mechanisms.backup.engine import Target
from standfast.mechanisms.backup.orders import Settings
from standfast.mechanisms.backup.pgbackrest.machine import Afar, PgBackRest
from standfast.mechanisms.backup.scratch import Scratch
from standfast.mechanisms.recovery.point_in_time.orders import (
    RECEIVED,
    STATE,
    Order,
    Phase,
    State,
    file_of,
)

REACHED = "SELECT extract(epoch FROM pg_last_xact_replay_timestamp());\n"

AS_IT_WAS = """
ALTER SYSTEM RESET archive_mode;
ALTER SYSTEM RESET restore_command;
ALTER SYSTEM RESET recovery_target_time;
ALTER SYSTEM RESET recovery_target_action;
"""
"""What the restore had written into the configuration must not be found by the server that goes on:
it would archive nothing, and would end at that moment again when it mirrors another."""

LASTING: Mapping[str, str] = {"fsync": "on"}
"""What a person looks at for days may be started again after a power cut."""


class Restores(Protocol):
    def restore(self, into: Path, tablespaces: Path, target: Target | None = None) -> None:
        """As `Engine.restore`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bring:
    """`tell` is given every new state."""

    engine: Restores
    scratch: Scratch
    clock: Clock
    order: Order
    tell: Callable[[State], None]

    def run(self, state: State) -> None:
        """Return when the server has been stopped; raises when it ends by itself."""
        if state.phase is Phase.BROUGHT:
            return
        try:
            state = self._restored(state)
            began = self.clock.monotonic()
            state = self._now(replace(state, phase=Phase.REPLAYING, problem=""))
            with self._server().running() as until_it_ends:
                took = round(self.clock.monotonic() - began, 1)
                reached = self._reached() or state.reached
                ready = replace(state, phase=Phase.READY, replay_s=took, reached=reached)
                state = self._now(ready)
                if self.order.in_place:
                    self.scratch.query("postgres", AS_IT_WAS)
                else:
                    until_it_ends()
            if not self.order.in_place:
                raise CannotVerify("the restored PostgreSQL has ended by itself")
            self._now(replace(state, phase=Phase.BROUGHT))
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

    def _server(self) -> Scratch:
        """In the site's place it is set as the one that was copied: Patroni would have to restart
        what had other limits, once it goes on."""
        if not self.order.in_place:
            return self.scratch
        shown = self.scratch.run("pg_controldata", str(self.scratch.data))
        return replace(self.scratch, settings={**self.scratch.settings, **limits(shown)})

    def _reached(self) -> str | None:
        said = self.scratch.query("postgres", REACHED).strip()
        return stamp(datetime.fromtimestamp(float(said), UTC)) if said else None

    def _now(self, state: State) -> State:
        self.tell(state)
        return state


def limits(shown: str) -> Mapping[str, str]:
    """Of the server that was copied, as pg_controldata(1) says; those that the usual settings of
    what is restored would change."""
    said = {
        name.strip(): value.strip()
        for name, _, value in (line.partition(":") for line in shown.splitlines())
    }
    return {"max_prepared_transactions": said["max_prepared_xacts setting"]}


def main(folder: str, run: str) -> int:
    place, runner, clock = Path(folder), SystemRunner(), SystemClock()
    order = Order.from_json(file_of(folder).read_bytes())
    own = PgBackRest(runner=runner)
    scratch = Scratch(
        folder=place,
        programs=Path(order.programs or Settings.read().programs),
        user=order.user,
        runner=runner,
        clock=clock,
        settings=LASTING,
    )
    bring = Bring(
        engine=Afar(runner=runner, number=order.repository, beside=place / RECEIVED)
        if order.in_place
        else own,
        scratch=scratch,
        clock=clock,
        order=order,
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
