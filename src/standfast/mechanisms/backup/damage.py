"""Make what a restore must refuse: a repository of links to the real one's files, and damage it.

    python3 -m standfast.mechanisms.backup.damage truncated-backup NUMBER
    python3 -m standfast.mechanisms.backup.damage missing-wal NUMBER
    python3 -m standfast.mechanisms.backup.damage wrong-key NUMBER
    python3 -m standfast.mechanisms.backup.damage none NUMBER

NUMBER is the repository's. Nothing of the real one is written to: the links are other names of its
files, and what is damaged gets a file of its own first. The next restores are told to read there;
WAL that arrives later is not there, so `missing-wal` need do no more. `none` takes it all away.
Each may be repeated. Standard library only.
"""

import os
import shutil
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from standfast.core.files import write_atomically
from standfast.mechanisms.backup.pgbackrest import misled, repository
from standfast.mechanisms.backup.places import DAMAGED, OVERRIDE, REPOSITORY


class Damage(StrEnum):
    NONE = "none"
    TRUNCATED_BACKUP = "truncated-backup"
    MISSING_WAL = "missing-wal"
    WRONG_KEY = "wrong-key"


def damage(kind: Damage, number: int, *, real: Path, damaged: Path, override: Path) -> None:
    override.unlink(missing_ok=True)
    shutil.rmtree(damaged, ignore_errors=True)
    if kind is Damage.NONE:
        return
    if kind is not Damage.WRONG_KEY:
        shutil.copytree(real, damaged, symlinks=True, copy_function=os.link)
    if kind is Damage.TRUNCATED_BACKUP:
        cut_short(repository.largest_file(damaged))
    write_atomically(override, "".join(lines(kind, number, damaged)).encode())


def lines(kind: Damage, number: int, damaged: Path) -> list[str]:
    wrong = kind is Damage.WRONG_KEY
    said: Mapping[str, str] = (
        misled.with_wrong_key(number) if wrong else misled.elsewhere(number, damaged)
    )
    return [f"{name}={value}\n" for name, value in said.items()]


def cut_short(path: Path) -> None:
    """The other name of the file keeps all of it: this one becomes another file."""
    whole = path.read_bytes()
    path.unlink()
    path.write_bytes(whole[: len(whole) // 2])


def main(kind: str, number: str) -> int:
    damage(
        Damage(kind),
        int(number),
        real=Path(REPOSITORY),
        damaged=Path(DAMAGED),
        override=Path(OVERRIDE),
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
