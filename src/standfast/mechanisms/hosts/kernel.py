"""Read what tells one kernel from another (promises/grade.py says why). Standard library only."""

import json
import re
import time
from pathlib import Path


def sample(stat: str, *, boot_offset_s: float) -> dict[str, float]:
    """From /proc/stat (proc(5))."""
    found = dict(re.findall(r"^(ctxt|processes) (\d+)$", stat, re.MULTILINE))
    return {
        "boot_offset_s": boot_offset_s,
        "forks": int(found["processes"]),
        "context_switches": int(found["ctxt"]),
    }


def read() -> dict[str, float]:
    offset = time.clock_gettime(time.CLOCK_REALTIME) - time.clock_gettime(time.CLOCK_BOOTTIME)
    return sample(Path("/proc/stat").read_text(), boot_offset_s=offset)


if __name__ == "__main__":
    print(json.dumps(read()))
