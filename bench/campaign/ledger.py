"""What the checker said of each fault, kept in the project, so that a campaign goes on for weeks
and on any computer. Histories are large and stay where they were made; a line here is what is left
of one fault.

    bench/ledger/SETTINGS-SEED.jsonl    one line a fault: figures in seconds, numbers of writes,
                                        what the whole history came to, the programs' commit
"""

import json
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from campaign.checker import FaultVerdict, HistoryVerdict, kind_lines, table

FOLDER = Path(__file__).resolve().parents[1] / "ledger"
KEPT = (
    *("id", "kind", "machine", "verdict", "why", "outage_s", "redundancy_s", "single_copy_s"),
    *("acknowledged_before", "acknowledged_within", "acknowledged_after"),
    *("lost", "ghosts", "unknown", "two_primaries"),
)
assert set(KEPT) == {each.name for each in fields(FaultVerdict)}


def file_of(settings: str, seed: int, folder: Path = FOLDER) -> Path:
    return folder / f"{settings}-{seed}.jsonl"


def written_down(path: Path) -> dict[int, Mapping[str, Any]]:
    """By the fault's number."""
    if not path.exists():
        return {}
    lines = (json.loads(line) for line in path.read_text().splitlines())
    return {line["id"]: line for line in lines}


def write_down(path: Path, histories: Iterable[HistoryVerdict], programs: str) -> int:
    """How many are new. A fault that is there already keeps its line: whoever tries again until it
    looks better shall not."""
    known = written_down(path)
    new = {
        fault.id: {"programs": programs, "history": history.verdict, **asdict(fault)}
        for history in histories
        for fault in history.faults
        if fault.id not in known
    }
    path.parent.mkdir(exist_ok=True)
    with path.open("a") as file:
        file.writelines(json.dumps(new[number]) + "\n" for number in sorted(new))
    return len(new)


def programs() -> str:
    """The commit that was attacked, with a plus if something was changed since."""
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty=+", "--abbrev=10"],
        cwd=FOLDER.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def verdicts(lines: Iterable[Mapping[str, Any]]) -> list[FaultVerdict]:
    return [FaultVerdict(**{name: line[name] for name in KEPT}) for line in lines]


def summary(folder: Path = FOLDER) -> Iterator[str]:
    """Each settings' faults of all seeds together."""
    for settings in sorted({path.name.rsplit("-", 1)[0] for path in folder.glob("*-*.jsonl")}):
        lines = [
            line
            for path in sorted(folder.glob(f"{settings}-*.jsonl"))
            for line in written_down(path).values()
        ]
        faults = verdicts(lines)
        writes = sum(fault.acknowledged_within + fault.acknowledged_after for fault in faults)
        yield f"settings {settings}: {len(faults)} faults, {writes} writes acknowledged"
        yield from kind_lines(table(faults))
        yield ""
