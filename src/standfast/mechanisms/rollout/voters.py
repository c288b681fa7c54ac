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


@dataclass(frozen=True, slots=True, kw_only=True)
class Voters:
    clock: Clock
    tell: Callable[[str, str], None]
    restart: Restart

    def take_turns(self, waiting: Iterable[Connection]) -> None:
        for connection in waiting:
            self.tell(connection.machine.name, "restarting etcd")
            self.restart(connection, UNIT)
            self._wait(connection)

    def _wait(self, connection: Connection) -> None:
        end = self.clock.monotonic() + WAIT_S
        while connection.run(healthy(connection), check=False).status != 0:
            if self.clock.monotonic() > end:
                name = connection.machine.name
                raise StandfastError(
                    f"etcd on {name} has not come back {WAIT_S:.0f} s after it was restarted; "
                    "the others were left alone",
                    remedy=f"standfast logs {name} --unit {UNIT}",
                )
            self.clock.sleep(POLL_S)


def healthy(connection: Connection) -> tuple[str, ...]:
    """The words that ask the machine's own voter whether it can write: it needs a quorum for that
    (etcdctl(1), `endpoint health`)."""
    return (
        *("env", "ETCDCTL_API=3", "etcdctl", "--command-timeout=2s"),
        f"--endpoints=https://{connection.machine.address}:{ETCD_CLIENT_PORT}",
        *(f"--cacert={IDENTITY}/ca.pem", f"--cert={IDENTITY}/cert.pem"),
        *(f"--key={IDENTITY}/key.pem", "endpoint", "health"),
    )
