"""What machines made here need, and what this computer has. Standard library only."""

import os
import re
from pathlib import Path

MEMORY_PER_MACHINE_BYTES = 120_000_000
"""Five machines under load were seen to use under 500 MB together."""

DISK_PER_MACHINE_BYTES = 200_000_000
IMAGE_BYTES = 1_000_000_000


def memory_free_bytes() -> int:
    """What could be used without swapping (proc(5), MemAvailable)."""
    found = re.search(r"^MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text(), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def processors() -> int:
    return len(os.sched_getaffinity(0))
