"""The site's own certificate authority, kept in the sealed secrets.

It signs what machines ask for with names that *we* give them, not those they ask for: a machine
cannot become another by asking. P-256 throughout; profiles after RFC 5280.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv4Address

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from standfast.core.errors import Refused
from standfast.mechanisms.keys.vault import FILES, Vault

CERTIFICATE, KEY = "ca.pem", "ca.key"
NEXT_CERTIFICATE, NEXT_KEY = "ca.next.pem", "ca.next.key"
BEFORE_CERTIFICATE = "ca.before.pem"
"""Names in the sealed secrets; what the last three are for, `rotation.py` says."""

ISSUED = "certificates/"
"""Begins the names of certificates that machines have. They are no secret; they are kept so that
whichever operator brings the site up next finds those that the machines have."""

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
    """`others` are trusted beside it while one authority takes the place of another."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)
    others: tuple[bytes, ...] = ()

    @classmethod
    def ensure(cls, vault: Vault, *, site: str, now: datetime) -> "Authority":
        """The one that signs now; made if the site has none yet."""
        if vault.get(CERTIFICATE) is None:
            keep(vault, make(site, now), certificate=CERTIFICATE, key=KEY)
        key = serialization.load_pem_private_key(vault.read(KEY), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        others = (NEXT_CERTIFICATE, BEFORE_CERTIFICATE)
        return cls(
            certificate=x509.load_pem_x509_certificate(vault.read(CERTIFICATE)),
            key=key,
            others=tuple(vault.read(each) for each in others if vault.get(each)),
        )

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def trusted(self) -> bytes:
        """All that machines and readers accept now, in one PEM file."""
        return b"".join((self.pem, *self.others))

    def has_signed(self, certificate: x509.Certificate) -> bool:
        try:
            certificate.verify_directly_issued_by(self.certificate)
        except (ValueError, TypeError, InvalidSignature):
            return False
        return True

    def issue(
        self, request: bytes, subject: Subject, *, now: datetime, days: int = CERTIFICATE_DAYS
    ) -> bytes:
        """Sign the key of a request (PEM) whose own signature shows that its maker holds it."""
        asked = x509.load_pem_x509_csr(request)
        if not asked.is_signature_valid:
            raise Refused(
                f"the signing request of {subject.name} is not signed by its own key",
                remedy="Was it altered on the way?",
            )
        key = asked.public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        return signed(self, subject, key, now, days).public_bytes(serialization.Encoding.PEM)


def make(site: str, now: datetime) -> "Authority":
    """A new one. Its name carries the day, so that two of one site can be told apart."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = common_name(f"Standfast CA of {site}, {now:%Y-%m-%d %H:%M:%S}")
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
    return Authority(certificate=certificate, key=key)


def keep(vault: Vault, authority: Authority, *, certificate: str, key: str) -> None:
    vault.put(key, private_pem(authority.key).decode())
    vault.put(certificate, authority.pem.decode())


def signed(
    authority: Authority,
    subject: Subject,
    key: ec.EllipticCurvePublicKey,
    now: datetime,
    days: int = CERTIFICATE_DAYS,
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
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(both), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer), critical=False)
        .sign(authority.key, hashes.SHA256())
    )


def is_current(
    pem: bytes, request: bytes, subject: Subject, authority: Authority, *, now: datetime
) -> bool:
    """Whether a certificate still serves: same authority, key and names, a third of its life
    left."""
    certificate = x509.load_pem_x509_certificate(pem)
    return is_for(pem, request, subject, authority) and is_fresh(certificate, authority, now)


def is_for(pem: bytes, request: bytes, subject: Subject, authority: Authority) -> bool:
    """Same authority, key and names."""
    certificate = x509.load_pem_x509_certificate(pem)
    same_key = certificate.public_key() == x509.load_pem_x509_csr(request).public_key()
    same_names = named(certificate) == subject.alternatives
    return same_key and same_names and authority.has_signed(certificate)


def is_fresh(certificate: x509.Certificate, authority: Authority, now: datetime) -> bool:
    born, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return authority.has_signed(certificate) and ends - now > (ends - born) / 3


def named(certificate: x509.Certificate) -> frozenset[str]:
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    dns: Iterable[str] = found.get_values_for_type(x509.DNSName)
    return frozenset({*dns, *(str(each) for each in found.get_values_for_type(x509.IPAddress))})


def operator_identity(vault: Vault, authority: Authority, *, now: datetime) -> None:
    """The operators' key and certificate, for talking to agents and the keeper: files, because
    that is how Python's `ssl` takes them."""
    vault.put(f"{FILES}ca.pem", authority.trusted.decode())
    known = vault.get(f"{FILES}operator.pem")
    if known and is_fresh(x509.load_pem_x509_certificate(known.encode()), authority, now):
        return
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = signed(authority, Subject(name="operator"), key.public_key(), now)
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    vault.put(f"{FILES}operator.key", private_pem(key).decode())
    vault.put(f"{FILES}operator.pem", pem.decode())


def private_pem(key: PrivateKeyTypes) -> bytes:
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
