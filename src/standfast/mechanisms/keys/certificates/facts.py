"""What is said of a certificate: the same facts for the operator, the page and whoever compares."""

from collections.abc import Mapping
from types import MappingProxyType

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import (
    CertificatePublicKeyTypes,
    PublicKeyTypes,
)
from cryptography.x509.oid import NameOID

from standfast.evidence.certificates import is_address

CURVES: Mapping[str, str] = MappingProxyType(
    {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
)


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the DER form, 64 digits: what `openssl x509 -fingerprint -sha256` prints with
    colons."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def serial(certificate: x509.Certificate) -> str:
    """Whole bytes in hexadecimal digits, as `openssl x509 -serial` prints it."""
    digits = f"{certificate.serial_number:X}"
    return digits.zfill(len(digits) + len(digits) % 2)


def named(name: x509.Name) -> str:
    """Its common name; whoever has none is called by all that it says."""
    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(common[0].value) if common else name.rfc4514_string()


def key_words(key: PublicKeyTypes | CertificatePublicKeyTypes) -> str:
    match key:
        case rsa.RSAPublicKey():
            return f"RSA {key.key_size}"
        case ec.EllipticCurvePublicKey():
            return CURVES.get(key.curve.name, key.curve.name)
        case other:
            return type(other).__name__.strip("_").removesuffix("PublicKey")


def names(certificate: x509.Certificate) -> tuple[str, ...]:
    """For which names and addresses it is good: the common name counts for nobody any more (RFC
    9525, section 2)."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    dns = found.get_values_for_type(x509.DNSName)
    return (*dns, *(str(each) for each in found.get_values_for_type(x509.IPAddress)))


def covers(certificate: x509.Certificate, name: str) -> bool:
    return any(stands_for(each.lower(), name.lower()) for each in names(certificate))


def stands_for(pattern: str, name: str) -> bool:
    """A star is one whole label, the first one (RFC 9525, section 6.3), and no address."""
    if pattern == name:
        return True
    first, _, rest = name.partition(".")
    return bool(first and rest) and pattern == f"*.{rest}" and not is_address(name)
