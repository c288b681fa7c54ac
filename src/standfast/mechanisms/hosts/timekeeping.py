"""Whether this machine's clock is right, by the kernel's own word. Standard library only.

Whoever keeps the clock (chrony, or another) tells the kernel, which says since when it has heard
nothing: so this is a look at the clock and not at a unit. A machine that shares its kernel and may
not set the clock has the clock of the computer under it, and says so.
"""

import ctypes
import re
import struct
from collections.abc import Mapping
from pathlib import Path

CAP_SYS_TIME = 25
"""capabilities(7), as linux/capability.h numbers it."""

STA_UNSYNC = 0x0040
TIMEX = "@Illlli"
"""struct timex of adjtimex(2) begins: modes, offset, freq, maxerror, esterror, status."""
TIMEX_BYTES = 256
"""More than the whole structure takes (208 on 64 bits)."""


def read() -> Mapping[str, bool | float]:
    """`error_s`: how far off the clock can be at most, as far as the kernel was told."""
    structure = ctypes.create_string_buffer(TIMEX_BYTES)
    asked = ctypes.CDLL(None, use_errno=True).adjtimex(structure)
    return {
        "settable": settable(Path("/proc/1/status").read_text()),
        **(heard(structure.raw) if asked >= 0 else {"synchronized": False}),
    }


def heard(timex: bytes) -> Mapping[str, bool | float]:
    _, _, _, error_us, _, status = struct.unpack_from(TIMEX, timex)
    return {"synchronized": not status & STA_UNSYNC, "error_s": round(error_us / 1e6, 6)}


def settable(status: str) -> bool:
    """From /proc/1/status (proc(5)): what the machine's process 1 may not do, nothing may."""
    found = re.search(r"^CapBnd:\s*([0-9a-f]+)$", status, re.MULTILINE)
    return bool(found and int(found[1], 16) >> CAP_SYS_TIME & 1)
