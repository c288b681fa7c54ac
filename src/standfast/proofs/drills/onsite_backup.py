"""Observation `onsite-backup`: how old the newest copies are, and how far WAL is behind.

Nothing is forced, and the engine is not asked. The primary says where its log of writes stands;
then each repository's files are watched until the segment that holds that position has arrived.
What counts is the second machine: the promise is about copies on two.

Where backup machines receive WAL as it is written, a word that was drawn for this run is written
into the primary's, and looked for in the files there (`received_lag_s`). No objective rests on it:
those files lie in memory, and only what is in a repository outlives the power of its machine.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from standfast.core.errors import StandfastError, Unreachable
from standfast.core.units import duration
from standfast.mechanisms.backup import wal
from standfast.mechanisms.backup.asking import Repository
from standfast.proofs.drills.copies import counted, wait_for_first_copies
from standfast.proofs.drills.ground import Ground, Ran
from standfast.proofs.drills.primary import Primary, primary_of

NEEDED = 2
"""Machines that must have a copy ("several", in the sentence)."""

SAMPLES = 2
"""One after the other, each begun as soon as the one before it arrived: at the worst moment, when
a segment has just begun."""

ARRIVAL_LIMIT_S = 120.0
SHORT_LIMIT_S = 15.0
"""What has not arrived by then is at least so far behind, and its machine counts as one without a
copy, however loose the objective. The short one is for a fault that is known to be planted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Of one machine. None: there is no copy; the machine was not to be had. `receives`: what was
    written arrived before the time was over. `received_lag_s` is None where no WAL is received but
    by the repository, or a word of it was not seen."""

    copy_age_s: float | None
    lag_s: float | None
    receives: bool = True
    received_lag_s: float | None = None


class OnsiteBackup:
    def prepare(self, ground: Ground) -> None:
        wait_for_first_copies(counted(ground), ground)

    def run(self, ground: Ground, *, short: bool) -> Ran:
        started, repositories, primary = ground.clock.now(), counted(ground), primary_of(ground)
        limit_s = SHORT_LIMIT_S if short else ARRIVAL_LIMIT_S
        lags: dict[str, list[float]] = {each.name: [] for each in repositories}
        for number in range(1 if short else SAMPLES):
            ground.tell(f"watching changes arrive, {number + 1}. time")
            for name, lag in arrivals(repositories, primary, ground, limit_s).items():
                lags[name] += [] if lag is None else [lag]
        ground.tell("looking for a word in what is received")
        heard = heard_by(repositories, primary, ground, limit_s)
        seen = {
            each.name: seen_of(each, lags[each.name], limit_s, heard[each.name])
            for each in repositories
        }
        measured = figures(seen)
        return Ran(
            target="",
            run=str(ground.run),
            measured=measured,
            story=(headline(measured), *(words(name, each) for name, each in seen.items())),
            seen={"machines": {name: as_json(each) for name, each in seen.items()}},
            started_at=started,
            ended_at=ground.clock.now(),
        )


def arrivals(
    repositories: tuple[Repository, ...], primary: Primary, ground: Ground, limit_s: float
) -> Mapping[str, float | None]:
    """How long what is written now takes to be in each, at most `limit_s`; None where nobody
    answers."""
    began = ground.clock.monotonic()
    segment = primary.now().segment

    def arrived(repository: Repository) -> float | None:
        try:
            newest = repository.wait_for(segment, limit_s).segment
        except Unreachable:
            return None
        took = ground.clock.monotonic() - began
        return min(took, limit_s) if newest and wal.covers(newest, segment) else limit_s

    with ThreadPoolExecutor(max(1, len(repositories))) as pool:
        found = pool.map(arrived, repositories)
        return {each.name: lag for each, lag in zip(repositories, found, strict=True)}


def heard_by(
    repositories: tuple[Repository, ...], primary: Primary, ground: Ground, limit_s: float
) -> Mapping[str, float | None]:
    """How long a word that the primary has just flushed takes to be in the WAL that each receives;
    None where it is not, or nothing is received, or nobody can look: no objective rests on it. The
    way to ask is in it."""
    word = f"heard-{ground.run}"
    primary.write_into_its_log(word)
    began = ground.clock.monotonic()

    def heard(repository: Repository) -> float | None:
        try:
            there = repository.hears(word, limit_s)
        except StandfastError:
            return None
        return ground.clock.monotonic() - began if there else None

    with ThreadPoolExecutor(max(1, len(repositories))) as pool:
        found = pool.map(heard, repositories)
        return {each.name: lag for each, lag in zip(repositories, found, strict=True)}


def seen_of(
    repository: Repository, lags: Sequence[float], limit_s: float, received_lag_s: float | None
) -> Seen:
    worst = max(lags, default=None)
    return Seen(
        copy_age_s=age(repository),
        lag_s=worst,
        receives=worst is None or worst < limit_s,
        received_lag_s=received_lag_s,
    )


def age(repository: Repository) -> float | None:
    try:
        return repository.look().copy_age_s
    except Unreachable:
        return None


def figures(seen: Mapping[str, Seen]) -> dict[str, float]:
    """Each is the one of the last machine that is needed; a figure that too few have is left out,
    and the missing copies are counted."""
    have = [each for each in seen.values() if each.copy_age_s is not None and each.receives]
    return {
        "missing_copies": max(0, NEEDED - len(have)),
        **needed("backup_age_s", [each.copy_age_s for each in seen.values()]),
        **needed("archive_lag_s", [each.lag_s for each in seen.values()]),
        **needed("received_lag_s", [each.received_lag_s for each in seen.values()]),
    }


def needed(name: str, values: list[float | None]) -> dict[str, float]:
    known = sorted(value for value in values if value is not None)
    return {name: round(known[NEEDED - 1], 1)} if len(known) >= NEEDED else {}


def headline(measured: Mapping[str, float]) -> str:
    newest, lag = measured.get("backup_age_s"), measured.get("archive_lag_s")
    return (
        f"copies on {NEEDED} machines … the newest {told(newest)} old, changes {told(lag)} behind"
    )


def words(name: str, seen: Seen) -> str:
    said = f"{name}: newest copy {told(seen.copy_age_s)} old, changes {told(seen.lag_s)} behind"
    if seen.received_lag_s is None:
        return said
    return f"{said}, received after {told(seen.received_lag_s)}"


def told(seconds: float | None) -> str:
    return "an unknown time" if seconds is None else duration(seconds)


def as_json(seen: Seen) -> Mapping[str, float | None]:
    return {
        "backup_age_s": rounded(seen.copy_age_s),
        "archive_lag_s": rounded(seen.lag_s),
        "received_lag_s": rounded(seen.received_lag_s),
    }


def rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)
