"""Where the page is put besides the site: what each kind of store has in common. Standard library
only."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from standfast.mechanisms.backup.offsite.page.names import never_changes
from standfast.mechanisms.hosts.media import IMMUTABLE

UNTIL_THE_NEXT = "public, max-age=60"
"""A copy is minutes old anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A file by its name below the page's folder."""

    name: str
    content: bytes = field(repr=False)


class Elsewhere(Protocol):
    """Each raises `StandfastError` where the store does not answer or refuses."""

    def read(self, name: str) -> bytes | None:
        """None for what is not there."""

    def send(self, items: Iterable[Item]) -> None:
        """One after the other, each whole or not at all, in the place of what is there."""

    def remove(self, names: Iterable[str]) -> None:
        """What is not there is no failure."""


def lasting(name: str) -> str:
    """What whoever reads it is told (RFC 9111)."""
    return IMMUTABLE if never_changes(name) else UNTIL_THE_NEXT
