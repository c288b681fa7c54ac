"""What the proofs of mirrored volumes make of what machines say, and the load on a volume."""

from collections.abc import Mapping
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from tests.unit.clocks import HandClock

from standfast.core.errors import CannotVerify
from standfast.mechanisms.hosts.volumes.model import Scrub
from standfast.promises.catalog import MIRRORED_VOLUMES
from standfast.promises.judge import judge
from standfast.promises.model import Outcome
from standfast.proofs.drills import mirrored_volumes, volumes, volumes_watched
from standfast.proofs.drills.mirrored_volumes import Damage
from standfast.proofs.drills.volume_load import FILES, Load, content, differing, put_load

WATCHED, BROKEN_DISK = (part.objective for part in MIRRORED_VOLUMES.parts)

VOLUME: dict[str, Any] = {
    "folder": "/var/lib/postgresql",
    "kind": "btrfs",
    "mirrored": True,
    "whole": True,
    "troubles": [],
    "spares": ["/dev/standfast-disk-3"],
    "scrub_age_s": 60,
    "members": [{"corrupt": 3}, {"corrupt": 4}],
}


def machine(age_s: float | None = 0.5, **changes: Any) -> volumes.Watched:
    return volumes.read("db-1", {"age_s": age_s, "volumes": [{**VOLUME, **changes}]})


def outcome(*found: volumes.Watched) -> Outcome:
    return judge(WATCHED, volumes_watched.figures(found))


def test_volumes_that_are_whole_and_watched_keep_the_promise() -> None:
    assert outcome(machine(), machine()) is Outcome.KEPT
    assert machine().volumes[0].corrupt == 7


@pytest.mark.parametrize(
    "spoilt",
    [
        machine(whole=False, troubles=["2 of /var/lib/postgresql is gone"]),
        machine(mirrored=False, whole=False),
        machine(scrub_age_s=36 * 86400),
        machine(age_s=None),
        machine(age_s=31),
        volumes.Watched(machine="db-1", problem="db-1 does not answer"),
    ],
)
def test_one_that_is_not_breaks_it(spoilt: volumes.Watched) -> None:
    assert outcome(machine(), spoilt) is Outcome.BROKEN


def test_of_machines_that_nobody_could_ask_nothing_is_claimed() -> None:
    with pytest.raises(CannotVerify):
        outcome(volumes.Watched(machine="db-1", problem="db-1 does not answer"))


def test_an_answer_that_makes_no_sense_is_no_answer() -> None:
    with pytest.raises(CannotVerify):
        volumes.read("db-1", {"age_s": 1, "volumes": [{"folder": "/"}]})


SAID = {"longest_s": 0.2, "writes": 100, "bytes_read": 10**9, "wrong_bytes": 0, "failed": 0}
DAMAGE = Damage(
    overwritten_bytes=10**7, corrected=2944, scrub=Scrub(began_at=0, finished=True, corrected=64)
)


SPARE = {"begun_s": 0.8, "rebuild_s": 1.4}


def broken_disk(
    damage: Damage = DAMAGE, spare: Mapping[str, float] = SPARE, **changes: float
) -> Outcome:
    said = {**SAID, **changes}
    return judge(BROKEN_DISK, mirrored_volumes.figures(said, damage, spare, machine()))


def test_a_disk_that_fails_unnoticed_keeps_the_promise() -> None:
    assert broken_disk() is Outcome.KEPT


def test_what_was_noticed_breaks_it() -> None:
    lasting = Scrub(began_at=0, finished=True, uncorrectable=1)
    assert broken_disk(wrong_bytes=1) is Outcome.BROKEN
    assert broken_disk(longest_s=2.5) is Outcome.BROKEN
    assert broken_disk(spare={"begun_s": 1, "rebuild_s": 121}) is Outcome.BROKEN
    assert broken_disk(spare={"begun_s": 5.9}) is Outcome.BROKEN
    damage = Damage(overwritten_bytes=1, corrected=1, scrub=lasting)
    assert broken_disk(damage) is Outcome.BROKEN


def test_refused_operations_break_it_even_if_every_byte_is_right() -> None:
    assert broken_disk(failed=1) is Outcome.BROKEN


def test_the_load_reads_back_what_it_wrote_and_counts_what_is_not(tmp_path: Path) -> None:
    load = Load(folder=tmp_path, run="run", clock=HandClock())
    load.fill()
    load.write(3)
    load.read_all()
    assert (load.tally.wrong_bytes, load.tally.failed) == (0, 0)
    assert load.tally.writes == FILES + 1
    spoilt = bytearray(content("run", 5, 1))
    spoilt[7] ^= 1
    (tmp_path / "5").write_bytes(spoilt)
    (tmp_path / "6").write_bytes(content("run", 6, 1)[:-9])
    (tmp_path / "7").unlink()
    load.read_all()
    assert load.tally.wrong_bytes == 1 + 9 + len(content("run", 7, 1))
    assert load.tally.failed == 1
    assert "No such file" in load.tally.complaints[0]


def test_the_load_ends_when_it_is_told_and_reads_everything_once_more(tmp_path: Path) -> None:
    load, stop = Load(folder=tmp_path, run="run", clock=HandClock()), Event()
    load.fill()
    putting = Thread(target=put_load, args=(load, stop))
    putting.start()
    stop.set()
    putting.join(20)
    assert not putting.is_alive()
    assert load.tally.bytes_read >= 4 * FILES * len(content("run", 0, 1))
    assert load.tally.wrong_bytes == 0


def test_bytes_that_are_missing_are_wrong() -> None:
    assert differing(b"abc", b"abc") == 0
    assert differing(b"abd", b"abc") == 1
    assert differing(b"ab", b"abc") == 1
    assert differing(b"", b"abc") == 3
