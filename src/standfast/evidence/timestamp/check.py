"""Ask for a time-stamp, and check what comes back: RFC 3161 with RFC 5816.

A time-stamp says that these very bytes existed at that time, by the word of whoever signed it. What
is checked: the answer is granted; it is of our bytes (SHA-256) and of our question (nonce); who
signed it is named in what is signed (ESSCertIDv2), may do this and nothing else, and is vouched for
by the root that is pinned, at the time that it says; the signature holds; and the time is no later
than now, nor, where we have just asked, earlier.

What is not checked: whether a certificate has been revoked.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import ObjectIdentifier
from cryptography.x509.oid import SignatureAlgorithmOID as By

from standfast.core.errors import CannotVerify
from standfast.core.units import stamp
from standfast.evidence.timestamp import form
from standfast.evidence.timestamp.authority import UNREADABLE, Authority, believe

ANSWER_LIMIT_BYTES = 65_536
"""A token with the certificates of a chain is about 6 kB."""

CERTIFICATES_LIMIT = 10
CLOCKS_APART = timedelta(minutes=5)
"""From our clock to the authority's: machines and authorities are within a second."""

SHA256 = ObjectIdentifier("2.16.840.1.101.3.4.2.1")
HASHES: Mapping[ObjectIdentifier, hashes.HashAlgorithm] = MappingProxyType(
    {
        SHA256: hashes.SHA256(),
        ObjectIdentifier("2.16.840.1.101.3.4.2.2"): hashes.SHA384(),
        ObjectIdentifier("2.16.840.1.101.3.4.2.3"): hashes.SHA512(),
    }
)
RSA_KEY = ObjectIdentifier("1.2.840.113549.1.1.1")
"""Says that it is RSA, and leaves the hash to the other field."""

BY_RSA: Mapping[ObjectIdentifier, hashes.HashAlgorithm] = MappingProxyType(
    {
        By.RSA_WITH_SHA256: hashes.SHA256(),
        By.RSA_WITH_SHA384: hashes.SHA384(),
        By.RSA_WITH_SHA512: hashes.SHA512(),
    }
)
BY_CURVE: Mapping[ObjectIdentifier, hashes.HashAlgorithm] = MappingProxyType(
    {
        By.ECDSA_WITH_SHA256: hashes.SHA256(),
        By.ECDSA_WITH_SHA384: hashes.SHA384(),
        By.ECDSA_WITH_SHA512: hashes.SHA512(),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timestamp:
    """`at` by the authority's clock."""

    authority: str
    at: datetime


def question(data: bytes, nonce: int) -> bytes:
    """TimeStampReq in DER, of media type application/timestamp-query."""
    imprint = form.Imprint(
        hash_algorithm=form.Algorithm(algorithm=SHA256, parameters=asn1.Null()),
        hashed_message=hashlib.sha256(data).digest(),
    )
    asked = form.Request(
        version=1, imprint=imprint, policy=None, nonce=nonce, wants_certificate=True
    )
    return asn1.encode_der(asked)


def answered(
    answer: bytes, data: bytes, authority: Authority, *, nonce: int, now: datetime
) -> Timestamp:
    """What was just asked. Raises `CannotVerify` with what is wrong."""
    found, info = _checked(answer, data, authority, now)
    if info.nonce != nonce:
        raise CannotVerify("it answers another question: its nonce is not ours")
    if found.at < now - CLOCKS_APART:
        raise _bad_time(found.at, now)
    return found


def kept(answer: bytes, data: bytes, authority: Authority, *, now: datetime) -> Timestamp:
    """What was asked at some time, by whomever."""
    found, _ = _checked(answer, data, authority, now)
    return found


def _checked(
    answer: bytes, data: bytes, authority: Authority, now: datetime
) -> tuple[Timestamp, form.Info]:
    if len(answer) > ANSWER_LIMIT_BYTES:
        raise CannotVerify("it is longer than any time-stamp")
    signed = _granted(form.decoded(form.Answer, answer, "the answer"))
    content = signed.encapsulated.content
    if signed.encapsulated.content_type != form.TST_INFO or content is None:
        raise CannotVerify("it holds no time-stamp")
    info = form.decoded(form.Info, content, "the time-stamp")
    if info.imprint.hash_algorithm.algorithm != SHA256:
        raise CannotVerify("it is of another hash than SHA-256")
    if info.imprint.hashed_message != hashlib.sha256(data).digest():
        raise CannotVerify("it is of other bytes")
    if any(each.critical for each in info.extensions or ()):
        raise CannotVerify("it has an extension that is critical and not known here")
    at = info.made_at.as_datetime().replace(tzinfo=UTC)
    if at > now + CLOCKS_APART:
        raise _bad_time(at, now)
    _signed_by(authority, signed, content, at)
    return Timestamp(authority=authority.name, at=at), info


def _granted(answer: form.Answer) -> form.Signed:
    if answer.status.status != form.GRANTED:
        said = " ".join(answer.status.words or ["it says no reason"])[:200]
        raise CannotVerify(
            f"it was not granted (status {answer.status.status}): "
            f"{''.join(each for each in said if each.isprintable())}"
        )
    if answer.token is None or answer.token.content_type != form.SIGNED_DATA:
        raise CannotVerify("it is granted, and nothing is signed")
    return answer.token.content


def _signed_by(authority: Authority, signed: form.Signed, content: bytes, at: datetime) -> None:
    signatures = signed.signatures.as_list()
    if len(signatures) != 1:
        raise CannotVerify(f"it has {len(signatures)} signatures instead of one")
    (signature,) = signatures
    attributes = signature.signed_attributes
    if not attributes:
        raise CannotVerify("nothing says which certificate has signed")
    if form.attribute(attributes, form.CONTENT_TYPE, ObjectIdentifier) != form.TST_INFO:
        raise CannotVerify("what is signed is no time-stamp")
    algorithm = _hash(signature.digest_algorithm)
    if form.attribute(attributes, form.MESSAGE_DIGEST, bytes) != _digest(algorithm, content):
        raise CannotVerify("something else is signed than what it says")
    certificates = _certificates(signed)
    leaf = _leaf(certificates, signature, attributes)
    believe(authority, leaf, [each for each in certificates if each != leaf], at)
    _must_hold(leaf, signature, asn1.encode_der(asn1.SetOf(attributes)))


def _certificates(signed: form.Signed) -> Sequence[x509.Certificate]:
    found = signed.certificates or []
    if len(found) > CERTIFICATES_LIMIT:
        raise CannotVerify(f"it has more than {CERTIFICATES_LIMIT} certificates")
    try:
        return [x509.load_der_x509_certificate(asn1.encode_der(each)) for each in found]
    except UNREADABLE as error:
        raise CannotVerify(f"it has a certificate that cannot be read: {error}") from error


def _leaf(
    certificates: Sequence[x509.Certificate],
    signature: form.Signature,
    attributes: list[asn1.TLV],
) -> x509.Certificate:
    """The certificate that both names mean: the one in what is signed, and the one beside it."""
    said = form.attribute(attributes, form.SIGNING_CERTIFICATE_V2, form.SigningCertificate)
    if not said.certificates:
        raise CannotVerify("it names no certificate")
    (first, *_) = said.certificates
    algorithm = _hash(first.hash_algorithm) if first.hash_algorithm else hashes.SHA256()
    named = signature.certificate
    for each in certificates:
        if (
            each.fingerprint(algorithm) == first.hashed
            and each.serial_number == named.serial_number
            and each.issuer.public_bytes() == asn1.encode_der(named.issuer)
        ):
            return each
    raise CannotVerify("the certificate that it names as its signer's is not there")


def _must_hold(leaf: x509.Certificate, signature: form.Signature, signed: bytes) -> None:
    by = signature.algorithm.algorithm
    try:
        key = leaf.public_key()
        if isinstance(key, RSAPublicKey) and by in (RSA_KEY, *BY_RSA):
            algorithm = BY_RSA.get(by) or _hash(signature.digest_algorithm)
            key.verify(signature.signature, signed, PKCS1v15(), algorithm)
        elif isinstance(key, EllipticCurvePublicKey) and by in BY_CURVE:
            key.verify(signature.signature, signed, ECDSA(BY_CURVE[by]))
        else:
            raise CannotVerify(f"it is signed in a way not known here ({by.dotted_string})")
    except (InvalidSignature, *UNREADABLE) as error:
        raise CannotVerify("its signature does not hold") from error


def _hash(algorithm: form.Algorithm) -> hashes.HashAlgorithm:
    if algorithm.algorithm not in HASHES:
        raise CannotVerify(f"it uses a hash not known here ({algorithm.algorithm.dotted_string})")
    return HASHES[algorithm.algorithm]


def _digest(algorithm: hashes.HashAlgorithm, data: bytes) -> bytes:
    digest = hashes.Hash(algorithm)
    digest.update(data)
    return digest.finalize()


def _bad_time(at: datetime, now: datetime) -> CannotVerify:
    return CannotVerify(f"it says {stamp(at)}, and it is {stamp(now)} here")
