"""Observation `offsite-snapshot`: how old the newest one is, who can read it, and where it lies.

A backup machine asks the store with its own key, then with another one. A store that cannot be
asked counts as one with nothing in it: whether there is a snapshot was not seen.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from standfast.core.errors import Refused, Unreachable
from standfast.core.units import duration, stamp
from standfast.mechanisms.backup.offsite.figures import Seen, figures
from standfast.mechanisms.backup.offsite.location import Stands, stands
from standfast.proofs.drills.copies import chosen, counted
from standfast.proofs.drills.ground import Ground, Ran
from standfast.proofs.drills.store import Heard, heard, take_the_first

WORDS_SHOWN = 300
"""Characters of a store's refusal, in the evidence, whose leaves are bounded."""


class OffsiteSnapshot:
    def prepare(self, ground: Ground) -> None:
        take_the_first(chosen(ground), ground)

    def run(self, ground: Ground, *, short: bool) -> Ran:
        if ground.store is None:
            raise Refused("this site has no store off site")
        started = ground.clock.now()
        said = first_answer(ground)
        where = stands(
            ground.store, at=said.addresses, site=[str(each.address) for each in ground.machines]
        )
        now = ground.clock.now()
        measured = measure(said, where, now)
        return Ran(
            target="",
            run=str(ground.run),
            measured=measured,
            story=tuple(story(said, where, measured)),
            seen=evidence(said, where),
            started_at=started,
            ended_at=now,
        )


def first_answer(ground: Ground) -> Heard:
    """Of the first machine that can ask the store; else of one that could not."""
    found = None
    for repository in counted(ground):
        ground.tell(f"{repository.name} asks the store")
        try:
            found = heard(repository)
        except Unreachable:
            continue
        if not found.problem:
            return found
    if found is None:
        raise Unreachable("no backup machine could be asked about the store off site")
    return found


def measure(said: Heard, where: Stands, now: datetime) -> dict[str, float]:
    if said.problem:
        return {"missing_snapshots": 1}
    seen = Seen(snapshots=said.snapshots, opens_without_key=said.opens_without_key, stands=where)
    return figures(seen, now)


def story(said: Heard, where: Stands, measured: Mapping[str, float]) -> Iterator[str]:
    if said.problem:
        yield f"the store off site … could not be asked: {said.problem}"
        return
    age = measured.get("snapshot_age_s")
    newest = "no snapshot" if age is None else f"the newest snapshot {duration(age)} old"
    lock = "opens without its key" if said.opens_without_key else "opens with its key alone"
    yield f"the store off site … {newest}, {lock}"
    yield f"it stands {'elsewhere' if where.elsewhere else 'NOT elsewhere'}: {where.why}"


def evidence(said: Heard, where: Stands) -> Mapping[str, object]:
    if said.problem:
        return {"machine": said.machine, "problem": said.problem[:WORDS_SHOWN]}
    newest = said.newest
    return {
        "machine": said.machine,
        "snapshots": len(said.snapshots),
        "newest": newest and {"id": newest.id, "taken_at": stamp(newest.taken_at)},
        "stands": {
            "elsewhere": where.elsewhere,
            "measured": where.measured,
            "why": where.why,
        },
    }
