"""The evidence log at a size that a site of thirty promises reaches after years.

    bin/bench evidence [--entries N]

Writes a log into a temporary folder and reads it as a customer does: no machines, no network. The
bare signature check beside ours is the `cryptography` library's: over the same signatures, by as
many processes, in turns with ours. That comparison is by the clock and by the processor, of which
other work on the computer does not prolong the second; the page's times are of the processor.
Memory is what all processes together have to themselves or share (PSS).
"""

import argparse
import os
import pickle
import re
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from threading import Event, Thread
from typing import TypeVar

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: E402
from tests.unit.written import WrittenLog  # noqa: E402

from standfast.evidence.envelope import PAYLOAD_TYPE, leaf, pae  # noqa: E402
from standfast.evidence.inspection import Fetched, inspect  # noqa: E402
from standfast.evidence.note import parse_vkey, vkey  # noqa: E402
from standfast.evidence.read import Record, read_checkpoint, read_log  # noqa: E402
from standfast.evidence.signing import Ed25519Signer  # noqa: E402
from standfast.evidence.state import derive, doubted  # noqa: E402
from standfast.evidence.statement import (  # noqa: E402
    AnyPredicate,
    Calibration,
    EnrolledNotice,
    EnrolledSigner,
    Proof,
    Run,
    Slot,
    Statement,
    TextNotice,
)
from standfast.evidence.tiles import CHECKPOINT, Tile, bundles, contents, hash_tiles  # noqa: E402
from standfast.evidence.transport import FolderTransport  # noqa: E402
from standfast.pages.trust.render import pages  # noqa: E402
from standfast.promises.catalog import CATALOG  # noqa: E402
from standfast.promises.judge import judge  # noqa: E402
from standfast.promises.model import Grade, Part, Promise, State  # noqa: E402

ENTRIES = 100_000
ROUNDS = 5
BATCH = 256
"""As many as a draft holds."""

ORIGIN = "bench.example.test/trust/log"
LOG_KEY = Ed25519Signer.from_seed(ORIGIN, bytes(32))
VANTAGE = Ed25519Signer.from_seed("vantage", bytes([1] * 32))
SITE = "bench"
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)

Result = TypeVar("Result")
Check = tuple[bytes, bytes, bytes]
"""Public key, signature, and what was signed."""


def told(count: int, now: datetime) -> Iterator[AnyPredicate]:
    """About so many: who may sign, then every day for each part of each promise a slot and the
    proof in it, and every week a calibration. The last day is today, and all is kept."""
    parts = [(promise, part) for promise in CATALOG for part in promise.parts]
    days = 7 * count // (15 * len(parts))
    index = 1
    yield EnrolledNotice(
        text="The vantage measures.",
        at=now - DAY * (days + 1),
        signers=(EnrolledSigner(name=VANTAGE.name, key=vkey(VANTAGE)),),
    )
    for ago in reversed(range(days)):
        begins = now - DAY * ago - 5 * MINUTE * (len(parts) + 1)
        for number, (promise, part) in enumerate(parts):
            moment = begins + timedelta(minutes=5 * number)
            yield Slot(
                promise=promise.id,
                drill=part.drill,
                statement=promise.statement,
                objective=dict(part.objective),
                default_objective=dict(part.objective),
                proof=part.proof,
                starts_at=moment,
                until=moment + promise.period,
                calibrated_within_s=promise.calibrated_within.total_seconds(),
                period_s=promise.period.total_seconds(),
            )
            yield Proof(slot=index, **dict(run(promise, part, moment, fails=False)))
            index += 2
            if ago % 7 == 0:
                yield Calibration(
                    promise=promise.id,
                    fault=part.fault,
                    fault_words=part.fault_words,
                    planted_at=moment,
                    removed_at=moment + MINUTE,
                    red=run(promise, part, moment, fails=True),
                    green=run(promise, part, moment + MINUTE, fails=False),
                )
                index += 1


def run(promise: Promise, part: Part, began: datetime, *, fails: bool) -> Run:
    measured = {name: limit + 1 if fails else limit / 2 for name, limit in part.objective.items()}
    return Run(
        promise=promise.id,
        drill=part.drill,
        outcome=judge(part.objective, measured),
        grade=Grade.REHEARSED,
        stand_ins=("edge-1, monitor-1, web-1, web-2 share one kernel",),
        objective=dict(part.objective),
        measured=measured,
        started_at=began,
        ended_at=began + MINUTE,
        run=f"{part.drill}-{began:%Y%m%d}",
        story=(
            "Power cut of web-1 at 100 requests/s.",
            "3,000 asked, 0 failed; each of 912 changes found exactly once.",
            "web-1 powered on and serving again after 2.1 s.",
        ),
        seen={"target": "web-1", "at": began.isoformat()},
    )


def signed(predicate: AnyPredicate) -> tuple[bytes, Check]:
    """A leaf, and what the bare library needs to check its signature."""
    signer = VANTAGE if isinstance(predicate, Proof | Calibration) else LOG_KEY
    data = pae(PAYLOAD_TYPE, Statement(site=SITE, predicate=predicate).payload())
    return leaf(SITE, predicate, signer), (signer.public_key, signer.sign(data), data)


def bare(checks: Sequence[Check]) -> None:
    """Signatures alone, as the library checks them."""
    for key, signature, data in checks:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, data)


def timed(what: Callable[[], Result]) -> tuple[Result, float, float]:
    """The result, the time by the clock, and by the processor."""
    began, used = time.monotonic(), time.process_time()
    result = what()
    return result, time.monotonic() - began, time.process_time() - used


def fetched(folder: Path, size: int) -> Fetched:
    def read(tile: Tile) -> tuple[bytes, ...]:
        return contents(tile, (folder / tile.path).read_bytes())

    return Fetched(
        bundles={tile: read(tile) for tile in bundles(size)},
        tiles={tile: read(tile) for tile in hash_tiles(size)},
    )


def apart(what: Callable[..., Result], *arguments: object) -> Result:
    """In a process of its own, so that its memory is its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(what, *arguments).result()


def on_all_cores(checks: Sequence[Check]) -> None:
    cores = os.cpu_count() or 1
    processes = [
        get_context("fork").Process(target=bare, args=(checks[at::cores],)) for at in range(cores)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()


def processor_s() -> float:
    """Of this process and of those that it started and that have ended."""
    own, others = (resource.getrusage(each) for each in (OWN, OTHERS))
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


OWN, OTHERS = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN


def took(what: Callable[[], object]) -> tuple[float, float]:
    """By the clock and by the processors, all together."""
    began, used = time.monotonic(), processor_s()
    what()
    return time.monotonic() - began, processor_s() - used


def read(folder: Path, before: Record | None = None, *, again: bool = False) -> Record:
    log = FolderTransport(folder)
    record = read_log(log, vkey(LOG_KEY), before=before, again=again)
    assert not record.complaints, record.complaints[:3]
    return record


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One round: seconds by the clock and by the processors."""

    bare: tuple[float, float]
    ours: tuple[float, float]


def bare_round(kept: Path) -> tuple[float, float]:
    checks = pickle.loads(kept.read_bytes())
    return took(partial(on_all_cores, checks))


def our_round(folder: Path) -> tuple[float, float]:
    return took(partial(read, folder))


def compared(folder: Path, checks: Sequence[Check]) -> list[Compared]:
    """In turns, each in a process of its own, which holds nothing else."""
    kept = folder / "checks"
    kept.write_bytes(pickle.dumps(checks))
    return [
        Compared(bare=apart(bare_round, kept), ours=apart(our_round, folder)) for _ in range(ROUNDS)
    ]


def most_memory(folder: Path) -> float:
    """In MB, while the log is read, of all processes together."""
    most, over = 0.0, Event()

    def look() -> None:
        nonlocal most
        while not over.wait(0.1):
            most = max(most, memory())

    watch = Thread(target=look)
    watch.start()
    read(folder)
    over.set()
    watch.join()
    return most


def memory() -> float:
    me = os.getpid()
    children = Path(f"/proc/{me}/task/{me}/children").read_text().split()
    return sum(map(share, [str(me), *children]))


def share(process: str) -> float:
    """Its proportional set size in MB (proc(5)); nothing if it has just ended."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(float(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1000


def page(record: Record, now: datetime) -> tuple[int, int]:
    """Its size, and that without the plots. All that was told is kept, or something else was
    measured than was meant."""
    states = doubted(derive(record.entries, now=now), record.complaints)
    assert {each.state for each in states} == {State.KEPT}, [each.reason for each in states]
    files = pages(
        record,
        states,
        site=SITE,
        service="bench",
        log_url=f"https://{ORIGIN}/",
        vkey=vkey(LOG_KEY),
        now=now,
    )
    whole = files["index.html"]
    return len(whole), len(HISTORY.sub(b"", whole))


HISTORY = re.compile(b'<tr><td colspan="4"><figure>.*?</figure></td></tr>\n', re.DOTALL)
"""A plot of 90 days, and the words below it."""


def shown(folder: Path, now: datetime) -> tuple[float, float, tuple[int, int]]:
    """The page of a record that was read; then one entry more is logged, and what the keeper does
    is done: read what is new, and make the page. By the processor."""
    record = read(folder, again=True)
    size, _, whole_s = timed(lambda: page(record, now))
    said = TextNotice(text="One entry more.", at=now)
    WrittenLog(folder, LOG_KEY).append([leaf(SITE, said, LOG_KEY)])
    _, _, again_s = timed(lambda: page(read(folder, record, again=True), now))
    return whole_s, again_s, size


def clocks(rounds: Sequence[Compared]) -> list[float]:
    return [each.ours[0] for each in rounds]


def append(log: WrittenLog, leaves: Sequence[bytes]) -> None:
    for at in range(0, len(leaves), BATCH):
        log.append(leaves[at : at + BATCH])


def row(what: str, result: str, goal: str) -> None:
    print(f"| {what} | {result} | {goal} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/bench evidence", description=__doc__)
    parser.add_argument("--entries", type=int, default=ENTRIES)
    now = datetime.now(UTC).replace(microsecond=0)
    made = [signed(each) for each in told(parser.parse_args().entries, now)]
    leaves, checks, count = [each[0] for each in made], [each[1] for each in made], len(made)
    del made
    print(f"{count:,} entries, {sum(map(len, leaves)) / 1e6:.0f} MB", flush=True)
    with tempfile.TemporaryDirectory(prefix="standfast-bench-") as name:
        folder = Path(name)
        log = WrittenLog(folder, LOG_KEY)
        _, took_s, _ = timed(partial(append, log, leaves))
        row("appended, in batches", f"{count / took_s:,.0f}/s", "≥ 1,000/s")
        del leaves
        checkpoint = read_checkpoint((folder / CHECKPOINT).read_bytes(), parse_vkey(vkey(LOG_KEY)))
        found, took_s, _ = timed(partial(inspect, checkpoint, fetched(folder, checkpoint.size)))
        assert not found.complaints, found.complaints
        row("tree checked", f"{count / took_s:,.0f}/s", "≥ 50,000/s")
        del found
        rounds = compared(folder, checks)
        del checks
        row("verified with every signature", f"{count / median(clocks(rounds)):,.0f}/s", "")
        for name, at in (("by the clock", 0), ("by the processors", 1)):
            ratios = [each.bare[at] / each.ours[at] for each in rounds]
            said = f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
            row(f"beside the bare library on all cores, {name}", said, "≥ 0.8")
        row("most memory while verifying", f"{apart(most_memory, folder):.0f} MB", "≤ 200 MB")
        whole_s, again_s, (size, bare_size) = apart(shown, folder, now)
        row("page made", f"{whole_s:.2f} s", "≤ 5 s")
        row("page made again after an entry more", f"{again_s:.2f} s", "≤ 0.5 s")
        row("page without plots of 90 days", f"{bare_size / 1000:.0f} kB", "≤ 100 kB")
        row("page with them", f"{size / 1000:.0f} kB", "")


if __name__ == "__main__":
    main()
