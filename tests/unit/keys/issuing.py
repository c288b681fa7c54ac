"""Authorities as the world has them, and what they sign: for certificates that somebody brings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOON = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    certificate: x509.Certificate
    key: Key

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )


@cache
def rsa_key(bits: int) -> rsa.RSAPrivateKey:
    """Drawing one takes a while, and which one it is does not matter."""
    return rsa.generate_private_key(65537, bits)


def issue(
    name: str,
    *,
    by: Signer | None = None,
    dns: Sequence[str] = (),
    key: Key | None = None,
    authority: bool = False,
    starts: datetime = NOON - timedelta(days=10),
    days: float = 90,
    use: x509.ObjectIdentifier | None = ExtendedKeyUsageOID.SERVER_AUTH,
    algorithm: hashes.HashAlgorithm | None = None,
) -> Signer:
    """`by` nobody: signed by itself."""
    mine = key or ec.generate_private_key(ec.SECP256R1())
    issuer = by.certificate.subject if by else common(name)
    builder = (
        x509.CertificateBuilder()
        .subject_name(common(name))
        .issuer_name(issuer)
        .public_key(mine.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(starts)
        .not_valid_after(starts + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if use is not None and not authority:
        builder = builder.add_extension(x509.ExtendedKeyUsage([use]), critical=False)
    if dns:
        names = x509.SubjectAlternativeName([x509.DNSName(each) for each in dns])
        builder = builder.add_extension(names, critical=False)
    signing = by.key if by else mine
    return Signer(certificate=builder.sign(signing, algorithm or hashes.SHA256()), key=mine)


def common(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """An authority that everybody trusts, one that it has signed, and one that nobody knows."""

    root: Signer
    between: Signer
    stranger: Signer

    @classmethod
    def make(cls, *, now: datetime = NOON) -> "World":
        born = now - timedelta(days=100)
        root = issue("Root", authority=True, starts=born, days=3000)
        return cls(
            root=root,
            between=issue("Between", by=root, authority=True, starts=born, days=1500),
            stranger=issue("Stranger", authority=True, starts=born, days=3000),
        )
