"""One seed, from beginning to end. `bin/bench sim --seed SEED` tells what happened in it."""

from dataclasses import dataclass, replace

from .scenarios import Drawn, Scenario, draw
from .site import Site, unaltered
from .verdict import Violation
from .watchers import Alter


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`died`: with what the primary's machine did. `removed_s`: from its death, `promoted_s`: from
    the removal; None where nothing was promised of it."""

    kind: str
    died: str
    removals: int
    writes: int
    removed_s: float | None = None
    promoted_s: float | None = None


def simulate(
    seed: int, *, scenario: Scenario = draw, alter: Alter = unaltered, tells: bool = False
) -> Outcome:
    """Raise `Violation`, with how to see it again."""
    site = Site(seed, alter=alter, tells=tells)
    drawn = scenario(site)
    try:
        site.engine.run(drawn.ends_at)
        site.end()
        return outcome(site, drawn)
    except Violation as found:
        site.tell("VIOLATION", str(found))
        found.add_note(f"seed {seed} ({drawn.kind}); what happened: bin/bench sim --seed {seed}")
        raise
    finally:
        for line in site.told or ():
            print(line)


def outcome(site: Site, drawn: Drawn) -> Outcome:
    """A dead primary's claim is removed within the bound, and the secondary promoted after it."""
    verdict = site.verdict
    counted = Outcome(
        kind=drawn.kind,
        died=drawn.died,
        removals=len(verdict.removed_at),
        writes=len(verdict.acknowledged),
    )
    if drawn.dies_at is None:
        return counted
    removed_at, promoted_at = (
        next(iter(times), float("inf")) for times in (verdict.removed_at, verdict.promoted_at)
    )
    removed_s, promoted_s = removed_at - drawn.dies_at, promoted_at - removed_at
    if removed_s > drawn.removed_within_s:
        raise Violation(f"removed {removed_s:.1f} s after its death, not {drawn.removed_within_s}")
    if promoted_s > drawn.promoted_within_s:
        raise Violation(f"promoted {promoted_s:.1f} s later, not {drawn.promoted_within_s}")
    return replace(counted, removed_s=removed_s, promoted_s=promoted_s)
