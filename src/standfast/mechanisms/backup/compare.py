"""Compare what was restored with the primary, which went on writing meanwhile. Pure.

The primary is read before the newest WAL that a restore must replay, and again after it: a table
that was the same both times had those rows at the restored moment too, so the copy must have
exactly them. A table that was written to has no one right content, but it must be there.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from standfast.mechanisms.backup.digests import Digest

Tables = Mapping[str, Digest]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Names of tables. `exact` were compared row for row, `written` only looked for; `wrong` are
    those that differ or are not there."""

    exact: tuple[str, ...]
    written: tuple[str, ...]
    wrong: tuple[str, ...]

    @property
    def found(self) -> str:
        if not self.wrong:
            return f"{len(self.exact)} tables alike, {len(self.written)} being written to"
        return f"{len(self.wrong)} are not: {', '.join(self.wrong)}"


def compare(*, before: Tables, restored: Tables, after: Tables) -> Compared:
    both = sorted(before.keys() & after.keys())
    exact = tuple(name for name in both if before[name] == after[name])
    written = tuple(name for name in both if before[name] != after[name])
    return Compared(
        exact=exact,
        written=written,
        wrong=(
            *(name for name in exact if restored.get(name) != before[name]),
            *(name for name in written if is_gone(name, before, restored, after)),
        ),
    )


def is_gone(name: str, before: Tables, restored: Tables, after: Tables) -> bool:
    """Not there, or without a row though there were some before and after."""
    if name not in restored:
        return True
    return restored[name].rows == 0 and before[name].rows > 0 and after[name].rows > 0
