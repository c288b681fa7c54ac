"""The site's own certificate authority, on the operator's computer.

It signs what machines ask for with names that *we* give them, not those they ask for: a machine
cannot become another by asking. P-256 throughout; profiles after RFC 5280.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from standfast.core.errors import Refused
from standfast.core.files import write_atomically

AUTHORITY_DAYS = 3650
CERTIFICATE_DAYS = 365
BACKDATED = timedelta(minutes=5)
"""So that a machine whose clock is a little behind accepts a new certificate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Who a certificate is for: its name, and under which names and addresses it is reached."""

    name: str
    dns: tuple[str, ...] = ()
    addresses: tuple[IPv4Address, ...] = ()

    @property
    def alternatives(self) -> frozenset[str]:
        return frozenset({self.name, *self.dns, *(str(address) for address in self.addresses)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @classmethod
    def ensure(cls, folder: Path, *, site: str, now: datetime) -> "Authority":
        """Read it from `folder`, or make it there."""
        if not (folder / "ca.pem").exists():
            make(folder, site, now)
        key = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return cls(
            certificate=x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes()), key=key
        )

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def issue(self, request: bytes, subject: Subject, *, now: datetime) -> bytes:
        """Sign the key of a request (PEM) whose own signature shows that its maker holds it."""
        asked = x509.load_pem_x509_csr(request)
        if not asked.is_signature_valid:
            raise Refused(
                f"the signing request of {subject.name} is not signed by its own key",
                remedy="Was it altered on the way?",
            )
        key = asked.public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        return signed(self, subject, key, now).public_bytes(serialization.Encoding.PEM)


def make(folder: Path, site: str, now: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = common_name(f"Standfast CA of {site}")
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + timedelta(days=AUTHORITY_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage(signs=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    write_atomically(folder / "ca.key", private_pem(key), mode=0o600)
    write_atomically(folder / "ca.pem", certificate.public_bytes(serialization.Encoding.PEM))


def signed(
    authority: Authority, subject: Subject, key: ec.EllipticCurvePublicKey, now: datetime
) -> x509.Certificate:
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in (subject.name, *subject.dns)]
    names += [x509.IPAddress(address) for address in subject.addresses]
    both = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    issuer = authority.key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(common_name(subject.name))
        .issuer_name(authority.certificate.subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + timedelta(days=CERTIFICATE_DAYS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(both), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer), critical=False)
        .sign(authority.key, hashes.SHA256())
    )


def is_current(pem: bytes, request: bytes, subject: Subject, *, now: datetime) -> bool:
    """Whether a certificate still serves: same key, same names, a third of its life left."""
    certificate = x509.load_pem_x509_certificate(pem)
    same_key = certificate.public_key() == x509.load_pem_x509_csr(request).public_key()
    born, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return (
        same_key and named(certificate) == subject.alternatives and ends - now > (ends - born) / 3
    )


def named(certificate: x509.Certificate) -> frozenset[str]:
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    dns: Iterable[str] = found.get_values_for_type(x509.DNSName)
    return frozenset({*dns, *(str(each) for each in found.get_values_for_type(x509.IPAddress))})


def operator_identity(folder: Path, authority: Authority, *, now: datetime) -> None:
    """The operator's own key and certificate, for talking to agents and the keeper."""
    if (folder / "operator.pem").exists():
        return
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = signed(authority, Subject(name="operator"), key.public_key(), now)
    write_atomically(folder / "operator.key", private_pem(key), mode=0o600)
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    write_atomically(folder / "operator.pem", pem)


def private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def common_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )
