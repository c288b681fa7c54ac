"""Restore the newest copy for the next snapshot, and keep it if every check passes.

    python3 -m standfast.mechanisms.backup.offsite.restored

Started by a timer as a unit without a network (standfast-offsite-restore.service), whose success
starts the upload. What does not pass is destroyed here, and nothing goes off site of it. Standard
library only.
"""

import shutil
import sys
from pathlib import Path

from standfast.core.command import SystemRunner
from standfast.core.errors import CannotVerify, StandfastError
from standfast.core.files import write_atomically
from standfast.mechanisms.backup import wal
from standfast.mechanisms.backup.engine import Engine
from standfast.mechanisms.backup.offsite.places import INSIDE, PASSED, REPORT
from standfast.mechanisms.backup.orders import Order
from standfast.mechanisms.backup.pgbackrest.machine import PgBackRest
from standfast.mechanisms.backup.restore import Report, here

CHECKS = frozenset(
    {"restored", "identifier", "started", "replayed", "heartbeat", "rows", "structure", "pages"}
)
"""All that a restore makes by itself. One that was never made has not passed."""

RUN = "offsite"
"""There is one at a time, so it needs no name of its own."""


def order(engine: Engine) -> Order:
    """By this machine's own word: everything that its repository has of the WAL must be replayed,
    up to where the newest segment begins."""
    segments = engine.segments()
    if not segments:
        raise CannotVerify("there is no WAL in the repository, so nothing can be restored")
    newest = wal.number(max(segments))
    return Order(run=RUN, identifier=engine.identifier(), reach=wal.begin(newest))


def failed(report: Report) -> tuple[str, ...]:
    """What did not pass, in words; empty for a restore that counts."""
    passed = {each.name for each in report.checks if each.passed}
    found = {each.name: each.found for each in report.checks}
    return tuple(
        f"{name}: {found.get(name, 'not checked')}" for name in sorted(CHECKS) if name not in passed
    )


def main() -> int:
    folder = Path(PASSED)
    try:
        engine = PgBackRest(runner=SystemRunner())
        restore = here(order(engine), engine, folder)
        restore.run()
        report = restore.report
        wrong = failed(report)
        if wrong:
            raise CannotVerify(f"what was restored does not pass: {'; '.join(wrong)}")
        shutil.rmtree(restore.scratch.socket)
        (folder / "log").unlink()
        write_atomically(folder / INSIDE, report.to_json(), mode=0o640)
        write_atomically(Path(REPORT), report.to_json(), mode=0o640)
    except StandfastError as error:
        shutil.rmtree(folder, ignore_errors=True)
        print(error.words, file=sys.stderr)
        return error.exit_code
    print(f"restored {report.copy}, and every check passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
