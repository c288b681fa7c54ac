"""What the store off site says through a backup machine. Shared by both proofs about it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from standfast.core.errors import CommandFailed, StandfastError, Unreachable
from standfast.mechanisms.backup.asking import Repository
from standfast.mechanisms.backup.offsite.look import snapshot
from standfast.mechanisms.backup.offsite.snapshots import Snapshot
from standfast.mechanisms.backup.offsite.trouble import SENTENCES, Trouble
from standfast.proofs.drills.copies import wait_for_first_copies
from standfast.proofs.drills.ground import Ground

FIRST_WITHIN_S = 900.0
"""For a first snapshot to be taken, which has to be restored and checked before."""

NOT_YET = SENTENCES[Trouble.NO_REPOSITORY].problem
"""What is said of a store in which nothing was put so far."""

COMMAND = re.compile(r" /\S.* ended with status \d+: ")
"""What was run stands between our words and restic's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """`problem`: why the store could not be asked, in one machine's words; then all else is as of a
    store with nothing in it."""

    machine: str
    snapshots: tuple[Snapshot, ...] = ()
    opens_without_key: bool = False
    addresses: tuple[str, ...] = ()
    problem: str = ""

    @property
    def newest(self) -> Snapshot | None:
        """Of those that we took."""
        return next((each for each in reversed(self.snapshots) if each.source), None)


def heard(repository: Repository) -> Heard:
    """Raises `Unreachable` where the machine itself is not to be had."""
    try:
        said: Mapping[str, Any] = repository.off_site()
    except CommandFailed as error:
        return Heard(machine=repository.name, problem=last_words(error))
    return Heard(
        machine=repository.name,
        snapshots=tuple(map(snapshot, said["snapshots"])),
        opens_without_key=said["opens_without_key"],
        addresses=tuple(said["addresses"]),
    )


def last_words(error: StandfastError) -> str:
    """What restic or our own program says, without the command that was run."""
    _, mark, said = error.problem.partition("standfast: ")
    return COMMAND.sub(" ", (said if mark else error.problem).partition("\n")[0])


def take_the_first(repository: Repository, ground: Ground) -> None:
    """Where there is none yet, as on a new site; what goes wrong is seen by the proof. Nothing is
    sent to a store that cannot be asked."""
    try:
        found = heard(repository)
        if found.snapshots or (found.problem and not found.problem.startswith(NOT_YET)):
            return
        wait_for_first_copies([repository], ground)
        ground.tell(f"{repository.name} takes the first snapshot")
        repository.send_off_site(ground.clock, FIRST_WITHIN_S)
    except (CommandFailed, Unreachable) as error:
        ground.tell(error.problem.partition("\n")[0])
