"""The entries that the page refers to: where each is, and what the page says of it."""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime

from standfast.evidence.entries import Entry, folded
from standfast.evidence.read import Record
from standfast.evidence.statement import Calibration, Proof, Run
from standfast.evidence.tiles import ENTRIES, WIDTH, Tile
from standfast.pages.trust.model import Told
from standfast.promises.model import Figures

LOG_FOLDER = "log/"
"""Where the log's tiles lie beside the page."""

CALIBRATED = "calibrated"


def told(record: Record, index: int | None) -> Told | None:
    entry = entry_at(record, index)
    if entry is None:
        return None
    match entry.statement.predicate:
        case Proof() as proof:
            outcome, at, figures = str(proof.outcome), proof.ended_at, of_objective(proof)
        case Calibration() as seen:
            outcome, at, figures = CALIBRATED, seen.removed_at, of_objective(seen.red)
        case _:
            return None
    return Told(
        index=entry.index,
        path=path_of(entry.index, record.checkpoint.size),
        signer=entry.signer,
        outcome=outcome,
        at=at,
        figures=figures,
    )


def of_objective(run: Run) -> Figures:
    return {key: value for key, value in run.measured.items() if key in run.objective}


def path_of(index: int, size: int) -> str:
    """Where the entry is, seen from the page."""
    return LOG_FOLDER + bundle(index, size).path


def bundle(index: int, size: int) -> Tile:
    """The file that holds an entry, as it is named while the log has this size."""
    number = index // WIDTH
    return Tile(level=ENTRIES, index=number, width=min(WIDTH, size - number * WIDTH))


def proof_at(record: Record, index: int | None) -> Proof | None:
    predicate = predicate_at(record, index)
    return predicate if isinstance(predicate, Proof) else None


def predicate_at(record: Record, index: int | None) -> object:
    entry = entry_at(record, index)
    return entry.statement.predicate if entry else None


def entry_at(record: Record, index: int | None) -> Entry | None:
    """Entries are in order, and those that could not be believed are left out of the record."""
    if index is None:
        return None
    place = bisect_left(record.entries, index, key=lambda entry: entry.index)
    found = record.entries[place : place + 1]
    return found[0] if found and found[0].index == index else None


def newest(record: Record) -> tuple[datetime | None, int | None]:
    """When the newest evidence was made, and the entry that holds it: what somebody announces or
    says is none."""
    return folded(record.entries, _newest) or (None, None)


def _newest(
    before: tuple[datetime, int] | None, entries: Sequence[Entry], since: int
) -> tuple[datetime, int] | None:
    made = [before] if before else []
    for entry in entries[since:]:
        match entry.statement.predicate:
            case Proof() as proof:
                made.append((proof.ended_at, entry.index))
            case Calibration() as seen:
                made.append((seen.removed_at, entry.index))
            case _:
                pass
    return max(made, default=None)
