"""What each of the two keys may do. Pure, standard library only.

The same as the policies that a provider is given (backup/offsite/policy.py), and stricter: who may
write may not overwrite.
"""

from enum import StrEnum


class Holder(StrEnum):
    FIRST = "first"
    """On the site's backup machines."""

    SECOND = "second"
    """Retention's, on no machine of the site."""


LOCKS = "locks/"
"""restic's, below the repository's folder. It makes and takes them away all the time."""


def may_delete(holder: Holder, key: str, folder: str) -> bool:
    """`folder`: where the site's repository lies, without a slash at its end."""
    below = LOCKS if holder is Holder.FIRST else ""
    return key.startswith(f"{folder}/{below}")


def may_write(key: str, folder: str) -> bool:
    return key.startswith(f"{folder}/")
