"""What a removal must withstand: a primary whose Patroni stands still at the worst moment.

    bin/bench paused [--rounds N]

Secondary and primary are apart, so the primary's Patroni is about to let commits go on without the
secondary. Between the moment at which it has shown itself in etcd and the one at which it changes
`/sync`, it stands still (cgroup.freeze) for long enough that monitors that cannot reach it take its
claim away. It wakes up just before the secondary takes over, and goes on where it was.

Each round is tried with two removals, made by this program while the monitors rest: the *naive* one
deletes the claim if leader and status are unchanged; the *whole* one is that of
src/standfast/mechanisms/database/removal.py, which compares `/sync` too and writes it anew. A
client writes all the time, to both machines; bench/campaign/checker.py says what was lost.
"""

import argparse
import base64
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from campaign.own_site import OwnSite
from campaign.record import Copies, History, Load
from campaign.site import PATRONI_UNIT, ROOT, Machine, Site, site_of

NAME = "bench-paused"
RATE = 50.0
SEPARATE_S = 1.9
"""The primary gives a silent secondary up after two seconds (wal_sender_timeout)."""

REMOVED_AFTER_S = 2.5
"""Monitors act after 2.2 s without a sign of life."""

AWAKE_AFTER_S = 1.9
"""After the removal. The secondary's Patroni asks the primary's machine once more before it takes
over, and waits two seconds for an answer: what the primary does just before that is what matters.
All in all less than five, after which the guard kills a primary whose Patroni is silent."""

AFTERWARDS_S = 8.0
WITHIN_S = 12.0
WHOLE_WITHIN_S = 150.0
TRIES = 8
WAYS = ("naive", "whole")


@dataclass(frozen=True, slots=True)
class Value:
    data: str
    modified: int


class Keys:
    """Patroni's keys in etcd."""

    def __init__(self, site: Site) -> None:
        self.site, self.prefix = site, f"/standfast/{site.file.stem}/"

    def read(self) -> dict[str, Value]:
        said = json.loads(self.site.etcdctl("get", "--prefix", self.prefix, "--write-out=json"))
        found = {}
        for each in said.get("kvs", ()):
            key = base64.b64decode(each["key"]).decode().removeprefix(self.prefix)
            data = base64.b64decode(each.get("value", "")).decode()
            found[key] = Value(data, each["mod_revision"])
        return found

    def remove(self, way: str, read: dict[str, Value]) -> bool:
        """Take the claim away, if what is compared is as it was read."""
        compared = ("leader", "status") if way == "naive" else ("leader", "sync", "status")
        conditions = [f'mod("{self.prefix}{key}") = "{read[key].modified}"' for key in compared]
        orders = [f"del {self.prefix}leader"]
        if way == "whole":
            orders.append(f"put {self.prefix}sync '{read['sync'].data}'")
        lines = [*conditions, "", *orders, "", "", ""]
        return self.site.etcdctl("txn", stdin="\n".join(lines)).startswith("SUCCESS")

    @contextmanager
    def signs_of_life(self) -> Iterator["subprocess.Popen[str]"]:
        """A process that prints a line PUT as soon as the leader has shown itself."""
        words = self.site.etcdctl_words("watch", f"{self.prefix}status")
        watching = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        try:
            yield watching
        finally:
            watching.kill()
            watching.wait()


@contextmanager
def apart_from_postgresql(machine: Machine) -> Iterator[Path]:
    """The control group of the machine's Patroni alone, which can be frozen."""
    unit = machine.unit(PATRONI_UNIT)
    own = unit / "bench-paused"
    own.mkdir()
    patroni = machine.patroni()
    try:
        for number in patroni:
            (own / "cgroup.procs").write_text(str(number))
        yield own
    finally:
        (own / "cgroup.freeze").write_text("0")
        for left in (own / "cgroup.procs").read_text().split():
            (unit / "cgroup.procs").write_text(left)
        own.rmdir()


class Bench:
    def __init__(self, site: Site, history: History) -> None:
        self.site, self.history, self.keys = site, history, Keys(site)

    def round(self, number: int, way: str, load: Load, copies: Copies) -> bool:
        """Whether the moment was met: `/sync` still named the secondary when Patroni stood still,
        and no longer did, or was written anew, once it was awake."""
        primary, secondary = self.site.whole(WHOLE_WITHIN_S)
        time.sleep(3.0)
        other = secondary.address
        self.history.say("fault", id=number, kind=f"paused-{way}", machine=primary.name)
        self.site.lose(primary, (f"out ip daddr {other}", f"in ip saddr {other}"))
        try:
            met = self.stand_still(way, primary)
            time.sleep(AFTERWARDS_S)
        finally:
            self.site.lose_nothing(primary)
        self.history.say("mended", id=number)
        time.sleep(1.0)
        copies.wait(WHOLE_WITHIN_S, settled_s=1.5)
        load.read(str(number))
        return met

    def stand_still(self, way: str, primary: Machine) -> bool:
        end = time.monotonic() + WITHIN_S
        time.sleep(SEPARATE_S)
        with apart_from_postgresql(primary) as group, self.keys.signs_of_life() as watching:
            assert watching.stdout is not None
            for line in watching.stdout:
                if line.strip() != "PUT":
                    if time.monotonic() > end:
                        return False
                    continue
                (group / "cgroup.freeze").write_text("1")
                frozen = time.monotonic()
                read = self.keys.read()
                if json.loads(read["sync"].data)["sync_standby"] is None:
                    (group / "cgroup.freeze").write_text("0")
                    return False
                if waits_for_nobody(primary):
                    break
                (group / "cgroup.freeze").write_text("0")
            time.sleep(max(0.0, frozen + REMOVED_AFTER_S - time.monotonic()))
            removed = self.keys.remove(way, read)
            time.sleep(AWAKE_AFTER_S)
            (group / "cgroup.freeze").write_text("0")
        return removed


def waits_for_nobody(primary: Machine) -> bool:
    """Whether the secondary's receiver is gone from the primary, though commits wait for it."""
    names = [words for _, words in primary.processes(PATRONI_UNIT)]
    return not any("walsender" in words and "streaming" in words for words in names)


def told(words: str) -> None:
    print(words, flush=True)


def judged(path: Path) -> Any:
    checker = ROOT / "bench" / "campaign" / "checker.py"
    words = [sys.executable, str(checker), str(path), "--json"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return json.loads(done.stdout)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="bin/bench paused",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    own = OwnSite(name=NAME)
    with tempfile.TemporaryDirectory(prefix="standfast-bench-") as folder:
        path = Path(folder) / "history.jsonl"
        try:
            tried(site_of(own.bring_up()), path, asked.rounds)
        finally:
            own.take_away()
        (found,) = judged(path)["histories"]
    for each in found["faults"]:
        lost, both = len(each["lost"]), len(each["two_primaries"])
        told(f"{each['kind']:14} {lost:4d} acknowledged writes lost, {both:4d} beside the primary")
    whole = [each for each in found["faults"] if each["kind"] == "paused-whole"]
    return 0 if all(not each["lost"] and not each["two_primaries"] for each in whole) else 1


def tried(site: Site, path: Path, rounds: int) -> None:
    history = History(path, site=site.file.stem, seed=0, settings="paused", kinds=list(WAYS))
    bench = Bench(site, history)
    for monitor in site.having("monitor"):
        site.standfast_on(monitor, "systemctl stop standfast-monitor.service")
    site.whole(WHOLE_WITHIN_S)
    load, copies = Load(site, history, rate=RATE), Copies(site, history)
    try:
        while load.acknowledged < RATE:
            time.sleep(0.1)
        number = 0
        for way in WAYS:
            met = 0
            for _ in range(TRIES * rounds):
                hit = bench.round(number, way, load, copies)
                told(f"{number:3d} {way:6} {'the moment was met' if hit else 'missed'}")
                number, met = number + 1, met + hit
                if met == rounds:
                    break
    finally:
        copies.end()
        load.end()
        history.close()


if __name__ == "__main__":
    sys.exit(main())
