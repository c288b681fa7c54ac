"""What a time-stamp authority is asked and what it answers, as ASN.1: RFC 3161 and, around its
answer, the Cryptographic Message Syntax (RFC 5652) and RFC 5035.

A CMS structure may be BER, and authorities send certificates in the order of their chain: such a
set is read as a list, whose order is nobody's business. All else must be DER. `SET` and `SEQUENCE`
under an implicit tag look the same, so `list` stands for both.
"""

from typing import Annotated, TypeVar

from cryptography.hazmat import asn1
from cryptography.x509 import ObjectIdentifier

from standfast.core.errors import CannotVerify

SIGNED_DATA = ObjectIdentifier("1.2.840.113549.1.7.2")
TST_INFO = ObjectIdentifier("1.2.840.113549.1.9.16.1.4")
CONTENT_TYPE = ObjectIdentifier("1.2.840.113549.1.9.3")
MESSAGE_DIGEST = ObjectIdentifier("1.2.840.113549.1.9.4")
SIGNING_CERTIFICATE_V2 = ObjectIdentifier("1.2.840.113549.1.9.16.2.47")

GRANTED = 0


@asn1.sequence
class Algorithm:
    """Parameters other than none and NULL are of algorithms that are not known here."""

    algorithm: ObjectIdentifier
    parameters: asn1.Null | None


@asn1.sequence
class Imprint:
    hash_algorithm: Algorithm
    hashed_message: bytes


@asn1.sequence
class Request:
    version: int
    imprint: Imprint
    policy: ObjectIdentifier | None
    nonce: int | None
    wants_certificate: Annotated[bool, asn1.Default(False)]


@asn1.sequence
class Extension:
    kind: ObjectIdentifier
    critical: Annotated[bool, asn1.Default(False)]
    value: bytes


@asn1.sequence
class Info:
    """TSTInfo: what the authority has signed."""

    version: int
    policy: ObjectIdentifier
    imprint: Imprint
    serial_number: int
    made_at: asn1.GeneralizedTime
    accuracy: list[asn1.TLV] | None
    ordering: Annotated[bool, asn1.Default(False)]
    nonce: int | None
    authority: Annotated[list[asn1.TLV] | None, asn1.Implicit(0)]
    extensions: Annotated[list[Extension] | None, asn1.Implicit(1)]


@asn1.sequence
class Encapsulated:
    content_type: ObjectIdentifier
    content: Annotated[bytes | None, asn1.Explicit(0)]


@asn1.sequence
class Attribute:
    kind: ObjectIdentifier
    values: asn1.SetOf[asn1.TLV]


@asn1.sequence
class IssuerAndSerial:
    issuer: asn1.TLV
    serial_number: int


@asn1.sequence
class Signature:
    """SignerInfo, by a certificate that is named by its issuer and number."""

    version: int
    certificate: IssuerAndSerial
    digest_algorithm: Algorithm
    signed_attributes: Annotated[list[asn1.TLV] | None, asn1.Implicit(0)]
    algorithm: Algorithm
    signature: bytes
    unsigned_attributes: Annotated[list[asn1.TLV] | None, asn1.Implicit(1)]


@asn1.sequence
class Signed:
    """SignedData."""

    version: int
    digest_algorithms: asn1.SetOf[Algorithm]
    encapsulated: Encapsulated
    certificates: Annotated[list[asn1.TLV] | None, asn1.Implicit(0)]
    revocations: Annotated[list[asn1.TLV] | None, asn1.Implicit(1)]
    signatures: asn1.SetOf[Signature]


@asn1.sequence
class Token:
    content_type: ObjectIdentifier
    content: Annotated[Signed, asn1.Explicit(0)]


@asn1.sequence
class Status:
    status: int
    words: list[str] | None
    failure: asn1.BitString | None


@asn1.sequence
class Answer:
    status: Status
    token: Token | None


@asn1.sequence
class CertificateIdentifier:
    """ESSCertIDv2 (RFC 5035, section 4); without an algorithm the hash is SHA-256."""

    hash_algorithm: Algorithm | None
    hashed: bytes
    issuer_and_serial: list[asn1.TLV] | None


@asn1.sequence
class SigningCertificate:
    """SigningCertificateV2: the first one is the one that has signed."""

    certificates: list[CertificateIdentifier]
    policies: list[asn1.TLV] | None


Form = TypeVar("Form")


def decoded(form: type[Form], data: bytes, what: str) -> Form:
    try:
        return asn1.decode_der(form, data)
    except ValueError as error:
        raise CannotVerify(f"{what} is not what RFC 3161 says: {error}") from error


def attribute(attributes: list[asn1.TLV], kind: ObjectIdentifier, form: type[Form]) -> Form:
    """The one value of the one attribute of that kind."""
    found = [each for each in map(_attribute, attributes) if each.kind == kind]
    values = found[0].values.as_list() if len(found) == 1 else []
    if len(values) != 1:
        raise CannotVerify(f"it does not have exactly one signed attribute {kind.dotted_string}")
    return decoded(form, asn1.encode_der(values[0]), "a signed attribute")


def _attribute(element: asn1.TLV) -> Attribute:
    return decoded(Attribute, asn1.encode_der(element), "a signed attribute")
