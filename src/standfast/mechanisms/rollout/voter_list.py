"""Keep the list of voters what the plan wants: monitors join, leave, and are replaced.

A monitor that joins voters who are there already must not begin a vote of its own, so its etcd
waits until it was let in (`WAITS`). One that has lost what it agreed to is never started as who it
was. What was once formed (`FORMED`) and has no majority is a person's to recover.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from standfast.core.clock import Clock
from standfast.core.errors import Refused, StandfastError
from standfast.mechanisms.hosts.apply import STATE
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.machine import Role
from standfast.mechanisms.hosts.names import KEYS_GROUP
from standfast.mechanisms.monitor import etcdctl
from standfast.mechanisms.monitor.etcd import CONFIG, HOME, UNIT, WAITS
from standfast.mechanisms.monitor.etcdctl import peer_url
from standfast.mechanisms.monitor.membership import (
    Add,
    Member,
    Promote,
    Remove,
    Step,
    Stuck,
    Wanted,
    next_step,
)
from standfast.mechanisms.monitor.voters import is_healthy
from standfast.mechanisms.rollout.machines import on_all
from standfast.mechanisms.rollout.run import Tell, is_running

Until = Callable[[], bool]
T = TypeVar("T")

FORMED = f"{STATE}/voter-formed"
WAL = f"{HOME}/member/wal"
"""Made when a voter has joined; the folder above it already before it asks anybody."""

ONCE = "standfast-etcd-once.service"
ONCE_CONFIG = "/run/standfast-etcd-once.yml"

WAIT_S = 60.0
"""An election takes a second, a loaded computer makes it ten; a learner copies some kilobytes."""

POLL_S = 0.5
STEPS_LIMIT = 20
"""Three voters are replaced in nine steps; more means that steps undo each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one monitor is found to be."""

    healthy: bool
    has_data: bool
    formed: bool


def must_wait(seen: Mapping[str, Look]) -> tuple[str, ...]:
    """Which monitors must not start a vote of their own. `Refused` where starting the empty ones
    could outvote the one that remembers."""
    empty = tuple(name for name, each in seen.items() if not each.has_data)
    if any(each.healthy for each in seen.values()):
        return empty
    if empty and any(each.formed for each in seen.values()):
        raise Refused(
            f"the monitors voted once and have no majority now, and {', '.join(empty)} "
            "remember nothing: together they could agree to the opposite of what was agreed",
            remedy="Bring a monitor back that was there. If they are lost for good: "
            "standfast recover monitors",
        )
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VoterList:
    connections: Mapping[str, Connection]
    clock: Clock
    tell: Tell

    def hold(self) -> None:
        """Before bundles are applied."""
        self._end_interrupted()
        for name in must_wait(self.look()):
            self.tell(name, "will join the voters")
            self._monitors[name].run(("mkdir", "-p", str(STATE)))
            self._monitors[name].run(("touch", WAITS))

    def settle(self) -> None:
        """After bundles are applied: return when the list is what is wanted and all of it votes."""
        self._wait_for_majority()
        for _ in range(STEPS_LIMIT):
            members = self.members()
            step = next_step(members, self._wanted())
            if step is None:
                on_all(self._monitors.values(), remember)
                return
            self._carry_out(step, members)
        raise StandfastError(
            f"the voters are not as planned after {STEPS_LIMIT} changes",
            remedy="Is a monitor restarting over and over? See: standfast status",
        )

    def look(self) -> dict[str, Look]:
        return on_all(self._monitors.values(), look)

    def members(self) -> tuple[Member, ...]:
        return members(self._anchor())

    def let_in(self, machine: Wanted, listed: tuple[Member, ...]) -> None:
        """Its first start, with the list as it is now; afterwards it starts as planned."""
        connection = self._monitors[machine.name]
        config = connection.run(("cat", CONFIG)).text
        made = etcdctl.joining(config, listed, machine.name, machine.url)
        connection.run(("rm", "-rf", f"{HOME}/member"))
        self.once(connection, made, lambda: self._has_started(machine.url))

    def recover(self, survivor: str) -> None:
        """Let one monitor forget all others and go on alone, with all that it remembers."""
        connection = self._monitors[survivor]
        config = etcdctl.alone(connection.run(("cat", CONFIG)).text)
        self.once(connection, config, lambda: is_healthy(connection))
        remember(connection)

    def once(self, connection: Connection, config: str, until: Until) -> None:
        """Start etcd with a configuration of its own until it is what it shall be, then as
        planned."""
        name = connection.machine.name
        connection.run(("systemctl", "stop", UNIT, ONCE), check=False)
        connection.run(("sh", "-c", f"cat > {ONCE_CONFIG}"), stdin=config.encode())
        connection.run(started_once())
        try:
            if not self._within(until):
                raise StandfastError(
                    f"etcd on {name} did not start within {WAIT_S:.0f} s",
                    remedy=f"standfast logs {name} --unit {ONCE}",
                )
        finally:
            connection.run(("systemctl", "stop", ONCE), check=False)
        self._start_as_planned(connection)

    def _start_as_planned(self, connection: Connection) -> None:
        connection.run(("systemctl", "stop", ONCE), check=False)
        connection.run(("rm", "-f", WAITS, ONCE_CONFIG))
        connection.run(("systemctl", "start", UNIT))
        self._within(lambda: speaks(connection))

    def _end_interrupted(self) -> None:
        """Whoever waits and holds data was being let in when a command was interrupted: the others
        have it on their list, and may need its vote."""
        found = on_all(self._monitors.values(), was_joining)
        joined = [name for name, interrupted in found.items() if interrupted]
        for name in joined:
            self.tell(name, "was joining the voters, and goes on")
            self._start_as_planned(self._monitors[name])
        if joined:
            self._within(lambda: any(on_all(self._monitors.values(), is_healthy).values()))

    def _carry_out(self, step: Step, members: tuple[Member, ...]) -> None:
        match step:
            case Stuck(why=why):
                raise Refused(
                    f"the voters cannot be changed now: {why}",
                    remedy="Bring the monitors back first; see: standfast status",
                )
            case Add(wanted=machine):
                self.tell(machine.name, "joining the voters")
                self._change(step)
                self.let_in(machine, self.members())
            case Promote(member=member):
                self._must_speak(member)
                self._change(step)
                self.tell(member.name, "votes from now on")
            case Remove(member=member):
                self.tell(member.name or member.url, "leaves the voters")
                self._change(step)

    def _must_speak(self, member: Member) -> None:
        """A vote that is never given is one against every majority."""
        monitors = self._monitors.values()
        connection = next(each for each in monitors if peer_url(each.machine) == member.url)
        if not self._within(lambda: speaks(connection)):
            raise StandfastError(
                f"etcd on {member.name} does not answer, so it is given no vote",
                remedy=f"standfast logs {member.name} --unit {UNIT}",
            )

    def _change(self, step: Add | Remove | Promote) -> None:
        """Asked again while etcd says that it is too early."""
        complaint = ""

        def is_settled() -> bool:
            nonlocal complaint
            anchor = self._anchor()
            words = etcdctl.etcdctl(anchor.machine, *etcdctl.change(step))
            done = anchor.run(words, check=False)
            complaint = done.complaint.strip() or "no reason given" if done.status else ""
            return not etcdctl.is_too_early(complaint)

        self._within(is_settled)
        if complaint:
            raise StandfastError(
                f"the voters could not be changed: {complaint.splitlines()[-1]}",
                remedy="`standfast up` goes on from here; see: standfast status",
            )

    def _wanted(self) -> tuple[Wanted, ...]:
        seen = self.look()
        return tuple(
            Wanted(name=name, url=peer_url(each.machine), has_data=seen[name].has_data)
            for name, each in self._monitors.items()
        )

    def _has_started(self, url: str) -> bool:
        return any(each.url == url and each.name for each in self.members())

    def _wait_for_majority(self) -> None:
        if not self._within(lambda: any(on_all(self._monitors.values(), is_healthy).values())):
            name = next(iter(self._monitors))
            raise StandfastError(
                f"no majority of the monitors votes after {WAIT_S:.0f} s",
                remedy=f"standfast logs {name} --unit {UNIT}",
            )

    def _anchor(self) -> Connection:
        """One that is part of a majority. A list that has just changed is voted on anew: then there
        is none for a second or two."""
        anchor = self._within(lambda: one_that_votes(self._monitors))
        if anchor is None:
            raise StandfastError("no monitor is part of a majority", remedy="standfast status")
        return anchor

    def _within(self, ask: Callable[[], T]) -> T:
        """What is answered at last: something true, unless the time is over."""
        end = self.clock.monotonic() + WAIT_S
        while not (answer := ask()):
            if self.clock.monotonic() > end:
                break
            self.clock.sleep(POLL_S)
        return answer

    @property
    def _monitors(self) -> dict[str, Connection]:
        return {
            name: each for name, each in self.connections.items() if each.machine.is_a(Role.MONITOR)
        }


def one_that_votes(monitors: Mapping[str, Connection]) -> Connection | None:
    """One that is part of a majority, if there is one now."""
    healthy = on_all(monitors.values(), is_healthy)
    found = (monitors[name] for name, well in healthy.items() if well)
    return next((each for each in found if votes(each)), None)


def members(anchor: Connection) -> tuple[Member, ...]:
    """As that voter lists them."""
    listed = anchor.run(etcdctl.etcdctl(anchor.machine, *etcdctl.LIST)).text
    health = anchor.run(etcdctl.etcdctl(anchor.machine, *etcdctl.HEALTH), check=False).text
    return etcdctl.members(listed, health)


def was_joining(connection: Connection) -> bool:
    waits = is_there(connection, WAITS) and is_there(connection, WAL)
    return waits or is_running(connection, ONCE)


def look(connection: Connection) -> Look:
    return Look(
        healthy=is_healthy(connection),
        has_data=is_there(connection, WAL),
        formed=is_there(connection, FORMED),
    )


def is_there(connection: Connection, path: str) -> bool:
    return connection.run(("test", "-e", path), check=False).status == 0


def remember(connection: Connection) -> None:
    if not is_there(connection, FORMED):
        connection.run(("touch", FORMED))


def speaks(connection: Connection) -> bool:
    """Whether its etcd answers at all, a learner's too."""
    return answers(connection, etcdctl.STATUS)


def votes(connection: Connection) -> bool:
    """A learner that follows its leader says that it is healthy, and refuses to list members."""
    return answers(connection, etcdctl.LIST)


def answers(connection: Connection, words: tuple[str, ...]) -> bool:
    return connection.run(etcdctl.etcdctl(connection.machine, *words), check=False).status == 0


def started_once() -> tuple[str, ...]:
    """As the planned unit starts it, but for its configuration (monitor/templates/)."""
    return (
        *("systemd-run", "--quiet", "--collect", f"--unit={ONCE}"),
        *("-p", "User=etcd", "-p", "Group=etcd", "-p", f"SupplementaryGroups={KEYS_GROUP}"),
        *("/usr/bin/etcd", "--config-file", ONCE_CONFIG),
    )
