"""Golden files: what the product writes, kept so that a person reads every change of it.

After an intended change, `STANDFAST_GOLDEN=write bin/test tests/golden tests/unit/pages` writes all
of them anew; then read the difference before it is committed.
"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

GOLDEN = Path(__file__).parent


def kept(folder: Path, made: Mapping[str, bytes]) -> dict[str, bytes]:
    """What `folder` holds, by path inside it; when asked to write, `made` is put there first."""
    if os.environ.get("STANDFAST_GOLDEN") == "write":
        write(folder, made)
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def write(folder: Path, made: Mapping[str, bytes]) -> None:
    """What is no longer made is not left behind."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in made.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
