"""Ask Patroni who is primary, through an operator's connection to a database machine.

Patroni answers nobody who shows no certificate of the site's authority, so the machine asks its own
Patroni with its own identity. `parse` is pure.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from standfast.core.errors import StandfastError, Unreachable
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.names import IDENTITY, PATRONI_PORT

ANSWER_TIMEOUT_S = 3
"""Patroni answers /cluster from what it read from etcd in its last loop, a second ago at most."""

SWITCHOVER_TIMEOUT_S = 30.0
"""Patroni answers when the other machine has taken over; it stops waiting after about this."""

RESTART_TIMEOUT_S = 120.0
"""Its checkpoint comes first, of all that was written since the last one."""

HEALTHY = frozenset({"running", "streaming"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A database machine as Patroni sees it. `role` is Patroni's word: `leader`, `sync_standby`,
    `replica`. `lag_bytes` is None where it is not known, and for the primary."""

    name: str
    role: str
    state: str
    timeline: int | None
    lag_bytes: int | None
    pending_restart: bool

    @property
    def is_healthy(self) -> bool:
        return self.state in HEALTHY


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    members: tuple[Member, ...]

    @property
    def primary(self) -> str | None:
        """The machine that takes writes; None while there is none."""
        found = (each.name for each in self.members if each.role == "leader" and each.is_healthy)
        return next(found, None)

    @property
    def secondaries(self) -> tuple[Member, ...]:
        return tuple(each for each in self.members if each.role != "leader")

    @property
    def synchronous(self) -> tuple[str, ...]:
        """The secondaries that hold every acknowledged write, and stream."""
        return tuple(
            each.name for each in self.members if each.role == "sync_standby" and each.is_healthy
        )

    @property
    def is_whole(self) -> bool:
        """A primary, and every other machine mirrors it."""
        others = self.secondaries
        return (
            self.primary is not None
            and bool(self.synchronous)
            and all(each.is_healthy for each in others)
        )


def parse(answer: Mapping[str, Any]) -> Cluster:
    """Patroni's `GET /cluster`. Lag and timeline are words ("unknown") where it knows none."""
    return Cluster(
        members=tuple(
            Member(
                name=str(each["name"]),
                role=str(each["role"]),
                state=str(each["state"]),
                timeline=number(each.get("timeline")),
                lag_bytes=number(each.get("lag")),
                pending_restart=bool(each.get("pending_restart")),
            )
            for each in answer.get("members", ())
        )
    )


def number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def asked(
    connection: Connection,
    path: str,
    *,
    method: str = "GET",
    body: object = None,
    timeout_s: float = ANSWER_TIMEOUT_S,
) -> tuple[str, ...]:
    """The words that ask the machine's own Patroni, on the machine."""
    document = () if body is None else ("--data-binary", "@-")
    return (
        *("curl", "--silent", "--show-error", "--fail-with-body", "--max-time", f"{timeout_s:g}"),
        *("--cacert", f"{IDENTITY}/ca.pem", "--cert", f"{IDENTITY}/cert.pem"),
        *("--key", f"{IDENTITY}/key.pem", "--request", method, *document),
        f"https://{connection.machine.address}:{PATRONI_PORT}/{path}",
    )


def ask(connection: Connection, path: str, *, method: str = "GET", body: object = None) -> Any:
    """Patroni's answer as JSON, or `Unreachable`."""
    stdin = b"" if body is None else json.dumps(body).encode()
    done = connection.run(
        asked(connection, path, method=method, body=body), stdin=stdin, check=False
    )
    try:
        if done.status == 0:
            return json.loads(done.stdout)
    except ValueError:
        pass
    raise Unreachable(
        f"Patroni on {connection.machine.name} does not answer: {done.complaint.strip()}",
        remedy=f"standfast logs {connection.machine.name} --unit standfast-patroni.service",
    )


def switch_over(primary: Connection, *, to: str) -> None:
    """Make `to` primary, in good order: nothing is lost, and writes wait for a second or two."""
    body = {"leader": primary.machine.name, "candidate": to}
    words = asked(primary, "switchover", method="POST", body=body, timeout_s=SWITCHOVER_TIMEOUT_S)
    done = primary.run(words, stdin=json.dumps(body).encode(), check=False)
    if done.status != 0:
        raise StandfastError(
            f"{to} did not take over from {primary.machine.name}: "
            f"{done.text.strip() or done.complaint.strip()}",
            remedy=f"standfast logs {to} --unit standfast-patroni.service",
        )


def restart_in_place(connection: Connection) -> None:
    """PostgreSQL alone, by its Patroni, for settings that wait for it."""
    body = {"restart_pending": True}
    words = asked(connection, "restart", method="POST", body=body, timeout_s=RESTART_TIMEOUT_S)
    done = connection.run(
        words, stdin=json.dumps(body).encode(), timeout_s=RESTART_TIMEOUT_S + 10, check=False
    )
    if done.status != 0:
        raise StandfastError(
            f"PostgreSQL on {connection.machine.name} was not restarted: "
            f"{done.text.strip() or done.complaint.strip()}",
            remedy=f"standfast logs {connection.machine.name} --unit standfast-patroni.service",
        )


def cluster(connection: Connection) -> Cluster:
    """As the Patroni of that machine sees it."""
    return parse(ask(connection, "cluster"))


def cluster_by_any(connections: Iterable[Connection]) -> Cluster:
    """The first answer of a database machine that gives one; `Unreachable` if none does."""
    failure: StandfastError | None = None
    for connection in connections:
        try:
            return cluster(connection)
        except Unreachable as error:
            failure = failure or error
    raise failure or Unreachable("there is no database machine to ask")
