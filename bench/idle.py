"""What Standfast itself costs while nothing happens: processor time and memory of its units.

    bin/bench idle [--minutes N]

Brings up the default site, waits until it is quiet, and reads the kernel's own books of every unit
on every machine: the processor time of its control group (what ended meanwhile is in it), and the
PSS of its processes, which counts a page that several share by its share. What the field's
programs beside ours cost (PostgreSQL under Patroni, etcd, HAProxy) is printed too, without a limit.
"""

import argparse
import os
import time
from collections import defaultdict
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


def pss(groups: list[Path]) -> int:
    return sum(
        memory(int(process))
        for group in groups
        for process in (group / "cgroup.procs").read_text().split()
    )


def memory(process: int) -> int:
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    found = [line.split()[1] for line in text.splitlines() if line.startswith("Pss:")]
    return int(found[0]) * 1024 if found else 0


def own(unit: str) -> bool:
    return unit.startswith("standfast-") and unit not in FIELD


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=3)
    minutes = parser.parse_args().minutes
    bench = Bench(Path(os.environ.get("STANDFAST_CACHE", "/var/cache/standfast")))
    try:
        bench.run("up", "--no-wait", "--json")
        time.sleep(QUIET_S)
        before, began = (
            {name: seconds(groups) for name, groups in units().items()},
            time.monotonic(),
        )
        time.sleep(minutes * 60)
        lasted = time.monotonic() - began
        rows = {
            name: (len(groups), seconds(groups) - before.get(name, 0.0), pss(groups))
            for name, groups in units().items()
        }
    finally:
        bench.clean()
    if not any(own(name) for name in rows):
        raise SystemExit("no unit of Standfast's was found: nothing was measured")
    print(f"{'unit':<34} {'machines':>8} {'% of a core':>12} {'PSS, MB':>9}")
    for name, (number, used, bytes_) in sorted(
        rows.items(), key=lambda row: (not own(row[0]), -row[1][2])
    ):
        print(f"{name:<34} {number:>8} {100 * used / lasted:>12.2f} {bytes_ / 1e6:>9.1f}")
    mine = [row for name, row in rows.items() if own(name)]
    share = 100 * sum(used for _, used, _ in mine) / lasted
    total = sum(bytes_ for *_, bytes_ in mine) / 1e6
    print(f"\nStandfast's own: {share:.2f} % of a core (≤ 5), {total:.1f} MB (≤ 500)")


if __name__ == "__main__":
    main()
