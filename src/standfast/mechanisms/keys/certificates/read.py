"""Certificates and keys as operators have them: PEM files (RFC 7468), a chain in one."""

import re
import warnings
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from standfast.core.errors import ConfigError

SYSTEM_AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
"""Debian's package ca-certificates: those that Mozilla's browser trusts."""

BLOCK = re.compile(b"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


def chain(content: bytes, name: str) -> tuple[x509.Certificate, ...]:
    """In the order of the file. Raises `ConfigError` where there is none or one is unreadable."""
    found = BLOCK.findall(content)
    if not found:
        raise ConfigError(
            f"{name} holds no certificate in PEM form",
            remedy="Is it in DER form? `openssl x509 -inform DER -in FILE` writes PEM.",
        )
    try:
        return tuple(map(x509.load_pem_x509_certificate, found))
    except ValueError as error:
        raise ConfigError(f"{name} holds a certificate that cannot be read: {error}") from error


def private_key(content: bytes, name: str) -> PrivateKeyTypes:
    try:
        return load_pem_private_key(content, None)
    except TypeError:
        raise ConfigError(
            f"{name} is a key under a passphrase, and edges start without a person",
            remedy="`openssl pkey -in FILE` writes it without; the secrets seal it.",
        ) from None
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ConfigError(
            f"{name} holds no private key in PEM form",
            remedy="It begins with -----BEGIN PRIVATE KEY----- or the like.",
        ) from error


def authorities(content: bytes) -> tuple[x509.Certificate, ...]:
    """Those of a large bundle that can be read: one among them that cannot vouches for nobody."""
    found = map(readable, BLOCK.findall(content))
    return tuple(each for each in found if each is not None)


def system() -> tuple[x509.Certificate, ...]:
    """Whom this computer trusts."""
    there = SYSTEM_AUTHORITIES.is_file()
    return authorities(SYSTEM_AUTHORITIES.read_bytes()) if there else ()


def readable(block: bytes) -> x509.Certificate | None:
    """`cryptography` warns of authorities whose own serial number is wrong, and reads them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return x509.load_pem_x509_certificate(block)
        except ValueError:
            return None


def written(certificates: tuple[x509.Certificate, ...]) -> str:
    return "".join(each.public_bytes(Encoding.PEM).decode() for each in certificates)
