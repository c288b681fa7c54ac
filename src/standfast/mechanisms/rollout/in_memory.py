"""Run our own program on a machine that has none of it yet, and leave no trace there.

The source travels on the standard input, ahead of what the program reads, into a file that exists
in memory alone (memfd_create(2)); Python imports from it as from any zip file. So `plan`, and `up`
before it has decided, can look closely at a machine and touch nothing on it.
"""

import io
import zipfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from standfast.mechanisms.hosts.connection import Connection

PROGRAM = "standfast.mechanisms.rollout.on_machine"
TIMEOUT_S = 900.0
"""Looking takes a second; taking packages away may take minutes on a slow disk."""

BOOT = """
import os, runpy, sys
given = sys.stdin.buffer
memory = os.memfd_create("standfast")
with os.fdopen(memory, "wb", closefd=False) as file:
    file.write(given.read(int(given.readline())))
sys.dont_write_bytecode = True
sys.path.insert(0, f"/proc/self/fd/{memory}")
sys.argv[0] = "standfast"
runpy.run_module("PROGRAM", run_name="__main__")
""".replace("PROGRAM", PROGRAM)


def ask(connection: Connection, source: Path, words: Iterable[str], stdin: bytes = b"") -> bytes:
    """What the program prints. `source` is the folder that holds the package."""
    packed = pack(source)
    done = connection.run(
        ("python3", "-c", BOOT, *words),
        stdin=f"{len(packed)}\n".encode() + packed + stdin,
        timeout_s=TIMEOUT_S,
    )
    return done.stdout


@cache
def pack(source: Path) -> bytes:
    """Python files alone: nothing that is rendered is rendered on a machine."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(source.rglob("*.py")):
            packed.write(path, Path(source.name) / path.relative_to(source))
    return buffer.getvalue()
