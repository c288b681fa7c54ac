"""The certificates that an operator has brought, sealed with the site's other secrets.

They are kept by the site's name that they are for, so a newer one takes the place of the older one
by itself.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cryptography import x509

from standfast.mechanisms.keys.authority import private_pem
from standfast.mechanisms.keys.certificates import check, read
from standfast.mechanisms.keys.certificates.check import Given
from standfast.mechanisms.keys.certificates.facts import covers
from standfast.mechanisms.keys.vault import Vault

BROUGHT = "brought/"
"""Begins the names of what is sealed, one for each name of the site."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """For the site's names `names`, all PEM: `chain` as edges show it, `key`, and `anchor`, the
    authority that vouches for it."""

    names: tuple[str, ...]
    chain: str
    key: str = field(repr=False)
    anchor: str

    @property
    def digest(self) -> str:
        """One certificate has one; a renewed one has another."""
        return hashlib.sha256(self.chain.encode()).hexdigest()


def taken(given: Given, *, wanted: Sequence[str], trusted: Iterable[x509.Certificate]) -> Brought:
    """Of what has no problems. A root is not shown: whoever trusts it has it."""
    anchor = check.anchor(given.chain, trusted)
    assert anchor is not None
    shown = tuple(each for each in given.chain if not check.is_root(each))
    return Brought(
        names=tuple(each for each in wanted if covers(given.own, each)),
        chain=read.written(shown),
        key=private_pem(given.key).decode(),
        anchor=read.written((anchor,)),
    )


def keep(vault: Vault, brought: Brought) -> None:
    said = {"chain": brought.chain, "key": brought.key, "anchor": brought.anchor}
    for name in brought.names:
        vault.put(f"{BROUGHT}{name}", json.dumps(said, sort_keys=True))


def kept(vault: Vault, names: Iterable[str]) -> tuple[Brought, ...]:
    """For these names of the site: what was brought for one that it no longer has is not used."""
    by_text: dict[str, list[str]] = {}
    for name in names:
        text = vault.get(f"{BROUGHT}{name}")
        if text is not None:
            by_text.setdefault(text, []).append(name)
    return tuple(Brought(names=tuple(of), **json.loads(text)) for text, of in by_text.items())


def every(vault: Vault) -> tuple[Brought, ...]:
    """Of all names that it was ever brought for."""
    names = (each.removeprefix(BROUGHT) for each in vault.names if each.startswith(BROUGHT))
    return kept(vault, names)


def drop(vault: Vault, name: str) -> bool:
    """Whether there was one."""
    there = vault.get(f"{BROUGHT}{name}") is not None
    vault.drop(f"{BROUGHT}{name}")
    return there


def anchors(brought: Iterable[Brought]) -> bytes:
    """Those who vouch for them, each once, as one PEM file."""
    return "".join(dict.fromkeys(each.anchor for each in brought)).encode()
