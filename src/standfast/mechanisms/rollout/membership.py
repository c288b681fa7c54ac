"""Let voters join and leave as the file says: observe, decide (monitor/members.py), apply."""

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass

from standfast.core.clock import Clock
from standfast.core.errors import StandfastError, Unreachable
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.monitor.etcd import HOME, JOIN, UNIT, peer_url
from standfast.mechanisms.monitor.members import (
    Join,
    Leave,
    Member,
    cluster_of,
    next_step,
    parse,
)
from standfast.mechanisms.rollout.voters import POLL_S, WAIT_S, etcdctl, wait_until_healthy

UNHEALTHY = "unhealthy cluster"

STEPS_LIMIT = 20
"""Five voters that all leave for five others take fifteen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """`machines` are the monitors, by name; `start` applies the bundle of one that joins."""

    machines: Mapping[str, Connection]
    clock: Clock
    tell: Callable[[str, str], None]
    start: Callable[[Connection], object]

    def change(self, voted: Set[str]) -> None:
        """`voted`: machines whose voter has data. Where none has, all begin together; where all
        have and none runs, as after a night without power, applying starts them."""
        with_data = {name for name in self.machines if name in voted}
        if not with_data or (len(with_data) == len(self.machines) and not self._answering(voted)):
            return
        wanted = {name: peer_url(each.machine) for name, each in self.machines.items()}
        for _ in range(STEPS_LIMIT):
            asked = self._one_that_answers(with_data)
            step = next_step(listed(asked), wanted, with_data)
            if step is None:
                return
            if isinstance(step, Leave):
                self._leave(step, asked)
            else:
                self._join(step, asked, wanted)
                with_data.add(step.machine)

    def _answering(self, with_data: Set[str]) -> Connection | None:
        for name in sorted(with_data & self.machines.keys()):
            words = etcdctl(self.machines[name], "member", "list")
            if self.machines[name].run(words, check=False).status == 0:
                return self.machines[name]
        return None

    def _one_that_answers(self, with_data: Set[str]) -> Connection:
        """One that joined without being asked for would begin a vote of its own."""
        end = self.clock.monotonic() + WAIT_S
        while (found := self._answering(with_data)) is None:
            if self.clock.monotonic() > end:
                name = min(with_data)
                raise Unreachable(
                    f"no voter answers after {WAIT_S:.0f} s, so none can join or leave",
                    remedy=f"standfast logs {name} --unit {UNIT}",
                )
            self.clock.sleep(POLL_S)
        return found

    def _leave(self, step: Leave, asked: Connection) -> None:
        name = step.member.name or step.member.peer_url
        self.tell(name, "no longer votes")
        ordered(asked, self.clock, "member", "remove", step.member.hex_id)
        wait_until_healthy(asked, self.clock)

    def _join(self, step: Join, asked: Connection, wanted: Mapping[str, str]) -> None:
        joining = self.machines[step.machine]
        self.tell(step.machine, "joins the voters")
        url = wanted[step.machine]
        if not step.known:
            ordered(asked, self.clock, "member", "add", step.machine, f"--peer-urls={url}")
        told = cluster_of(listed(asked), {step.machine: url})
        joining.run(("systemctl", "stop", UNIT), check=False)
        joining.run(("rm", "-rf", f"{HOME}/member"))  # of a time when it was on the list before
        joining.run(("install", "-D", "-m", "0644", "/dev/stdin", JOIN), stdin=told.encode())
        self.start(joining)
        wait_until_healthy(joining, self.clock)


def listed(asked: Connection) -> tuple[Member, ...]:
    """From the voter's own copy, so it answers without a majority, too."""
    try:
        return parse(asked.run(etcdctl(asked, "member", "list", "--write-out=json")).text)
    except ValueError as error:
        raise Unreachable(
            f"etcd on {asked.machine.name} does not say who votes: {error}",
            remedy=f"standfast logs {asked.machine.name} --unit {UNIT}",
        ) from error


def ordered(asked: Connection, clock: Clock, *words: str) -> None:
    """etcd refuses while not all voters have known each other for five seconds (its
    `HealthInterval`), as they have not after another has joined: then it is asked again."""
    end = clock.monotonic() + WAIT_S
    while (done := asked.run(etcdctl(asked, *words), check=False)).status != 0:
        if UNHEALTHY not in done.complaint or clock.monotonic() > end:
            said = done.complaint.strip().splitlines()[-1:]
            raise StandfastError(
                f"etcd on {asked.machine.name} refused `{' '.join(words)}`: {''.join(said)}",
                remedy="A majority of the voters must be well before one can join or leave.",
            )
        clock.sleep(POLL_S)
