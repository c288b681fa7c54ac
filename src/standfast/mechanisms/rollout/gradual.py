"""Apply bundles so that a site that serves goes on serving: wave after wave, a look in between."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from standfast.mechanisms.hosts.apply import APPLIED
from standfast.mechanisms.hosts.bundle import Bundle
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.rollout.health import Health, not_well
from standfast.mechanisms.rollout.machines import on_all
from standfast.mechanisms.rollout.order import waves
from standfast.mechanisms.rollout.switchover import seen

Reports = dict[str, dict[str, Any]]


def one_after_the_other(
    connections: Mapping[str, Connection],
    bundles: Mapping[str, Bundle],
    apply: Callable[[tuple[str, ...]], Reports],
    health: Health | None,
) -> Reports:
    """Stops at the first wave after which something is wrong that was not wrong before. Without
    `health` nobody looks: on a site that is brought up there is nothing to look at."""
    noted = on_all(connections.values(), applied)
    cluster = seen(connections) if any(noted.values()) else None
    planned = tuple(
        waves(
            (each.machine for each in connections.values()),
            wanted={name: bundle.digest for name, bundle in bundles.items()},
            applied=noted,
            primary=cluster.primary if cluster else None,
        )
    )
    reports: Reports = {}
    health = looking_at(health, noted) if health and len(planned) > 1 else None
    before = health.troubles() if health else frozenset()
    for number, wave in enumerate(planned):
        reports |= apply(wave)
        if health and (worse := health.settle(before)):
            rest = (name for later in planned[number + 1 :] for name in later)
            raise not_well(" and ".join(wave), worse, untouched=rest)
    return reports


def looking_at(health: Health, noted: Mapping[str, str | None]) -> Health:
    """Only at machines that served before: on a new one some units wait for a later step."""
    old = {name: each for name, each in health.connections.items() if noted.get(name)}
    return replace(health, connections=old)


def applied(connection: Connection) -> str | None:
    """The digest of the bundle that the machine was last made of; None on a new one."""
    noted = connection.run(("cat", str(APPLIED)), check=False)
    return noted.text.strip() if noted.status == 0 else None
