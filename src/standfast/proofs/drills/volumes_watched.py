"""Observation `volumes-watched`: the data of every front end and every database lie on a mirror
that is whole now, that somebody watches, and that was read through lately.

Nothing is disturbed, and nothing is read of a configuration: what the kernel says of its members is
what counts (btrfs, md) or what the pool says (ZFS).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from standfast.core.errors import CannotVerify
from standfast.core.units import duration
from standfast.promises.model import Figures
from standfast.proofs.drills import volumes
from standfast.proofs.drills.ground import Ground, Ran
from standfast.proofs.drills.volumes import Watched

SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumesWatched:
    def prepare(self, ground: Ground) -> None:
        """Nothing is needed, and nothing disturbed."""

    def run(self, ground: Ground, *, short: bool) -> Ran:
        started = ground.clock.now()
        found = volumes.ask_all(ground, ground.mirrored)
        measured = figures(found)
        story = told(found, measured)
        ground.tell(story[0])
        return Ran(
            target="",
            run=str(ground.run),
            measured=measured,
            story=story,
            seen={
                "volumes": {
                    each.machine: [f"{volume.kind} {volume.folder}" for volume in each.volumes]
                    for each in found
                }
            },
            started_at=started,
            ended_at=ground.clock.now(),
            stand_ins=("disks are files of one disk",) if ground.disks else (),
        )


def figures(found: Sequence[Watched]) -> dict[str, float]:
    """Raises `CannotVerify` where no machine could be asked at all. What is not watched is not
    counted as anything else; without a watched volume nobody knows the age of a scrub."""
    if not found or all(each.problem for each in found):
        raise CannotVerify("no machine could be asked what its data lie on")
    watched = [each for each in found if each.is_watched]
    every = [volume for each in watched for volume in each.volumes]
    measured: dict[str, float] = {
        "volumes": len(every),
        "unmirrored_volumes": sum(not each.mirrored for each in every),
        "ailing_volumes": sum(each.mirrored and not each.whole for each in every),
        "unwatched_volumes": len(found) - len(watched),
    }
    if every:
        measured["scrub_age_s"] = round(max(each.scrub_age_s for each in every), 1)
    return measured


def told(found: Sequence[Watched], measured: Figures) -> tuple[str, ...]:
    whole = sum(volume.whole for each in found if each.is_watched for volume in each.volumes)
    scrubbed = (
        f"; the longest ago that one was read through: {duration(measured['scrub_age_s'])}"
        if "scrub_age_s" in measured
        else ""
    )
    return (
        f"{len(found)} machines asked for their volumes … {whole} mirrored and whole{scrubbed}",
        *[line for each in found for line in wrong(each)][:SHOWN],
    )


def wrong(each: Watched) -> tuple[str, ...]:
    if each.problem:
        return (f"{each.machine}: {each.problem}",)
    if not each.is_watched:
        return (f"{each.machine}: nobody watches its volumes",)
    return tuple(
        f"{each.machine}: {trouble}" for volume in each.volumes for trouble in volume.troubles
    )
