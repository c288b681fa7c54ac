"""Drill `lose-site`: the site is taken for lost, and comes back at another place from nothing but
its copy off site and its recovery envelope, until a customer who knows its name signs in there.

The site that lives is left alone: the other one is made beside it, of packages, where nothing of
the site can be seen (mechanisms/recovery/lose_site/rehearsed.py), shows the evidence log and adds
nothing to it, and is gone afterwards. What is measured is what a person at empty machines would
wait for, but for finding the envelope, ordering machines, and other people's name servers.
"""

from collections.abc import Mapping
from typing import Any

from standfast.core.errors import Refused
from standfast.core.units import duration, stamp
from standfast.mechanisms.backup.offsite.places import PAGE_UNIT
from standfast.proofs.drills.copies import chosen
from standfast.proofs.drills.ground import Ground, Ran, Returned
from standfast.proofs.drills.store import take_the_first

LIMIT_S = 3600.0
"""An hour for packages that come slowly; on two cores it takes some minutes."""

STAND_INS = (
    "machines made on this computer in the place of another facility's",
    "a recovery envelope that was written for this run, whose passphrase nobody had to find",
    "a file of names in the place of name servers",
)


class LoseSite:
    def prepare(self, ground: Ground) -> None:
        """A site that has just been brought up has neither a snapshot nor a page off site yet."""
        if ground.chosen:
            raise Refused("the whole site is taken for lost, so no machine can be chosen")
        ground.facility.must_be_possible()
        ground.sign_up()
        repository = chosen(ground)
        take_the_first(repository, ground)
        ground.connections[repository.name].run(("systemctl", "start", PAGE_UNIT), timeout_s=120)

    def run(self, ground: Ground, *, short: bool) -> Ran:
        """Seen from the moment at which the site is taken for lost."""
        started, size = ground.clock.now(), ground.published().size
        ground.tell("the site is taken for lost")
        found = ground.facility.rehearse()
        measured = figures(found, ground)
        return Ran(
            target="another facility",
            run=str(ground.run),
            measured=measured,
            story=story(found, measured),
            seen=seen(found, size),
            started_at=started,
            ended_at=ground.clock.now(),
            stand_ins=STAND_INS,
        )


def figures(found: Returned, ground: Ground) -> dict[str, float]:
    if found.problem or not is_the_same_log(found, ground):
        return {"failed_recoveries": 1}
    assert found.signed_in_at is not None
    outage = found.signed_in_at - found.lost_at
    measured = {"outage_s": round(outage.total_seconds(), 1), "failed_recoveries": 0.0}
    if found.newest is not None:
        measured["data_age_s"] = round((found.lost_at - found.newest).total_seconds(), 3)
    return measured


def is_the_same_log(found: Returned, ground: Ground) -> bool:
    """What the other site shows of its log is how the log of the one that lives begins."""
    published = ground.published()
    return 0 < found.entries <= published.size and published.root(found.entries) == found.root


def story(found: Returned, measured: Mapping[str, float]) -> tuple[str, ...]:
    words = "the site, brought back from its store and an envelope at another place"
    if found.problem:
        return (f"{words} … nobody got in: {found.problem}",)
    if measured["failed_recoveries"]:
        return (f"{words} … its evidence log is not the one that was lost",)
    age = measured.get("data_age_s")
    data = f", with data {duration(age)} old" if age is not None else ""
    return (
        f"{words} … a customer was signed in after {duration(measured['outage_s'])}{data}",
        f"at {found.name}, by its certificate; the evidence log goes on from its copy",
        f"the envelope that the operators keep {found.envelope}",
    )


def seen(found: Returned, size: int) -> Mapping[str, Any]:
    """`behind`: entries that were shown on the site and were not in the store yet."""
    return {
        "lost_at": stamp(found.lost_at),
        "snapshot": found.snapshot,
        "name": found.name,
        "addresses": list(found.addresses),
        "entries": found.entries,
        "behind": max(size - found.entries, 0) if found.entries else None,
        "envelope": found.envelope,
        "gone": list(found.gone),
        "seconds": dict(found.seconds),
        "problem": found.problem,
    }
