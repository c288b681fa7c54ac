"""One bit of the newest bundle is another, on one monitor that nobody is sent to."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from standfast.core.command import Command, Result
from standfast.core.errors import Refused
from standfast.mechanisms.monitor import bent


@dataclass(slots=True)
class Told:
    """What was run and slept, in this order."""

    said: list[str] = field(default_factory=list)

    def run(
        self,
        command: Command,
        *,
        check: bool = True,
        on_stderr: Callable[[str], None] | None = None,
    ) -> Result:
        self.said.append(" ".join(command.argv))
        return Result(status=0, stdout=b"", stderr=b"")

    def sleep(self, seconds: float) -> None:
        self.said.append(f"sleep {seconds:g}")

    def now(self) -> None: ...

    def monotonic(self) -> float:
        return 0.0


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(bent, "BENT", tmp_path / "bent")
    entries = tmp_path / "log" / "tile" / "entries"
    (entries / "000.p").mkdir(parents=True)
    for width in (9, 10):
        (entries / "000.p" / str(width)).write_bytes(bytes(width))
    return tmp_path / "log"


def test_the_keeper_stops_and_edges_have_turned_away_before_a_bit_is_changed(log: Path) -> None:
    told = Told()
    bent.plant(log, told, told)
    newest = log / "tile" / "entries" / "000.p" / "10"
    assert told.said == [
        f"systemctl start {bent.KEEPER}",
        f"systemctl stop {bent.KEEPER}",
        f"sleep {bent.UNASKED_AFTER_S:g}",
        f"mount --bind {bent.BENT} {newest}",
    ]
    changed = bent.BENT.read_bytes()
    assert sum(a != b for a, b in zip(changed, bytes(10), strict=True)) == 1
    assert newest.read_bytes() == bytes(10), "the file itself stays"


def test_what_is_laid_over_the_record_is_taken_away_and_the_keeper_starts(log: Path) -> None:
    told = Told()
    bent.BENT.write_bytes(b"x")
    bent.remove(log, told)
    assert told.said == [f"systemctl start {bent.KEEPER}"]
    assert not bent.BENT.exists()


def test_only_mounts_below_the_record_are_taken_away() -> None:
    mounts = """\
22 1 8:1 / / rw - ext4 /dev/sda1 rw
40 22 0:3 /a /var/lib/standfast/www/log/tile/entries/000.p/10 rw - tmpfs t rw
41 22 0:3 /b /var/lib/standfast/www/logs rw - tmpfs t rw
"""
    found = bent.laid_over(Path("/var/lib/standfast/www/log"), mounts)
    assert found == ["/var/lib/standfast/www/log/tile/entries/000.p/10"]


def test_an_empty_record_cannot_be_bent(log: Path) -> None:
    for each in (log / "tile" / "entries" / "000.p").iterdir():
        each.unlink()
    with pytest.raises(Refused):
        bent.newest(log / "tile" / "entries")


def test_one_monitor_alone_carries_it() -> None:
    monitors = ["monitor-1", "monitor-2", "monitor-3"]
    planted = [
        json.loads(bent.fault("/src", monitors, each, "/log").declaration())["plant"]
        for each in monitors
    ]
    assert planted[:2] == [["/usr/bin/true"]] * 2
    assert planted[2][-3:] == [bent.MODULE, "plant", "/log"]
