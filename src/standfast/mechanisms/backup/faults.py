"""What may be planted on a backup machine so that its promises are seen red.

Nothing that is kept is touched: a repository that is closed takes no WAL until it opens again, and
a restore that is misled has only its scratch folder to spoil.
"""

from collections.abc import Iterator

from standfast.mechanisms.backup.damage import Damage
from standfast.mechanisms.backup.pgbackrest.misled import NOBODY
from standfast.mechanisms.backup.places import USER
from standfast.mechanisms.hosts.agent.faults import AnyFault, CommandFault, Fault
from standfast.mechanisms.hosts.bundle import File
from standfast.mechanisms.hosts.names import FAULTS

CLOSED_REPOSITORY = "closed-repository"


def files_of(number: int, server: str, source: str) -> tuple[File, ...]:
    """The declarations, for the repository of that number, which the unit `server` serves."""
    return tuple(
        File(path=f"{FAULTS}/{fault.name}.json", content=fault.declaration())
        for fault in faults(number, server, source)
    )


def faults(number: int, server: str, source: str) -> Iterator[AnyFault]:
    yield Fault(name=CLOSED_REPOSITORY, unit=server, environment=NOBODY)
    for kind in Damage:
        if kind is not Damage.NONE:
            yield CommandFault(
                name=kind.value,
                plant=told(kind, number, source),
                remove=told(Damage.NONE, number, source),
            )


def told(kind: Damage, number: int, source: str) -> tuple[str, ...]:
    """As the repository's own user: what only root may do is not needed."""
    return (
        *("runuser", "-u", USER, "--"),
        *("env", f"PYTHONPATH={source}", "PYTHONDONTWRITEBYTECODE=1"),
        *("/usr/bin/python3", "-m", "standfast.mechanisms.backup.damage", kind.value, str(number)),
    )
