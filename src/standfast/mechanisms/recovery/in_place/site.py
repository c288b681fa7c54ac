"""The database of a moment takes the place of the site's own, on all of its database machines.

    comes back beside the old one → Patroni stops → etcd forgets who led → it takes its place, the
    old one is kept aside → Patroni leads it → set up, the service answers → mirrored again → copies

*Invariant.* Until the databases are stopped nothing has happened to the old one, and `standfast up`
goes back to it; afterwards nothing of it is deleted. Every step looks first whether it is done, and
the order that says what comes back lies on the machine until all of them are: stopped anywhere, the
same again goes on. At no moment may two databases lead: none is started before all that are reached
are stopped and etcd knows of no leader, and one that comes back later finds another that leads.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from standfast.core.clock import Clock
from standfast.core.errors import Refused, StandfastError, Unreachable
from standfast.mechanisms.backup.asking import Repository
from standfast.mechanisms.backup.places import TAKE_UNIT
from standfast.mechanisms.backup.restore import identifier
from standfast.mechanisms.database import setup
from standfast.mechanisms.database.observe import cluster
from standfast.mechanisms.database.plan import DATA, HEARTBEAT, HOME, PATRONI, SETUP
from standfast.mechanisms.database.psql import psql
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.machine import Role
from standfast.mechanisms.recovery.in_place import agreed, swap
from standfast.mechanisms.recovery.in_place.swap import Found
from standfast.mechanisms.recovery.point_in_time.asking import Recoveries
from standfast.mechanisms.recovery.point_in_time.orders import RECEIVED, Order, Phase, file_of
from standfast.mechanisms.rollout.databases import takes_writes
from standfast.mechanisms.rollout.machines import on_all
from standfast.mechanisms.rollout.voter_list import one_that_votes

SWAP = "standfast.mechanisms.recovery.in_place.swap"
FOLDER = f"{HOME}/{swap.RECOVERED}"

STOP_LIMIT_S = 180.0
"""Patroni's unit may take a minute, and PostgreSQL writes down what it has in memory."""

LEASE_LIMIT_S = 45.0
"""Longer than a leader's lease: one who does not renew it by then is gone."""

LEAD_LIMIT_S = 180.0
"""A start, an election, and a promotion, on a computer under load."""

MIRROR_LIMIT_S = 12 * 3600.0
"""A copy of the whole database over the network."""

POLL_S = 0.5

Tell = Callable[[str, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class InPlace:
    """`connections` are to all machines of the site, `site` is its name, `database` the
    service's."""

    connections: Mapping[str, Connection]
    clock: Clock
    tell: Tell
    site: str
    database: str

    def under_way(self) -> tuple[str, Order] | None:
        """What was begun before and is not finished: on which machine, and what."""
        for name in self.reached():
            order = self.recoveries(name).look(FOLDER).order
            if order is not None:
                return name, order
        return None

    def reached(self) -> tuple[str, ...]:
        """The database machines that answer."""
        return tuple(
            name for name, there in on_all(self._databases.values(), answers).items() if there
        )

    def newest(self, name: str) -> str | None:
        """The time of the newest row that this machine's database has, if it answers."""
        asked = psql(
            self.database,
            "--command=SELECT to_char(max(at) AT TIME ZONE 'UTC', "
            '\'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"\') FROM standfast.heartbeat',
        )
        said = self.connections[name].run(asked, check=False)
        return said.text.strip() or None if said.status == 0 else None

    def begin(self, name: str, order: Order) -> None:
        """What another recovery left in the folder, whose order is gone, is no part of this one."""
        self.connections[name].run(("rm", "-rf", FOLDER), timeout_s=STOP_LIMIT_S)
        self._fetch_received(name, order)
        self.recoveries(name).begin(order)

    def _fetch_received(self, name: str, order: Order) -> None:
        """The newest WAL, which is in no repository yet."""
        backups = [each for each in self.connections.values() if each.machine.is_a(Role.BACKUP)]
        source = Repository(connection=backups[order.repository - 1])
        packed, there = source.received(), self.connections[name]
        if not packed:
            return
        folder, mine = f"{FOLDER}/{RECEIVED}", ("-o", order.user, "-g", order.user, "-m", "0700")
        there.run(("install", "-d", *mine, FOLDER, folder))
        unpack = ("tar", "--extract", "--gzip", f"--directory={folder}")
        there.run(
            ("runuser", "-u", order.user, "--", *unpack), stdin=packed, timeout_s=STOP_LIMIT_S
        )

    def bring(self, name: str, order: Order) -> str | None:
        """All of it lies beside the old database afterwards. The time of the last change."""
        there = self.recoveries(name)
        found = there.look(FOLDER)
        if self.look(name, order).taken:
            return found.state.reached
        begun = found.running or found.state.phase is Phase.BROUGHT
        run = None if begun else there.begin(order)
        return there.wait(order, run, lambda what: self.tell(name, what)).state.reached

    def take_over(self, name: str, order: Order) -> None:
        """It is the site's afterwards, and takes writes. Patroni on the others is stopped."""
        if not (self.look(name, order).taken and self._runs(name)):
            names = self.reached()
            on_all((self.connections[each] for each in names), lambda each: self._stop(each, order))
            self._nobody_leads(names)
            self._forget(name, order)
            for each in names:
                self.tell(each, "keeping the old database aside")
                self._swap("take" if each == name else "aside", each, order)
        self.tell(name, "starting the database that came back")
        self.connections[name].run(("systemctl", "start", PATRONI))
        self.leads(name)
        primary = self.connections[name]
        wanted = setup.digest(primary.run(("cat", SETUP)).stdout)
        setup.ensure(primary, database=self.database, wanted=wanted)

    def follow(self, names: Iterable[str] | None = None) -> tuple[str, ...]:
        """Start Patroni there, or on all that are reached: whoever does not lead copies whoever
        does."""
        chosen = self.reached() if names is None else tuple(names)
        for each in chosen:
            self.connections[each].run(("systemctl", "start", PATRONI))
        return chosen

    def mirror(self, name: str) -> tuple[str, ...]:
        """Have the other machines copy it. Names of those that were not reached."""
        names = self.follow()
        end = self.clock.monotonic() + MIRROR_LIMIT_S
        while len(names) > 1 and not self._is_mirrored(name):
            if self.clock.monotonic() > end:
                raise Unreachable(
                    f"{name} has no second copy yet", remedy=f"standfast logs --unit {PATRONI}"
                )
            self.tell(name, "is being mirrored")
            self.clock.sleep(POLL_S)
        return tuple(each for each in self._databases if each not in names)

    def finish(self, name: str) -> None:
        """The order goes last. Backup machines begin their next copy now."""
        self.have_copied()
        self._drop(name)

    def have_copied(self) -> None:
        """Nobody waits for it."""
        for each in self.connections.values():
            if each.machine.is_a(Role.BACKUP) and answers(each):
                each.run(("systemctl", "start", "--no-block", TAKE_UNIT))

    def abandon(self, name: str, order: Order) -> None:
        """Nothing has happened to the old database yet, and it goes on. Raises `Refused` where
        something has."""
        found = self.look(name, order)
        if found.taken or found.moved:
            raise Refused(
                f"the old database is out of its place on {name} already",
                remedy=f"End it: standfast recover --to {order.to or 'latest'} --into site",
            )
        self._halt(name, order)
        self.leads(*self.follow())
        self._drop(name)

    def give_up(self, name: str, order: Order) -> None:
        """What is coming back comes no more; nothing else is touched."""
        self._halt(name, order)
        self._drop(name)

    def look(self, name: str, order: Order) -> Found:
        return self._swap("look", name, order)

    def kept_aside(self, order: Order) -> dict[str, str]:
        """Where the old database lies, by machine."""
        folder = f"{HOME}/{swap.BEFORE}{order.run}"

        def there(connection: Connection) -> bool:
            script = f"test -d {folder} && ls -A {folder} | grep -q ."
            return connection.run(("sh", "-c", script), check=False).status == 0

        found = on_all((self.connections[each] for each in self.reached()), there)
        return {name: folder for name, kept in found.items() if kept}

    def recoveries(self, name: str) -> Recoveries:
        return Recoveries(connection=self.connections[name], clock=self.clock, unit=HEARTBEAT)

    def _halt(self, name: str, order: Order) -> None:
        unit = ("systemctl", "stop", order.unit)
        self.connections[name].run(unit, timeout_s=STOP_LIMIT_S, check=False)

    def _drop(self, name: str) -> None:
        """What came back, if it is still beside the database, and the order behind it."""
        self.connections[name].run(("rm", "-rf", FOLDER), timeout_s=STOP_LIMIT_S)
        self.connections[name].run(("rm", "-f", str(file_of(FOLDER))))

    def _swap(self, verb: str, name: str, order: Order) -> Found:
        words = (verb, DATA, order.run, order.programs)
        printed = self.recoveries(name).program(SWAP, *words, timeout_s=STOP_LIMIT_S)
        return Found.from_json(printed)

    def _stop(self, connection: Connection, order: Order) -> None:
        """PostgreSQL outlives a Patroni that was killed, so it is stopped by itself, too."""
        self.tell(connection.machine.name, "stopping the old database")
        connection.run(("systemctl", "stop", PATRONI), timeout_s=STOP_LIMIT_S)
        fast = (f"{order.programs}/pg_ctl", "stop", "-D", DATA, "-m", "fast", "-t", "120")
        connection.run(
            ("env", "--chdir=/", "runuser", "-u", "postgres", "--", *fast),
            timeout_s=STOP_LIMIT_S,
            check=False,
        )

    def _nobody_leads(self, stopped: tuple[str, ...]) -> None:
        """Whoever is not reached from here, and still leads, would go on beside the other."""
        end = self.clock.monotonic() + LEASE_LIMIT_S
        while (leader := self._leader()) not in ("", *stopped):
            if self.clock.monotonic() > end:
                raise Refused(
                    f"{leader} still leads the databases and is not reached from here",
                    remedy="Switch that machine off, or have it reached; then run this again.",
                )
            self.tell("monitors", f"waiting for {leader} to lose the lead")
            self.clock.sleep(POLL_S)

    def _leader(self) -> str:
        monitor = self._monitor()
        return monitor.run(agreed.leader(monitor.machine, self.site)).text.strip()

    def _forget(self, name: str, order: Order) -> None:
        data = DATA if self.look(name, order).taken else f"{FOLDER}/{PurePosixPath(DATA).name}"
        shown = self.connections[name].run((f"{order.programs}/pg_controldata", data)).text
        monitor = self._monitor()
        self.tell("monitors", "forgetting who led the old database")
        for words in agreed.forgetting(monitor.machine, self.site, identifier(shown)):
            monitor.run(words)

    def leads(self, *names: str) -> None:
        """Return when one of these machines takes writes."""
        end = self.clock.monotonic() + LEAD_LIMIT_S
        while not any(takes_writes(self.connections[each]) for each in names):
            if self.clock.monotonic() > end:
                raise StandfastError(
                    f"no database takes writes on {' or '.join(names)}",
                    remedy=f"standfast logs {names[0]} --unit {PATRONI}",
                )
            self.tell(names[0], "waiting until it takes writes")
            self.clock.sleep(POLL_S)

    def _runs(self, name: str) -> bool:
        asked = ("systemctl", "is-active", "--quiet", PATRONI)
        return self.connections[name].run(asked, check=False).status == 0

    def _is_mirrored(self, name: str) -> bool:
        try:
            return bool(cluster(self.connections[name]).synchronous)
        except Unreachable:
            return False

    def _monitor(self) -> Connection:
        monitors = {
            name: each for name, each in self.connections.items() if each.machine.is_a(Role.MONITOR)
        }
        found = one_that_votes(monitors)
        if found is None:
            raise Refused(
                "the monitors have no majority, so nobody can agree on a database",
                remedy="Bring the monitors back first; see: standfast status",
            )
        return found

    @property
    def _databases(self) -> dict[str, Connection]:
        return {
            name: each
            for name, each in self.connections.items()
            if each.machine.is_a(Role.DATABASE)
        }


def answers(connection: Connection) -> bool:
    try:
        return connection.run(("true",), check=False).status == 0
    except Unreachable:
        return False
