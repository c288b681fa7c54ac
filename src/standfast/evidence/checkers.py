"""Who checks the signatures of a log: nearly all that takes long in reading it, so every core does.

They are given keys, signatures and bytes, and say yes or no; what they cannot say is not believed.
"""

import os
from collections.abc import Sequence

from standfast.core.copies import Copies
from standfast.evidence.signing import Check, signed_each

Checkers = Copies[Sequence[Check], list[bool]]

PAYS_FROM = 2000
"""Signatures that one process checks in a quarter of a second."""

MOST = 16
"""One process writes down what these find, and can feed about so many."""


def checkers(signatures: int) -> Checkers:
    """For about so many signatures; for few no process is started."""
    cores = min(os.cpu_count() or 1, MOST)
    return Copies(good, cores if cores > 1 and signatures >= PAYS_FROM else 0)


def good(checks: Sequence[Check]) -> list[bool]:
    """Which of these signatures are."""
    return list(signed_each(checks))
