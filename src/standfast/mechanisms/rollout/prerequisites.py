"""What our own programs need on a machine before they can install anything else.

Machines made here have it from their image. A listed machine may be as its provider made it, and
Debian leaves `venv` out of Python.
"""

from collections.abc import Iterator

from standfast.mechanisms.hosts.apply import PACKAGES_TIMEOUT_S
from standfast.mechanisms.hosts.connection import Connection

PACKAGES = ("openssl", "python3", "python3-venv")


def equip(connection: Connection) -> tuple[str, ...]:
    """Return what was missing, and now is there."""
    wanted = tuple(missing(connection))
    if wanted:
        quiet = ("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq")
        install = ("install", "-y", "--no-install-recommends", *wanted)
        for words in (("update",), install):
            connection.run((*quiet, *words), timeout_s=PACKAGES_TIMEOUT_S)
    return wanted


def missing(connection: Connection) -> Iterator[str]:
    for package in PACKAGES:
        asked = ("dpkg-query", "-W", "-f", "${db:Status-Status}", package)
        if connection.run(asked, check=False).text != "installed":
            yield package
