"""Environment under which the engine does wrong: it outranks the file. Standard library only."""

from collections.abc import Mapping
from pathlib import Path

from standfast.mechanisms.backup.pgbackrest.names import STANZA

NOBODY: Mapping[str, str] = {"PGBACKREST_TLS_SERVER_AUTH": f"nobody={STANZA}"}
"""A repository's server refuses everybody."""


def with_wrong_key(number: int) -> Mapping[str, str]:
    """The repository of that number is read with a key that is not its own."""
    return {f"PGBACKREST_REPO{number}_CIPHER_PASS": "not-the-key-of-this-repository"}


def elsewhere(number: int, folder: Path) -> Mapping[str, str]:
    """The repository of that number is taken to lie there."""
    return {f"PGBACKREST_REPO{number}_PATH": str(folder)}
