"""What Standfast itself costs while nothing happens: processor time and memory of its units.

    bin/bench idle [--minutes N]

Brings up the default site, waits until it is quiet, and reads the kernel's own books of every unit
on every machine: the processor time of its control group (what ended meanwhile is in it), and the
PSS of its processes, which counts a page that several share by its share. What the field's
programs beside ours cost (PostgreSQL under Patroni, etcd, HAProxy, pg_receivewal) is printed too,
without a limit.
"""

import argparse
import os
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from up import NAME, Bench

QUIET_S = 60
"""After `up`: checkpoints, first backups and the last entries of the log are over then."""

ROOT = Path("/sys/fs/cgroup")
UNIFIED = ROOT if (ROOT / "cgroup.controllers").exists() else ROOT / "unified"

FIELD = frozenset(
    f"standfast-{name}"
    for name in (
        *("patroni", "etcd", "web-proxy", "listener"),
        *("repository", "repository-door", "copying", "copying-door"),
    )
)
"""Units of ours that run the field's programs and none of our own."""

CHILDREN = frozenset({"pg_receivewal"})
"""Programs of the field that a unit of ours has beside its own: counted apart from it."""

ASKING, QUESTIONS = "keepalived", "standfast: what keepalived asks"
"""A unit of the field's that starts a program of ours: what has ended in it was that."""

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cost:
    """On how many machines; processor time since it began, in seconds; PSS in bytes."""

    machines: int
    used_s: float
    pss: int

    def without(self, other: "Cost") -> "Cost":
        return Cost(self.machines, self.used_s - other.used_s, self.pss - other.pss)


def costs() -> dict[str, Cost]:
    """By unit, and by program of those that are counted apart."""
    found: dict[str, Cost] = {}
    for name, groups in units().items():
        processes = [int(each) for group in groups for each in numbers(group)]
        whole = Cost(len(groups), seconds(groups), sum(map(memory, processes)))
        for program in CHILDREN:
            theirs = [each for each in processes if program_of(each) == program]
            if theirs:
                found[program] = Cost(
                    len(theirs), sum(map(used_s, theirs)), sum(map(memory, theirs))
                )
                whole = whole.without(found[program])
        if name == ASKING:
            asked = Cost(len(groups), whole.used_s - sum(map(used_s, processes)), 0)
            found[QUESTIONS], whole = asked, whole.without(asked)
        found[name] = whole
    return found


def numbers(group: Path) -> list[str]:
    return (group / "cgroup.procs").read_text().split()


def program_of(process: int) -> str:
    return Path(f"/proc/{process}/comm").read_text().strip()


def used_s(process: int) -> float:
    """proc(5): user and system time are the 12th and 13th after the name."""
    after = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(after[11]) + int(after[12])) / TICKS


def units() -> dict[str, list[Path]]:
    """The control groups of the site's machines, by unit."""
    found = defaultdict(list)
    for group in UNIFIED.glob(f"**/{NAME}*/**/*.service"):
        found[group.name.removesuffix(".service")].append(group)
    return found


def seconds(groups: list[Path]) -> float:
    used = 0
    for group in groups:
        lines = (group / "cpu.stat").read_text().split()
        used += int(lines[lines.index("usage_usec") + 1])
    return used / 1e6


def memory(process: int) -> int:
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    found = [line.split()[1] for line in text.splitlines() if line.startswith("Pss:")]
    return int(found[0]) * 1024 if found else 0


def own(unit: str) -> bool:
    return unit == QUESTIONS or (unit.startswith("standfast-") and unit not in FIELD)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=3)
    minutes = parser.parse_args().minutes
    bench = Bench(Path(os.environ.get("STANDFAST_CACHE", "/var/cache/standfast")))
    try:
        bench.run("up", "--no-wait", "--json")
        time.sleep(QUIET_S)
        before, began = costs(), time.monotonic()
        time.sleep(minutes * 60)
        lasted, rows = time.monotonic() - began, costs()
    finally:
        bench.clean()
    if not any(own(name) for name in rows):
        raise SystemExit("no unit of Standfast's was found: nothing was measured")
    share = {
        name: 100 * (each.used_s - before[name].used_s if name in before else each.used_s) / lasted
        for name, each in rows.items()
    }
    print(f"{'unit':<34} {'machines':>8} {'% of a core':>12} {'PSS, MB':>9}")
    for name, each in sorted(rows.items(), key=lambda row: (not own(row[0]), -row[1].pss)):
        print(f"{name:<34} {each.machines:>8} {share[name]:>12.2f} {each.pss / 1e6:>9.1f}")
    mine = [name for name in rows if own(name)]
    total = sum(rows[name].pss for name in mine) / 1e6
    used = sum(share[name] for name in mine)
    print(f"\nStandfast's own: {used:.2f} % of a core (≤ 5), {total:.1f} MB (≤ 500)")


if __name__ == "__main__":
    main()
