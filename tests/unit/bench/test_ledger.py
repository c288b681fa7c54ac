"""What came of each fault is written down once, and adds up over seeds and computers."""

import json
from pathlib import Path

from campaign.checker import FaultVerdict, HistoryVerdict
from campaign.ledger import file_of, summary, write_down, written_down


def fault(number: int, *, kind: str = "power-cut", outage_s: float = 2.5) -> FaultVerdict:
    return FaultVerdict(
        id=number,
        kind=kind,
        machine="db-1",
        verdict="ok",
        why=[],
        outage_s=outage_s,
        redundancy_s=9.0,
        single_copy_s=11.0,
        acknowledged_before=100,
        acknowledged_within=300,
        acknowledged_after=50,
        lost=[],
        ghosts=[],
        unknown=2,
        two_primaries=[],
    )


def history(*faults: FaultVerdict) -> HistoryVerdict:
    return HistoryVerdict(file="a.jsonl.gz", verdict="ok", why=[], faults=list(faults))


def test_a_fault_that_is_written_down_is_not_changed_by_trying_it_again(tmp_path: Path) -> None:
    path = file_of("fast", 5, tmp_path / "ledger")
    assert written_down(path) == {}
    assert write_down(path, [history(fault(0, outage_s=9.0), fault(1))], "abc") == 2
    assert write_down(path, [history(fault(0, outage_s=1.0), fault(2))], "def") == 1
    lines = written_down(path)
    assert [lines[number]["outage_s"] for number in (0, 1, 2)] == [9.0, 2.5, 2.5]
    assert [lines[number]["programs"] for number in (0, 1, 2)] == ["abc", "abc", "def"]
    assert {line["history"] for line in lines.values()} == {"ok"}
    assert len(path.read_text().splitlines()) == 3


def test_seeds_of_the_same_settings_are_counted_together(tmp_path: Path) -> None:
    write_down(file_of("fast", 5, tmp_path), [history(fault(0), fault(1, outage_s=4.5))], "abc")
    write_down(file_of("fast", 6, tmp_path), [history(fault(0, outage_s=3.0))], "abc")
    write_down(file_of("defaults", 5, tmp_path), [history(fault(0, outage_s=40.0))], "abc")
    defaults, _, slow, _, fast, _, quick, _ = summary(tmp_path)
    assert defaults.startswith("settings defaults: 1 faults")
    assert slow.split()[:5] == ["power-cut", "1", "1", "40.00", "40.00"]
    assert fast == "settings fast: 3 faults, 1050 writes acknowledged"
    assert quick.split()[:5] == ["power-cut", "3", "3", "3.00", "4.50"]


def test_what_is_written_down_in_the_project_can_be_read() -> None:
    for path in sorted(file_of("fast", 0).parent.glob("*.jsonl")):
        settings, seed = path.stem.rsplit("-", 1)
        assert file_of(settings, int(seed)) == path
        numbers = [json.loads(line)["id"] for line in path.read_text().splitlines()]
        assert len(numbers) == len({*numbers}), f"{path.name} has a fault twice"
