"""Drill `offsite-restore`: bring the newest snapshot back from the store, and check it.

A backup machine fetches it with nothing but the store's words and the snapshot's key, in a place
where its own repository and keys do not exist, starts it without a network, makes the checks of
drill `restore`, holds every table against what it was when it was taken, and destroys it.
"""

from collections.abc import Mapping
from typing import Any

from standfast.core.units import duration, stamp
from standfast.mechanisms.backup.offsite.orders import Return
from standfast.mechanisms.backup.offsite.snapshots import Snapshot
from standfast.proofs.drills import restore
from standfast.proofs.drills.copies import chosen
from standfast.proofs.drills.ground import Ground, Ran
from standfast.proofs.drills.primary import primary_of
from standfast.proofs.drills.store import Heard, heard, take_the_first


class OffsiteRestore:
    def prepare(self, ground: Ground) -> None:
        take_the_first(chosen(ground), ground)

    def run(self, ground: Ground, *, short: bool) -> Ran:
        started, repository = ground.clock.now(), chosen(ground)
        ground.tell(f"{repository.name} asks the store")
        said = heard(repository)
        if said.newest is None:
            report = nothing_to_fetch(said)
        else:
            ground.tell(f"{repository.name} brings back {said.newest.id[:8]}")
            report = repository.bring_back(ordered(said.newest, ground))
        checks = report["checks"]
        measured = restore.figures(report, checks)
        return Ran(
            target=repository.name,
            run=str(ground.run),
            measured=measured,
            story=tuple(story(repository.name, checks, measured)),
            seen={
                **restore.evidence(repository.name, report, checks),
                "snapshot": said.newest.id if said.newest else "",
            },
            started_at=started,
            ended_at=ground.clock.now(),
        )


def ordered(newest: Snapshot, ground: Ground) -> Return:
    assert newest.source is not None
    return Return(
        run=str(ground.run),
        snapshot=newest.id,
        folder=newest.folder,
        copy=newest.source.copy,
        taken_at=stamp(newest.taken_at),
        identifier=primary_of(ground).identifier(),
        reach=newest.source.position,
    )


def nothing_to_fetch(said: Heard) -> Mapping[str, Any]:
    """A report as the machine would write it (`restore.Report`)."""
    missing = {
        "name": "restored",
        "expected": "a snapshot in the store",
        "found": said.problem or "there is none",
        "passed": False,
    }
    return {
        "copy": "",
        "finished_at": "",
        "restore_s": None,
        "data_age_s": None,
        "checks": [missing],
        "seconds": {},
    }


def story(machine: str, checks: list[restore.Check], measured: Mapping[str, float]) -> list[str]:
    found = f"{measured['checks']:.0f} of {len(checks)} checks passed"
    if "data_age_s" in measured:
        found = f"data {duration(measured['data_age_s'])} old, {found}"
    return [
        f"the newest snapshot off site, brought back on {machine} … {found}",
        *restore.took(measured),
        *(f"{each['name']}: {each['found']}" for each in checks if not each["passed"]),
    ]
