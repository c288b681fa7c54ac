"""Both database machines lose their database in a drill, and the site has one afterwards: what came
back from the backups, or what they had. The operator's side.

    set aside on all → (power cut) → brought back beside → takes the place → what they had is kept
                                       └ impossible, or too old: what they had is put back

*Invariant.* Until what came back has taken the place, what was set aside goes back, and nothing of
it was written to since. From then on what came back goes on, because it takes writes and has begun
a timeline which the repositories know: another one of the same number must never be sent there.
Which of the two it is, is seen on the machines (`way_out`), so whoever finds a drill that was
killed, at any step, ends it without knowing what it was about to do. Safe to repeat.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from standfast.mechanisms.database.plan import DATA, HOME, PATRONI
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.recovery.in_place import lost, swap
from standfast.mechanisms.recovery.in_place.lost import Found
from standfast.mechanisms.recovery.in_place.site import FOLDER, STOP_LIMIT_S, InPlace
from standfast.mechanisms.recovery.point_in_time.orders import Order
from standfast.mechanisms.rollout.databases import takes_writes
from standfast.mechanisms.rollout.machines import on_all

LOST = "standfast.mechanisms.recovery.in_place.lost"


class WayOut(StrEnum):
    NONE = "nothing is to be done"
    BACK = "what was set aside goes back"
    ON = "what came back goes on"
    KEEP = "what somebody else brought back goes on"


def way_out(
    found: Mapping[str, Found], *, begun: bool, taken: bool, leads: Container[str] = ()
) -> WayOut:
    """`begun`: a recovery into the site's place is under way; `taken`: and what came back has taken
    it. Its order goes last, when all machines keep already what they had. `leads`: who takes
    writes; one that does in the place of what is set aside was brought back by a person, who was
    quicker than the guard. A PostgreSQL whose folder was renamed under it has nothing in its place.
    Pure."""
    if begun and taken and any(each.lost or each.former for each in found.values()):
        return WayOut.ON
    if any(each.lost and each.there and name in leads for name, each in found.items()):
        return WayOut.KEEP
    return WayOut.BACK if any(each.lost for each in found.values()) else WayOut.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordeal:
    in_place: InPlace

    def found(self) -> Mapping[str, Found]:
        return self._on_all("look")

    def way_out(self) -> WayOut:
        under_way = self.in_place.under_way()
        taken = under_way is not None and self.in_place.look(*under_way).taken
        found = self.found()
        leads = {name for name in found if takes_writes(self.in_place.connections[name])}
        return way_out(found, begun=under_way is not None, taken=taken, leads=leads)

    def forget(self) -> None:
        """What the drill before kept."""
        self._on_all("forget")

    def lose(self) -> None:
        """Whoever calls this cuts the power at once, and has a guard that calls `put_back`."""
        self._on_all("lose")

    def put_back(self) -> None:
        """Every database machine that is reached has what it had, and one of them takes writes:
        one that never lost its database, or has it back already, where there is one. It may have
        taken writes since.

        A copy is begun then: a PostgreSQL that starts after a power cut and follows before it leads
        lets go of WAL that it has not sent (its source, XLogArchiveCheckDone: nothing is kept for
        the archive while it recovers), and no replay of an older copy gets beyond that."""
        found = self.found()
        without = [name for name, each in found.items() if each.lost]
        whole = [name for name in found if name not in without]
        on_all((self.in_place.connections[each] for each in without), self._stop)
        for name in found:
            order = self.in_place.recoveries(name).look(FOLDER).order
            if order is not None:
                self.in_place.give_up(name, order)
        self._on_all("back")
        for names in filter(None, (whole, without)):
            self.in_place.leads(*self.in_place.follow(names), *whole)
        self.in_place.have_copied()

    def keep(self, order: Order | None) -> None:
        """What was lost is no longer what the site goes back to. An empty folder is of nothing."""
        for name in self._on_all("keep"):
            if order is None:
                continue
            before = f"{HOME}/{swap.BEFORE}{order.run}"
            self.in_place.connections[name].run(
                ("find", before, "-maxdepth", "0", "-empty", "-delete"), check=False
            )

    def kept(self) -> dict[str, str]:
        former = str(PurePosixPath(DATA).with_name(lost.FORMER))
        return {name: former for name, each in self.found().items() if each.former}

    def _stop(self, connection: Connection) -> None:
        self.in_place.tell(connection.machine.name, "stopping what runs there")
        connection.run(("systemctl", "stop", PATRONI), timeout_s=STOP_LIMIT_S)
        self._say("halt", connection)

    def _on_all(self, verb: str) -> dict[str, Found]:
        ways = (self.in_place.connections[each] for each in self.in_place.reached())
        return on_all(ways, lambda each: self._say(verb, each))

    def _say(self, verb: str, connection: Connection) -> Found:
        there = self.in_place.recoveries(connection.machine.name)
        return Found.from_json(there.program(LOST, verb, DATA, timeout_s=STOP_LIMIT_S))
