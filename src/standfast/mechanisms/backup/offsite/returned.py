"""Start what came back from the store, without a network, and check it as a restore is checked.

    python3 -m standfast.mechanisms.backup.offsite.returned

Started as a unit without a network (standfast-offsite-check.service), which destroys it however
this ends. What it held when it was taken is said in it, table by table. Standard library only.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from standfast.core.command import SystemRunner
from standfast.core.errors import CannotVerify
from standfast.core.files import write_atomically
from standfast.mechanisms.backup.digests import as_json, of_all
from standfast.mechanisms.backup.offsite.orders import Note, Return
from standfast.mechanisms.backup.offsite.places import (
    INSIDE,
    NOTE,
    ORDER,
    PASSED,
    RETURN_REPORT,
    RETURNED,
)
from standfast.mechanisms.backup.orders import Order
from standfast.mechanisms.backup.pgbackrest.machine import PgBackRest
from standfast.mechanisms.backup.restore import WHOLE, Restore, here

ALIKE = "every table as it was taken"

Tables = Mapping[str, list[int | str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned(Restore):
    """It was shut down in good order after all of its WAL had been replayed, so nothing is replayed
    again: its own log of writes has to have reached the position by now."""

    asked: Return
    note: Note

    def _restored(self) -> str:
        if self.note.run != self.asked.run:
            raise CannotVerify("nothing was fetched for this run")
        if self.note.problem:
            raise CannotVerify(self.note.problem)
        if not (self.scratch.data / "PG_VERSION").is_file():
            raise CannotVerify("what came back is no database")
        self.report.copy, self.report.finished_at = self.asked.copy, self.asked.taken_at
        self.scratch.socket.mkdir(mode=0o700)
        point_inside(self.scratch.data / "pg_tblspc", Path(PASSED), self.scratch.folder)
        return WHOLE

    def _replayed(self) -> str:
        return self.scratch.query("postgres", "SELECT pg_current_wal_lsn();\n").strip()

    def _rows(self) -> str:
        self.report.tables = as_json(of_all(self.scratch.query))
        self._check("compared", ALIKE, self._compared)
        return "every row can be read"

    def _compared(self) -> str:
        said = json.loads((self.scratch.folder / INSIDE).read_bytes())
        return compared(self.report.tables, said["tables"])


def compared(found: Tables, taken: Tables) -> str:
    names = found.keys() | taken.keys()
    wrong = sorted(name for name in names if found.get(name) != taken.get(name))
    if wrong:
        return f"{len(wrong)} of {len(names)} tables are not: {', '.join(wrong)}"
    return ALIKE


def point_inside(links: Path, before: Path, now: Path) -> None:
    """Tablespaces lie beside the data, wherever it is put. Raises `CannotVerify` where one does
    not."""
    for link in links.iterdir():
        if not link.is_symlink() or not link.readlink().is_relative_to(before):
            raise CannotVerify(f"the tablespace {link.name} does not lie beside the data")
        inside = link.readlink().relative_to(before)
        link.unlink()
        link.symlink_to(now / inside)


def main() -> int:
    asked = Return.from_json(Path(ORDER).read_bytes())
    note = Note.from_json(Path(NOTE).read_bytes())
    order = Order(run=asked.run, identifier=asked.identifier, reach=asked.reach)
    plain = here(order, PgBackRest(runner=SystemRunner()), Path(RETURNED))
    report = plain.report
    check = Returned(
        engine=plain.engine,
        scratch=plain.scratch,
        clock=plain.clock,
        order=order,
        report=report,
        asked=asked,
        note=note,
    )
    Path(RETURN_REPORT).unlink(missing_ok=True)
    check.run()
    if report.restore_s is not None:
        report.restore_s = round(report.restore_s + note.seconds, 1)
    report.seconds["fetched"] = note.seconds
    write_atomically(Path(RETURN_REPORT), report.to_json(), mode=0o640)
    return 0


if __name__ == "__main__":
    sys.exit(main())
