"""Become `psql` in the service's database. Standard library only.

python3 -m standfast.mechanisms.web.psql read|write ARGUMENT…
"""

import os
import sys
from collections.abc import Mapping

from standfast.mechanisms.web.session import libpq


def environment(said: Mapping[str, str], mode: str) -> dict[str, str]:
    """`read`: transactions are read-only until somebody says otherwise."""
    given = {**said, **libpq(said["DATABASE_URL"]), "PGAPPNAME": "standfast psql"}
    if mode == "read":
        given["PGOPTIONS"] = "-c default_transaction_read_only=on"
    return given


def main() -> None:
    mode, *arguments = sys.argv[1:]
    os.execvpe("psql", ["psql", *arguments], environment(os.environ, mode))


if __name__ == "__main__":
    main()
