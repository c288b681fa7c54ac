"""A large snapshot goes up in parts, so that one that is killed resumes. Pure.

restic writes down what it has uploaded when it is done, or after ten minutes: whatever a killed run
had uploaded until then is uploaded again (seen with 0.14), and to make its index anew takes the
right to delete indexes. So the files go up a part at a time, each a snapshot of its own that is
marked as a part, and then all of them together, of which the store has everything by then. Killed
at any moment, at most one part is uploaded twice. Retention takes the parts away (`keeping.py`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

PART_BYTES = 2 * 1024**3
"""Some minutes of upload. PostgreSQL's files have 1 GiB at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sized:
    path: Path
    bytes: int


def parts(files: Iterable[Sized], part_bytes: int = PART_BYTES) -> tuple[tuple[Path, ...], ...]:
    """All but the last, which is all: what fits into one part needs none beside it. In the order
    of their names, so that a second try cuts at the same places."""
    cut = tuple(cuts(sorted(files, key=lambda each: each.path), part_bytes))
    return cut if len(cut) > 1 else ()


def cuts(files: Iterable[Sized], part_bytes: int) -> Iterator[tuple[Path, ...]]:
    part: list[Path] = []
    filled = 0
    for file in files:
        if part and filled + file.bytes > part_bytes:
            yield tuple(part)
            part, filled = [], 0
        part.append(file.path)
        filled += file.bytes
    if part:
        yield tuple(part)


def listed(part: Iterable[Path]) -> bytes:
    """As restic's `--files-from-raw` reads it."""
    return b"".join(bytes(path) + b"\0" for path in part)
