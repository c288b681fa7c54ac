"""The machines whose copies count, and what is wanted of them. Shared by both backup proofs."""

from collections.abc import Iterable

from standfast.core.errors import Refused
from standfast.mechanisms.backup.asking import Repository
from standfast.mechanisms.hosts.machine import Machine, Role
from standfast.proofs.drills.ground import Ground

FIRST_COPY_WITHIN_S = 300.0
"""The first copies are taken in the background, while a new site is brought up."""

POLL_S = 2.0


def counted(ground: Ground) -> tuple[Repository, ...]:
    """A copy on a machine that holds a database would be lost with it."""
    return tuple(
        Repository(connection=ground.connections[machine.name])
        for machine in ground.having(Role.BACKUP)
        if is_apart(machine)
    )


def is_apart(machine: Machine) -> bool:
    return not machine.is_a(Role.DATABASE)


def chosen(ground: Ground) -> Repository:
    repositories = {each.name: each for each in counted(ground)}
    if not repositories:
        raise Refused("no backup machine of this site is without a database")
    if ground.chosen is None:
        return repositories[ground.drawn(tuple(repositories))]
    if ground.chosen not in repositories:
        raise Refused(
            f"{ground.chosen} keeps no copies that count",
            remedy=f"Name one of: {', '.join(repositories)}.",
        )
    return repositories[ground.chosen]


def wait_for_first_copies(repositories: Iterable[Repository], ground: Ground) -> None:
    """Return when each has one, or when the time is over: then what is missing will be seen."""
    end = ground.clock.monotonic() + FIRST_COPY_WITHIN_S
    for each in repositories:
        while each.look().copy_age_s is None and ground.clock.monotonic() < end:
            ground.tell(f"waiting for the first copy on {each.name}")
            ground.clock.sleep(POLL_S)
