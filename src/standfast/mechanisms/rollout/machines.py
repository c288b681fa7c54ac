"""Do one thing on all machines at the same time, and say on which it failed."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from standfast.core.clock import Clock
from standfast.core.errors import StandfastError, Unreachable
from standfast.mechanisms.hosts.connection import Connection

Answer = TypeVar("Answer")

AT_ONCE = 8
"""Enough for a handful of machines; more would only contend for this computer's cores."""

SSH_WAIT_S = 60.0
SSH_POLL_S = 0.1


def on_all(
    connections: Iterable[Connection], action: Callable[[Connection], Answer]
) -> dict[str, Answer]:
    """Machine name to answer. The first failure is raised after all have ended."""
    chosen = tuple(connections)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        futures = {each.machine.name: pool.submit(action, each) for each in chosen}
    return {name: future.result() for name, future in futures.items()}


def wait_for_ssh(connection: Connection, clock: Clock) -> None:
    """A machine that was just switched on answers within a second or two."""
    end = clock.monotonic() + SSH_WAIT_S
    while True:
        try:
            connection.run(("true",))
        except Unreachable:
            if clock.monotonic() > end:
                raise
            clock.sleep(SSH_POLL_S)
        else:
            return


def failed_units(name: str, units: list[str], connection: Connection) -> StandfastError:
    """An error that names the unit and shows its last words."""
    unit = units[0]
    said = connection.run(
        ("journalctl", "--no-pager", "--output=cat", "--lines=12", f"--unit={unit}"), check=False
    ).text.strip()
    return StandfastError(
        f"{unit} on {name} does not run; its last words:\n{said or 'none'}",
        remedy=f"More: standfast logs {name} --unit {unit}",
    )
