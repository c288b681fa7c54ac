"""What each of the two keys may do. Pure, standard library only.

The same as the policies that a provider is given (backup/offsite/policy.py), and stricter: who may
write may not overwrite. The trust page alone is written anew, and read by everybody, as a provider
would let it be read.
"""

from enum import StrEnum


class Holder(StrEnum):
    FIRST = "first"
    """On the site's backup machines."""

    SECOND = "second"
    """Retention's, on no machine of the site."""


LOCKS = "locks/"
"""restic's, below the repository's folder. It makes and takes them away all the time."""


PAGE = "trust/"
"""The trust page's, beside it (backup/offsite/page)."""

TILES = f"{PAGE}log/tile/"
"""Of its log: what has such a name never changes."""


def may_delete(holder: Holder | None, key: str, folder: str) -> bool:
    """`folder`: where the site's repository lies, without a slash at its end."""
    if holder is None:
        return False
    below = ("",) if holder is Holder.SECOND else (LOCKS, PAGE)
    return key.startswith(tuple(f"{folder}/{each}" for each in below))


def may_write(key: str, folder: str) -> bool:
    return key.startswith(f"{folder}/")


def may_overwrite(key: str, folder: str) -> bool:
    return key.startswith(f"{folder}/{PAGE}") and not key.startswith(f"{folder}/{TILES}")


def everybody_reads(method: str, key: str, folder: str) -> bool:
    """Without a key."""
    return method in ("GET", "HEAD") and key.startswith(f"{folder}/{PAGE}")
