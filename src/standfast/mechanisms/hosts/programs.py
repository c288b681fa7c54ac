"""Standfast's own programs on a machine: its source, and a venv made from the lock file.

The venv's name is the digest of the lock, so an upgrade builds a new one beside the old and the
units move over when it is whole. The distribution's own python3 makes it, under `/opt`, where
service users can read it.
"""

import hashlib
from collections.abc import Callable, Sequence

HOME = "/opt/standfast"
RELEASES = f"{HOME}/releases"


def venv_folder(lock: bytes) -> str:
    return f"{HOME}/venv-{hashlib.sha256(lock).hexdigest()[:12]}"


def install_venv(lock: bytes, run: Callable[[Sequence[str], bytes], None]) -> None:
    """`run(argv, stdin)` runs where the venv shall be, `{stdin}` in a word standing for a file
    with that content."""
    folder = venv_folder(lock)
    run(("rm", "-rf", folder), b"")
    run(("/usr/bin/python3", "-m", "venv", folder), b"")
    run(
        (f"{folder}/bin/pip", "install", "--quiet", "--require-hashes", "-r", "{stdin}"),
        lock,
    )
    run(("touch", f"{folder}/complete"), b"")
