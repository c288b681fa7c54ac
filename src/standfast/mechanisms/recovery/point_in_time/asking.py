"""Have a backup machine bring a moment back, and wait for it: the operator's side, through SSH.

The machine does it by itself. Whoever stops waiting stops nothing, and the same again waits on.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

from standfast.core.clock import Clock
from standfast.core.errors import CommandFailed, ConfigError, StandfastError
from standfast.mechanisms.backup.asking import environment
from standfast.mechanisms.backup.places import TAKE_UNIT, USER
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.recovery.point_in_time import instance
from standfast.mechanisms.recovery.point_in_time.discard import STOP_LIMIT_S
from standfast.mechanisms.recovery.point_in_time.look import Found
from standfast.mechanisms.recovery.point_in_time.orders import ORDERS, Order, Phase, file_of
from standfast.mechanisms.recovery.point_in_time.progress import Look, done, words

ROOM = "standfast.mechanisms.recovery.point_in_time"
POLL_S = 1.0
DUMP_LIMIT_S = 3 * 3600.0
OLD = "No module named"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recoveries:
    """Of one machine: a backup machine, or a database machine in the site's place. `unit` is one
    of its own, which knows where our programs lie."""

    connection: Connection
    clock: Clock
    unit: str = TAKE_UNIT

    @property
    def name(self) -> str:
        return self.connection.machine.name

    def look(self, folder: str) -> Found:
        (found,) = self._looked(folder)
        return found

    def all(self) -> tuple[Found, ...]:
        return self._looked()

    def may_enter(self, ancestor: str) -> None:
        """Raises `ConfigError` where the repository's user does not get at that folder."""
        asked = (*instance.AS_USER, "test", "-x", ancestor)
        if self.connection.run(asked, check=False).status != 0:
            raise ConfigError(
                f"{USER} on {self.name} may not enter {ancestor}",
                remedy="Name a folder below one that everybody may enter, as in /srv/look.",
            )

    def begin(self, order: Order) -> str:
        """Start it anew or let it go on; return which run that is. The order first: whatever is
        there afterwards belongs to it."""
        self.connection.run(("install", "-d", "-m", "0755", ORDERS))
        file = str(file_of(order.folder))
        part = f"{file}.part"
        script = f"cat > {part} && chmod 0644 {part} && sync {part} && mv -T {part} {file}"
        self.connection.run(("sh", "-c", script), stdin=order.to_json())
        mine = ("install", "-d", "-o", order.user, "-g", order.user, "-m", "0700")
        self.connection.run((*mine, order.folder))
        run = self.clock.now().isoformat()
        variables = environment(self.connection, self.unit)
        self.connection.run(instance.started(order, variables, run))
        return run

    def wait(self, order: Order, run: str | None, tell: Callable[[str], None]) -> Found:
        """Return when the server answers. `run`: the one that was begun; None for whichever is
        under way."""
        looks: list[Look] = []
        while True:
            found = self.look(order.folder)
            is_new = run is None or found.state.run == run
            if is_new and is_there(found):
                return found
            if not found.running:
                raise self._ended(order, found.state.problem if is_new else "it did not start")
            looks.append(
                Look(
                    at_s=self.clock.monotonic(),
                    phase=found.state.phase if is_new else Phase.ORDERED,
                    done_bytes=done(found, order),
                )
            )
            tell(words(looks, order))
            self.clock.sleep(POLL_S)

    def dump(self, folder: str, database: str, table: str) -> str:
        """The file, on the machine, in which the table is now."""
        file = instance.dump_of(folder, database, table)
        self.connection.run((*instance.AS_USER, "mkdir", "-p", f"{folder}/tables"))
        asked = instance.dump(folder, database, table)
        said = self.connection.run(asked, timeout_s=DUMP_LIMIT_S, check=False)
        if said.status != 0:
            raise ConfigError(
                f"{table} of {database} was not written down: {said.complaint.strip()}",
                remedy=f"Which there are: standfast recover psql {folder} -- -c '\\dt *.*'",
            )
        return file

    def discard(self, folder: str) -> None:
        self._program("discard", folder, timeout_s=STOP_LIMIT_S + 60)

    def _ended(self, order: Order, why: str) -> CommandFailed:
        return CommandFailed(
            f"{self.name} brought nothing back: {why or 'it was stopped'}",
            remedy=f"The same command goes on from here; what it said: "
            f"standfast logs {self.name} --unit {order.unit}",
        )

    def _looked(self, *words: str) -> tuple[Found, ...]:
        printed = self._program("look", *words, timeout_s=60)
        return tuple(Found.from_dict(each) for each in json.loads(printed))

    def _program(self, name: str, *words: str, timeout_s: float) -> str:
        return self.program(f"{ROOM}.{name}", *words, timeout_s=timeout_s)

    def program(self, module: str, *words: str, timeout_s: float) -> str:
        """What one of our programs prints on that machine."""
        variables = environment(self.connection, self.unit)
        argv = ("env", *variables, instance.PYTHON, "-m", module, *words)
        said = self.connection.run(argv, timeout_s=timeout_s, check=False)
        if said.status == 0:
            return said.text
        if OLD in said.complaint:
            raise StandfastError(
                f"{self.name} has an older release of Standfast",
                remedy="Run `standfast up` first.",
            )
        raise CommandFailed(f"{self.name}: {said.complaint.strip()}")


def is_there(found: Found) -> bool:
    """Whether all that was ordered is done."""
    if found.order is not None and found.order.in_place:
        return found.state.phase is Phase.BROUGHT
    return found.state.phase is Phase.READY and found.running
