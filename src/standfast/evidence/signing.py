"""Whoever signs: the log, and each machine that measures.

Keys live above this room (`mechanisms.keys`); evidence takes a `Signer` as an argument, so that a
key in hardware or behind another process fits as well as the file that a small site has.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Protocol, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from standfast.core.errors import ConfigError

PUBLIC_KEY_BYTES = 32
SIGNATURE_BYTES = 64


class Signer(Protocol):
    @property
    def name(self) -> str:
        """Return the key's name as notes carry it: no space and no `+`."""

    @property
    def public_key(self) -> bytes:
        """Return the 32 bytes of an Ed25519 public key (RFC 8032)."""

    def sign(self, data: bytes) -> bytes:
        """Return the 64 bytes of an Ed25519 signature, the same ones for the same data."""


class Ed25519Signer:
    """A signer whose private key is in this process."""

    __slots__ = ("_key", "name", "public_key")

    def __init__(self, name: str, key: Ed25519PrivateKey) -> None:
        self.name = name
        self.public_key = key.public_key().public_bytes_raw()
        self._key = key

    @classmethod
    def from_pem(cls, name: str, pem: bytes) -> Self:
        """Read an unencrypted PKCS #8 private key (RFC 5208)."""
        try:
            key = load_pem_private_key(pem, password=None)
        except (ValueError, TypeError) as error:
            raise _not_a_key(name) from error
        if not isinstance(key, Ed25519PrivateKey):
            raise _not_a_key(name)
        return cls(name, key)

    @classmethod
    def from_seed(cls, name: str, seed: bytes) -> Self:
        """Take the 32 secret bytes themselves (RFC 8032, 5.1.5)."""
        return cls(name, Ed25519PrivateKey.from_private_bytes(seed))

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(data)

    def __repr__(self) -> str:
        return f"Ed25519Signer({self.name!r}, •••)"


KEYS_KEPT = 64
"""A log has a few keys under all of its entries."""


Check = tuple[bytes, bytes, bytes]
"""Public key, signature, and what it is to be under."""


def signed(public_key: bytes, signature: bytes, data: bytes) -> bool:
    return next(signed_each([(public_key, signature, data)]))


def signed_each(checks: Iterable[Check]) -> Iterator[bool]:
    """Other threads go on while the library looks at a signature, so several can do this side by
    side."""
    for public_key, signature, data in checks:
        try:
            _loaded(public_key).verify(signature, data)
        except InvalidSignature:
            yield False
        else:
            yield True


@lru_cache(KEYS_KEPT)
def _loaded(public_key: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(public_key)


def _not_a_key(name: str) -> ConfigError:
    return ConfigError(
        f"the key of {name} is not an Ed25519 private key without a password",
        remedy="Has the file been cut off, or was it made for another purpose?",
    )
