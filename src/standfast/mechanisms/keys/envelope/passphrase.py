"""The passphrase of a recovery envelope: drawn, written in groups, and understood when typed.

27 symbols of Crockford's base32 are 135 random bits; a 28th checks them, so that a typing error is
told from a wrong passphrase without anything being opened:

    5V87-NDK3-QBA3-J3E3-F2ZK-NXHN-720F

The symbols are elements of GF(32) under x⁵ + x² + 1, and the check makes
s₀α²⁷ + s₁α²⁶ + … + s₂₇ = 0 (α = x). Its 31 powers differ, so one wrong symbol is always found, and
so are any two that changed places; of other errors one in 32 is not.
"""

import secrets
from collections.abc import Iterator

from standfast.core.errors import Refused

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without I, L, O and U. Whoever types one of the first three means 1, 1 or 0."""

LOOKALIKES = str.maketrans("ILO", "110")
SEPARATORS = str.maketrans("", "", "- \t\r\n")
DRAWN = 27
LENGTH = DRAWN + 1
GROUP = 4
GROUPS = LENGTH // GROUP
REDUCES = 0b100101
"""x⁵ + x² + 1, which is primitive."""


def draw() -> str:
    """In its one form: capital letters without separators."""
    symbols = "".join(secrets.choice(ALPHABET) for _ in range(DRAWN))
    return symbols + ALPHABET[times_alpha(remainder(symbols))]


def draw_groups(count: int) -> tuple[int, ...]:
    """Which groups a person types back, counted from 1."""
    return tuple(sorted(secrets.SystemRandom().sample(range(1, GROUPS + 1), count)))


def written(passphrase: str) -> str:
    """As people read it."""
    return "-".join(groups(passphrase))


def groups(passphrase: str) -> Iterator[str]:
    return (passphrase[at : at + GROUP] for at in range(0, len(passphrase), GROUP))


def plain(typed: str) -> str:
    return typed.translate(SEPARATORS).upper().translate(LOOKALIKES)


def understood(typed: str) -> str:
    """What was typed in the one form. Raises `Refused` for what cannot be any passphrase."""
    symbols = plain(typed)
    strange = sorted(set(symbols) - set(ALPHABET))
    if strange:
        raise mistyped(f"{', '.join(strange)} is in no passphrase")
    if len(symbols) != LENGTH:
        raise mistyped(f"it has {len(symbols)} symbols, and {LENGTH} are needed")
    if remainder(symbols):
        raise mistyped("its check symbol does not fit the others")
    return symbols


def mistyped(why: str) -> Refused:
    return Refused(f"the passphrase was mistyped: {why}", remedy="Type it again, group by group.")


def remainder(symbols: str) -> int:
    """The sum above, by Horner's rule; 0 for a whole passphrase."""
    total = 0
    for symbol in symbols:
        total = times_alpha(total) ^ ALPHABET.index(symbol)
    return total


def times_alpha(element: int) -> int:
    doubled = element << 1
    return doubled ^ REDUCES if doubled & 0b100000 else doubled
