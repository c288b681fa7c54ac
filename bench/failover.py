"""The failover campaign: seeded faults under a write load, judged by an independent checker.

    bin/bench failover [--faults N] [--seed S] [--resume] [--kinds A,B] [--minutes M]
    bin/bench failover --side-by-side [--faults N]

It brings up a site of its own, whose databases have disks of their own, and injects one fault after
the other while a client on a web machine writes through the listener; the history of what the
client saw is kept (docs/failover-history.md), and bench/campaign/checker.py derives every figure
from it. With `--resume` a seed goes on where it stopped, and the table counts all of it. With
`--ledger` what came of each fault is added to bench/ledger, from which another computer goes on;
`--table` shows what stands there.

Monitors take a claim away once a minute, and a canary gives a machine up once in ten. Between two
faults, when the pair is whole again, the campaign lets them forget the last time, as if it were as
long ago.

`--side-by-side`: the same power cuts on the same machines, with monitors that take a dead primary's
claim away, with Patroni's tightest settings, and with Patroni's defaults.

`--file FILE` attacks a site that is up already and is nobody's.
"""

import argparse
import gzip
import os
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from campaign.checker import checked, said, status
from campaign.faults import ACTS, scene
from campaign.kinds import HOST, KINDS, Planned, planned
from campaign.ledger import file_of, programs, summary, write_down, written_down
from campaign.own_site import OwnSite
from campaign.record import Copies, History, Load
from campaign.site import Site, site_of

CACHE = Path(os.environ.get("STANDFAST_CACHE", "/var/cache/standfast"))

WHOLE_WITHIN_S = 150.0
SETTLED_S = 1.5
AFTERWARDS_S = 1.0

DEFAULTS: Mapping[str, Any] = {
    "ttl": 30,
    "loop_wait": 10,
    "retry_timeout": 10,
    "primary_start_timeout": 300,
    "primary_stop_timeout": 0,
    "maximum_lag_on_failover": 1048576,
}
"""Patroni's own, but for synchronous mode, without which writes would be lost."""

OURS: Mapping[str, Any] = {
    "ttl": 20,
    "loop_wait": 1,
    "retry_timeout": 3,
    "primary_start_timeout": 0,
    "primary_stop_timeout": 5,
    "maximum_lag_on_failover": 16 * 1024**3,
}
SETTINGS: Mapping[str, Mapping[str, Any]] = {"fast": OURS, "tightest": OURS, "defaults": DEFAULTS}
HOLD_S = {"fast": 0.0, "tightest": 30.0, "defaults": 50.0}
"""The machine stays away for longer than anybody needs to act."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bin/bench failover",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--faults", type=int, default=len(KINDS))
    parser.add_argument("--minutes", type=float, help="inject no more after so many minutes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", default=",".join(KINDS), help="of these alone")
    parser.add_argument("--rate", type=float, default=50.0, help="writes a second")
    parser.add_argument("--resume", action="store_true", help="go on where this seed stopped")
    parser.add_argument("--ledger", action="store_true", help="write down what came of each fault")
    parser.add_argument("--table", action="store_true", help="show what is written down, and end")
    parser.add_argument("--side-by-side", action="store_true")
    parser.add_argument("--name", default="bench-failover", help="of its own site")
    parser.add_argument("--file", type=Path, help="a site that is up")
    parser.add_argument("--keep", action="store_true", help="leave the site up at the end")
    parser.add_argument("--folder", type=Path, default=CACHE / "failover", help="of histories")
    asked = parser.parse_args()
    asked.kinds = asked.kinds.split(",")
    if unknown := sorted({*asked.kinds} - {*KINDS}):
        parser.error(f"no such kind: {', '.join(unknown)}; there are {', '.join(KINDS)}")
    if asked.side_by_side:
        asked.kinds = list(HOST)
    return asked


class Campaign:
    def __init__(self, site: Site, asked: argparse.Namespace) -> None:
        self.site, self.asked = site, asked
        self.stopping = False

    def stop(self, *_: object) -> None:
        told("stopping after what is under way")
        self.stopping = True

    def histories(self, settings: str) -> list[Path]:
        seed = self.asked.seed
        return sorted(self.asked.folder.glob(f"{settings}-{seed}-*.jsonl*"))

    def run(self) -> None:
        ends = time.monotonic() + 60 * (self.asked.minutes or float("inf"))
        for settings in ("fast", "tightest", "defaults") if self.asked.side_by_side else ("fast",):
            self.use(settings)
            self.series(settings, ends)
            if self.stopping:
                break
        if self.asked.side_by_side:
            self.use("fast")

    def use(self, settings: str) -> None:
        word = "start" if settings == "fast" else "stop"
        for monitor in self.site.having("monitor"):
            self.site.standfast_on(monitor, f"systemctl {word} standfast-monitor.service")
        if self.asked.side_by_side:
            told(f"settings: {settings}")
            pair = self.site.whole(WHOLE_WITHIN_S)
            self.site.change(pair[0], SETTINGS[settings])
            time.sleep(12)

    def series(self, settings: str, ends: float) -> None:
        before = self.histories(settings)
        if before and not self.asked.resume:
            raise SystemExit(
                f"{self.asked.folder} has histories of seed {self.asked.seed}: --resume goes on "
                "with them, another --seed or --folder begins anew"
            )
        known = written_down(file_of(settings, self.asked.seed)) if self.asked.ledger else {}
        first = max(sum(faults_in(path) for path in before), max(known, default=-1) + 1)
        self.asked.folder.mkdir(parents=True, exist_ok=True)
        path = self.asked.folder / f"{settings}-{self.asked.seed}-{first:05d}.jsonl"
        self.site.whole(WHOLE_WITHIN_S)
        history = History(
            path,
            site=self.site.file.stem,
            seed=self.asked.seed,
            settings=settings,
            kinds=self.asked.kinds,
        )
        load = Load(self.site, history, rate=self.asked.rate)
        copies = Copies(self.site, history)
        try:
            while load.acknowledged < 50:
                if load.process.poll() is not None:
                    raise SystemExit("the load has ended")
                time.sleep(0.1)
            for number in range(first, first + self.asked.faults):
                if self.stopping or time.monotonic() > ends:
                    break
                plan = planned(self.asked.seed, number, self.asked.kinds)
                if not self.one(plan, settings, history, load, copies):
                    told("two copies did not come back: look at the site, which is left up")
                    self.asked.keep = self.stopping = True
        finally:
            copies.end()
            load.end()
            history.close()
            compressed(path)

    def one(
        self, plan: Planned, settings: str, history: History, load: Load, copies: Copies
    ) -> bool:
        kind = KINDS[plan.kind]
        time.sleep(plan.calm_s)
        primary, secondary = self.site.whole(WHOLE_WITHIN_S)
        self.site.forget_removals()
        if kind.sickens:
            self.site.forget_sickness(primary)
            time.sleep(SETTLED_S)
        at = scene(self.site, primary, secondary, plan)
        began = time.monotonic()
        with ExitStack() as undo:
            line = {"id": plan.number, "kind": plan.kind, "machine": primary.name}
            history.say("fault", **line)
            struck = ACTS[plan.kind](at, undo)
            history.say("note", fault=plan.number, struck=struck, etcd_leader=at.etcd_leader.name)
            time.sleep(max(kind.hold_s, HOLD_S[settings]))
        history.say("mended", id=plan.number)
        time.sleep(AFTERWARDS_S)
        back = copies.wait(WHOLE_WITHIN_S, settled_s=SETTLED_S)
        read = load.read(str(plan.number))
        took = time.monotonic() - began
        told(
            f"{plan.number:5d} {plan.kind:28} {struck:16} {took:5.0f} s{'' if read else ' unread'}"
        )
        return back


def faults_in(path: Path) -> int:
    with opened(path) as lines:
        return sum(line.startswith('{"type":"fault"') for line in lines)


def opened(path: Path) -> Any:
    return gzip.open(path, "rt") if path.suffix == ".gz" else path.open()


def compressed(path: Path) -> None:
    with path.open("rb") as plain, gzip.open(f"{path}.gz", "wb", 6) as packed:
        shutil.copyfileobj(plain, packed)
    path.unlink()


def told(words: str) -> None:
    print(words, flush=True)


def judged(asked: argparse.Namespace) -> int:
    """The worst of the checker's verdicts."""
    worst = 0
    for settings in SETTINGS:
        files = sorted(asked.folder.glob(f"{settings}-{asked.seed}-*.jsonl.gz"))
        if files:
            told(f"\nseed {asked.seed}, settings {settings}")
            histories = [checked(path) for path in files]
            told("\n".join(said(histories)))
            worst = max(worst, status(histories))
            if asked.ledger:
                path = file_of(settings, asked.seed)
                told(f"{write_down(path, histories, programs())} faults added to {path.name}")
    return worst


def main() -> int:
    asked = arguments()
    if asked.table:
        told("\n".join(summary()))
        return 0
    own = OwnSite(name=asked.name)
    try:
        if asked.file is None:
            told("bringing up a site of its own")
        campaign = Campaign(site_of(asked.file or own.bring_up()), asked)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, campaign.stop)
        campaign.run()
    finally:
        if asked.file is None and not asked.keep:
            told("taking it away")
            own.take_away()
    return judged(asked)


if __name__ == "__main__":
    sys.exit(main())
