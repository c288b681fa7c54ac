"""Restart voters that wait for it, one after the other: two of three are a quorum all the time."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from standfast.core.clock import Clock
from standfast.core.errors import StandfastError
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.names import ETCD_CLIENT_PORT, IDENTITY
from standfast.mechanisms.monitor.etcd import UNIT
from standfast.mechanisms.rollout.databases import Restart

WAIT_S = 30.0
POLL_S = 0.3
COMMAND_TIMEOUT_S = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Voters:
    clock: Clock
    tell: Callable[[str, str], None]
    restart: Restart

    def take_turns(self, waiting: Iterable[Connection]) -> None:
        for connection in waiting:
            self.tell(connection.machine.name, "restarting etcd")
            self.restart(connection, UNIT)
            wait_until_healthy(connection, self.clock)


def wait_until_healthy(connection: Connection, clock: Clock) -> None:
    end = clock.monotonic() + WAIT_S
    while connection.run(etcdctl(connection, "endpoint", "health"), check=False).status != 0:
        if clock.monotonic() > end:
            name = connection.machine.name
            raise StandfastError(
                f"etcd on {name} does not vote {WAIT_S:.0f} s after it was started; "
                "the others were left alone",
                remedy=f"standfast logs {name} --unit {UNIT}",
            )
        clock.sleep(POLL_S)


def etcdctl(connection: Connection, *words: str) -> tuple[str, ...]:
    """The words that ask the machine's own voter (etcdctl(1)). `endpoint health` needs a majority:
    it asks whether something could be written."""
    return (
        *("env", "ETCDCTL_API=3", "etcdctl", f"--command-timeout={COMMAND_TIMEOUT_S}s"),
        f"--endpoints=https://{connection.machine.address}:{ETCD_CLIENT_PORT}",
        *(f"--cacert={IDENTITY}/ca.pem", f"--cert={IDENTITY}/cert.pem"),
        *(f"--key={IDENTITY}/key.pem", *words),
    )
