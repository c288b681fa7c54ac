"""The evidence log at a size that a site of thirty promises reaches after years.

    bin/bench evidence [--entries N]

Writes a log into a temporary folder and reads it as a customer does: no machines, no network. The
bare signature check beside ours is the `cryptography` library's, over the same signatures, on all
cores at once.
"""

import argparse
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: E402
from tests.unit.written import WrittenLog  # noqa: E402

from standfast.evidence.envelope import PAYLOAD_TYPE, leaf, pae  # noqa: E402
from standfast.evidence.inspection import Fetched, inspect  # noqa: E402
from standfast.evidence.note import parse_vkey, vkey  # noqa: E402
from standfast.evidence.read import read_checkpoint, read_log  # noqa: E402
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
)
from standfast.evidence.tiles import CHECKPOINT, bundles, contents, hash_tiles  # noqa: E402
from standfast.evidence.transport import FolderTransport  # noqa: E402
from standfast.pages.trust.render import pages  # noqa: E402
from standfast.promises.catalog import CATALOG  # noqa: E402
from standfast.promises.judge import judge  # noqa: E402
from standfast.promises.model import Grade, Part, Promise, State  # noqa: E402

ENTRIES = 100_000
BATCH = 256
"""As many as a draft holds."""

ORIGIN = "bench.example.test/trust/log"
LOG_KEY = Ed25519Signer.from_seed(ORIGIN, bytes(32))
VANTAGE = Ed25519Signer.from_seed("vantage", bytes([1] * 32))
SITE = "bench"
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)

Result = TypeVar("Result")


def told(count: int, now: datetime) -> Iterator[AnyPredicate]:
    """About so many: who may sign, then every day for each part of each promise a slot and the proof in it, and
    every week a calibration. The last day is today, and all is kept."""
    parts = [(promise, part) for promise in CATALOG for part in promise.parts]
    days = 7 * count // (15 * len(parts))
    index = 1
    yield EnrolledNotice(
        text="The vantage measures.",
        at=now - DAY * (days + 1),
        signers=(EnrolledSigner(name=VANTAGE.name, key=vkey(VANTAGE)),),
    )
    for ago in reversed(range(days)):
        begins = now - DAY * ago - HOUR
        for number, (promise, part) in enumerate(parts):
            moment = begins + timedelta(minutes=5 * number)
            yield Slot(
                promise=promise.id,
                drill=part.drill,
                statement=promise.statement,
                objective=part.objective,
                default_objective=part.objective,
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
        objective=part.objective,
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


def signed(predicate: AnyPredicate) -> tuple[bytes, bytes, bytes, bytes]:
    """A leaf, and what the bare library needs to check its signature."""
    signer = VANTAGE if isinstance(predicate, Proof | Calibration) else LOG_KEY
    data = pae(PAYLOAD_TYPE, Statement(site=SITE, predicate=predicate).payload())
    return leaf(SITE, predicate, signer), signer.public_key, signer.sign(data), data


def bare(chunk: Sequence[tuple[bytes, bytes, bytes]]) -> int:
    for key, signature, data in chunk:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, data)
    return len(chunk)


def timed(what: Callable[[], Result]) -> tuple[Result, float]:
    began = time.monotonic()
    return what(), time.monotonic() - began


def fetched(folder: Path, size: int) -> Fetched:
    def read(tile: object) -> tuple[bytes, ...]:
        return contents(tile, (folder / tile.path).read_bytes())

    return Fetched(
        bundles={tile: read(tile) for tile in bundles(size)},
        tiles={tile: read(tile) for tile in hash_tiles(size)},
    )


def apart(what: Callable[..., Result], *arguments: object) -> Result:
    """In a process of its own, so that its memory is its own."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(what, arguments)


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def verified(folder: Path) -> tuple[float, float]:
    """How long reading the log with every signature takes, and the most memory."""
    record, took_s = timed(lambda: read_log(FolderTransport(folder), vkey(LOG_KEY)))
    assert not record.complaints, record.complaints[:3]
    return took_s, peak_mb()


def shown(folder: Path, now: datetime) -> tuple[float, int]:
    record = read_log(FolderTransport(folder), vkey(LOG_KEY))

    def made() -> int:
        states = doubted(derive(record.entries, now=now), record.complaints)
        files = pages(
            record,
            states,
            site=SITE,
            service="bench",
            log_url=f"https://{ORIGIN}/",
            vkey=vkey(LOG_KEY),
            now=now,
        )
        return len(files["index.html"])

    size, took_s = timed(made)
    return took_s, size


def row(what: str, result: str, goal: str) -> None:
    print(f"| {what} | {result} | {goal} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/bench evidence", description=__doc__)
    parser.add_argument("--entries", type=int, default=ENTRIES)
    count = parser.parse_args().entries
    now = datetime.now(UTC).replace(microsecond=0)
    print(f"{count:,} entries", flush=True)
    made = [signed(each) for _, each in zip(range(count), told(count, now), strict=False)]
    leaves = [each[0] for each in made]
    with tempfile.TemporaryDirectory(prefix="standfast-bench-") as name:
        folder = Path(name)
        log = WrittenLog(folder, LOG_KEY)
        _, appending_s = timed(
            lambda: [log.append(leaves[at : at + BATCH]) for at in range(0, count, BATCH)]
        )
        row("appended, in batches", f"{count / appending_s:,.0f}/s", "≥ 1,000/s")
        checkpoint = read_checkpoint((folder / CHECKPOINT).read_bytes(), parse_vkey(vkey(LOG_KEY)))
        files = fetched(folder, checkpoint.size)
        inspected, tree_s = timed(lambda: inspect(checkpoint, files))
        assert not inspected.complaints, inspected.complaints
        row("tree checked", f"{count / tree_s:,.0f}/s", "≥ 50,000/s")
        del files, inspected
        cores = os.cpu_count() or 1
        checks = [each[1:] for each in made]
        chunks = [checks[at : at + 2000] for at in range(0, count, 2000)]
        with get_context("spawn").Pool(cores) as pool:
            pool.map(bare, [chunk[:1] for chunk in chunks[:cores]])
            _, bare_s = timed(lambda: pool.map(bare, chunks))
        verified_s, memory = apart(verified, folder)
        row(
            "verified with every signature",
            f"{count / verified_s:,.0f}/s, {bare_s / verified_s:.2f} of the bare library's "
            f"{count / bare_s:,.0f}/s on {cores} cores",
            "≥ 0.8",
        )
        row("most memory while verifying", f"{memory:.0f} MB", "≤ 200 MB")
        page_s, size = apart(shown, folder, now)
        row("page made", f"{page_s:.2f} s, {size / 1000:.0f} kB", "≤ 5 s, ≤ 100 kB")


if __name__ == "__main__":
    main()
