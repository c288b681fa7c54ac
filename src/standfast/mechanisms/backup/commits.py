"""When the last commit in a segment of WAL was made, read by pg_waldump(1). Pure.

rmgr: Transaction len (rec/tot): 34/ 34, tx: 742, lsn: 0/0E000ED0, … desc: COMMIT 2026-11-29 …
"""

import re
from datetime import UTC, datetime
from pathlib import Path

from standfast.core.command import Command

COMMIT = re.compile(
    r"desc: COMMIT(?:_PREPARED)?\b[^;\n]*?(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}) UTC"
)


def listing(programs: Path, segment: Path) -> Command:
    """Ends with status 1 where the last record goes on in the next segment."""
    return Command(
        argv=(str(programs / "pg_waldump"), "--rmgr=Transaction", str(segment)),
        environment={"TZ": "UTC"},
    )


def newest(printed: str) -> datetime | None:
    times = COMMIT.findall(printed)
    return max((datetime.fromisoformat(each).replace(tzinfo=UTC) for each in times), default=None)
