"""Who may say what time it was: a time-stamp authority, known by the root that vouches for it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import verification
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import Criticality, ExtensionPolicy

from standfast.core.errors import CannotVerify

CHAIN_LIMIT = 4
"""Certificates between the root and the one that signs: authorities have one or none."""

UNREADABLE = (
    ValueError,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
    UnsupportedAlgorithm,
)
"""What comes of certificates that nobody should have issued."""

PURPOSE = ExtendedKeyUsageOID.TIME_STAMPING


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """`name` is what this site calls it, and part of names of files."""

    name: str
    root: x509.Certificate

    @property
    def pem(self) -> bytes:
        return self.root.public_bytes(Encoding.PEM)

    @property
    def sha256(self) -> str:
        """By which a reader pins it."""
        return self.root.fingerprint(SHA256()).hex()


def is_name(text: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", text) is not None


def read_root(pem: bytes) -> x509.Certificate:
    """The certificate of a file that holds one, which has signed itself. Raises `CannotVerify`."""
    try:
        found = x509.load_pem_x509_certificates(pem)
        if len(found) != 1:
            raise _no_root(f"it is {len(found)} certificates")
        (root,) = found
        root.verify_directly_issued_by(root)
        constraints = root.extensions.get_extension_for_class(x509.BasicConstraints)
    except x509.ExtensionNotFound:
        raise _no_root("it is no authority's") from None
    except InvalidSignature:
        raise _no_root("it has not signed itself") from None
    except (TypeError, *UNREADABLE) as error:
        raise _no_root(str(error)) from error
    if not constraints.value.ca:
        raise _no_root("it is no authority's")
    return root


def believe(
    authority: Authority,
    leaf: x509.Certificate,
    others: Sequence[x509.Certificate],
    at: datetime,
) -> None:
    """Raises `CannotVerify` unless the root vouches for `leaf` as one that time-stamps and does
    nothing else (RFC 3161, section 2.3), and all in between were valid `at` that time."""
    builder = (
        verification.PolicyBuilder()
        .store(verification.Store([authority.root]))
        .time(at)
        .max_chain_depth(CHAIN_LIMIT)
        .extension_policies(ca_policy=VOUCHING, ee_policy=STAMPING)
    )
    try:
        builder.build_client_verifier().verify(leaf, list(others))
    except (verification.VerificationError, *UNREADABLE) as error:
        raise CannotVerify(
            f"the root of {authority.name} does not vouch for who signed it: {error}"
        ) from error


Extension = TypeVar("Extension", bound=x509.ExtensionType)


def _stamps(_: object, __: x509.Certificate, usage: x509.ExtendedKeyUsage) -> None:
    if list(usage) != [PURPOSE]:
        raise ValueError("its purpose is not to time-stamp, and nothing else")


def _signs(_: object, __: x509.Certificate, usage: x509.KeyUsage | None) -> None:
    if usage is not None and not (usage.digital_signature or usage.content_commitment):
        raise ValueError("its key may not sign")


def _vouches(_: object, __: x509.Certificate, constraints: x509.BasicConstraints) -> None:
    if not constraints.ca:
        raise ValueError("it may vouch for nobody")


def _signs_certificates(_: object, __: x509.Certificate, usage: x509.KeyUsage | None) -> None:
    if usage is not None and not usage.key_cert_sign:
        raise ValueError("its key may not sign certificates")


def _may_stamp(_: object, __: x509.Certificate, usage: x509.ExtendedKeyUsage | None) -> None:
    if usage is not None and not {PURPOSE, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE} & set(usage):
        raise ValueError("it may not vouch for who time-stamps")


STAMPING = (
    ExtensionPolicy.permit_all()
    .require_present(x509.ExtendedKeyUsage, Criticality.CRITICAL, _stamps)
    .may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, _signs)
)
VOUCHING = (
    ExtensionPolicy.permit_all()
    .require_present(x509.BasicConstraints, Criticality.AGNOSTIC, _vouches)
    .may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, _signs_certificates)
    .may_be_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, _may_stamp)
)


def _no_root(problem: str) -> CannotVerify:
    return CannotVerify(
        f"this is no root of a time-stamp authority: {problem}",
        remedy="Take the certificate, in PEM form, that the authority calls its root.",
    )
