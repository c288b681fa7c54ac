"""Take away what was brought back into a folder, and its server:

    python3 -m standfast.mechanisms.recovery.point_in_time.discard FOLDER

Only what was ordered here; the folder was empty before, so all that is in it goes. The order goes
last: stopped anywhere, the same again ends it. Standard library only.
"""

import shutil
import sys
from contextlib import suppress
from pathlib import Path

from standfast.core.command import Command, Runner, SystemRunner
from standfast.core.errors import ConfigError, StandfastError
from standfast.mechanisms.recovery.point_in_time.orders import ORDERS, file_of, unit

STOP_LIMIT_S = 360.0
"""PostgreSQL writes down what it has in memory first."""


def discard(folder: Path, runner: Runner, orders: str = ORDERS) -> None:
    order = file_of(str(folder), orders)
    if not order.is_file():
        raise ConfigError(f"nothing was brought back into {folder}")
    runner.run(
        Command(argv=("systemctl", "stop", unit(str(folder))), timeout_s=STOP_LIMIT_S), check=False
    )
    if folder.is_dir():
        for each in folder.iterdir():
            if each.is_dir() and not each.is_symlink():
                shutil.rmtree(each)
            else:
                each.unlink()
        with suppress(OSError):  # somebody may have mounted a disk there
            folder.rmdir()
    order.unlink()


def main(folder: str) -> int:
    try:
        discard(Path(folder), SystemRunner())
    except StandfastError as error:
        print(error.words, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
