"""Drill `restore`: bring the newest copy back on a backup machine, and compare it with the primary.

    digests of the primary → its newest WAL arrives → restore, replay, checks → digests again

The machine itself does the middle (mechanisms/backup/restore.py), without a network, and destroys
what it restored. Nobody who uses the service notices.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from standfast.core.units import duration
from standfast.mechanisms.backup import digests
from standfast.mechanisms.backup.compare import Compared, compare
from standfast.mechanisms.backup.orders import Order
from standfast.proofs.drills.copies import chosen, wait_for_first_copies
from standfast.proofs.drills.ground import Ground, Ran
from standfast.proofs.drills.primary import primary_of

ARRIVAL_LIMIT_S = 60.0
"""For the WAL that must be replayed; what has not arrived by then is missing."""

FOUND_SHOWN = 300
"""Characters of what a check found, in the evidence, whose leaves are bounded."""

Check = Mapping[str, Any]
"""`{"name", "expected", "found", "passed"}`, as mechanisms/backup/restore.py writes them."""


class Restore:
    def prepare(self, ground: Ground) -> None:
        wait_for_first_copies([chosen(ground)], ground)

    def run(self, ground: Ground, *, short: bool) -> Ran:
        started, repository, primary = ground.clock.now(), chosen(ground), primary_of(ground)
        ground.tell(f"reading every row of {primary.connection.machine.name}")
        before = digests.of_all(primary.query)
        now = primary.now()
        ground.tell(f"waiting for the newest WAL on {repository.name}")
        repository.wait_for(now.segment, ARRIVAL_LIMIT_S)
        ground.tell(f"restoring on {repository.name}")
        order = Order(run=str(ground.run), identifier=primary.identifier(), reach=now.position)
        report = repository.restore(order)
        compared = compare(
            before=before,
            restored=digests.from_json(report["tables"]),
            after=digests.of_all(primary_of(ground).query),
        )
        checks = [*report["checks"], as_check(compared)]
        measured = figures(report, checks)
        return Ran(
            target=repository.name,
            run=order.run,
            measured=measured,
            story=story(repository.name, report, checks, measured),
            seen=evidence(repository.name, report, checks),
            started_at=started,
            ended_at=ground.clock.now(),
        )


def as_check(compared: Compared) -> Check:
    """As the machine writes those that it makes itself."""
    return {
        "name": "compared",
        "expected": "every table as on the primary",
        "found": compared.found,
        "passed": not compared.wrong,
    }


def figures(report: Mapping[str, Any], checks: Sequence[Check]) -> dict[str, float]:
    """What was not measured, because it did not come to that, is left out. `checks` passed."""
    known = {name: report[name] for name in ("data_age_s", "restore_s")}
    return {
        **{name: value for name, value in known.items() if value is not None},
        "checks": sum(each["passed"] for each in checks),
        "failed_checks": sum(not each["passed"] for each in checks),
    }


def story(
    machine: str, report: Mapping[str, Any], checks: Sequence[Check], measured: Mapping[str, float]
) -> tuple[str, ...]:
    found = f"{measured['checks']:.0f} of {len(checks)} checks passed"
    if "data_age_s" in measured:
        found = f"data {duration(measured['data_age_s'])} old, {found}"
    return (
        f"restore of the newest copy on {machine} … {found}",
        *took(measured),
        *(f"{each['name']}: {each['found']}" for each in checks if not each["passed"]),
        f"the tables, beside the primary's: {checks[-1]['found']}",
    )


def took(measured: Mapping[str, float]) -> Iterator[str]:
    if "restore_s" in measured:
        yield f"it answered {duration(measured['restore_s'])} after the restore began"


def evidence(machine: str, report: Mapping[str, Any], checks: Sequence[Check]) -> Mapping[str, Any]:
    return {
        "machine": machine,
        "copy": report["copy"],
        "copy_finished_at": report["finished_at"],
        "checks": [{**each, "found": each["found"][-FOUND_SHOWN:]} for each in checks],
        "seconds": report["seconds"],
    }
