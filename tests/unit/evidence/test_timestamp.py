"""A time-stamp counts when all of it is right; OpenSSL makes them, and agrees."""

import hashlib
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.tsa import STAMPING, Issued, Tsa, issued, openssl, root, signer, verifies

from standfast.core.errors import CannotVerify
from standfast.evidence.timestamp import form
from standfast.evidence.timestamp.authority import Authority, is_name, read_root
from standfast.evidence.timestamp.check import (
    ANSWER_LIMIT_BYTES,
    CLOCKS_APART,
    answered,
    kept,
    question,
)

DATA = b"example.test/log\n3\nAAAA\n\n\xe2\x80\x94 a signature\n"
NONCE = 0x1234_5678_9ABC_DEF0


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Tsa:
    return Tsa(folder=tmp_path_factory.mktemp("tsa"), signer=signer(root()))


@pytest.fixture(scope="module")
def answer(tsa: Tsa) -> bytes:
    return tsa.reply(question(DATA, NONCE))


def refusal(answer: bytes, authority: Authority, *, data: bytes = DATA, nonce: int = NONCE) -> str:
    with pytest.raises(CannotVerify) as caught:
        answered(answer, data, authority, nonce=nonce, now=now())
    return caught.value.problem


def test_openssl_reads_the_question_as_it_is_meant(tmp_path: Path) -> None:
    (tmp_path / "q.tsq").write_bytes(question(DATA, NONCE))
    text = openssl("ts", "-query", "-in", str(tmp_path / "q.tsq"), "-text")
    assert "Hash Algorithm: sha256" in text
    assert "Nonce: 0x123456789ABCDEF0" in text
    assert "Certificate required: yes" in text
    digest = hashlib.sha256(DATA).hexdigest()
    assert " ".join(digest[at : at + 2] for at in range(0, 16, 2)) in text.replace("-", " ")


def test_what_openssl_answers_is_believed_and_openssl_believes_it_too(
    tsa: Tsa, answer: bytes, tmp_path: Path
) -> None:
    found = answered(answer, DATA, tsa.authority, nonce=NONCE, now=now())
    assert found.authority == "time"
    assert abs(found.at - now()) < timedelta(minutes=1)
    assert kept(answer, DATA, tsa.authority, now=now()) == found
    (tmp_path / "data").write_bytes(DATA)
    (tmp_path / "answer").write_bytes(answer)
    (tmp_path / "root").write_bytes(tsa.root)
    assert verifies(tmp_path / "data", tmp_path / "answer", tmp_path / "root")


VARIANTS: dict[str, Callable[[Path], Tsa]] = {
    "no chain beside the signer": lambda folder: Tsa(
        folder=folder, signer=signer(root()), with_chain=False
    ),
    "an intermediate": lambda folder: Tsa(
        folder=folder, signer=signer(issued("Between", root(), ca=True))
    ),
    "an intermediate for time-stamps": lambda folder: Tsa(
        folder=folder,
        signer=signer(issued("Between", root(), ca=True, usage=STAMPING, critical=False)),
    ),
    "RSA": lambda folder: Tsa(
        folder=folder,
        signer=signer(root(), key=rsa.generate_private_key(65537, 2048)),
    ),
    "longer hashes": lambda folder: Tsa(
        folder=folder, signer=signer(root()), digest="sha512", ess="sha384"
    ),
    "fractions of seconds": lambda folder: Tsa(folder=folder, signer=signer(root()), digits=3),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_authorities_that_do_it_another_way_are_believed(variant: str, tmp_path: Path) -> None:
    tsa = VARIANTS[variant](tmp_path)
    answer = tsa.reply(question(DATA, NONCE))
    assert answered(answer, DATA, tsa.authority, nonce=NONCE, now=now())


def test_other_bytes_and_another_question_are_refused(tsa: Tsa, answer: bytes) -> None:
    assert "of other bytes" in refusal(answer, tsa.authority, data=DATA + b"x")
    assert "its nonce is not ours" in refusal(answer, tsa.authority, nonce=NONCE + 1)


def test_another_root_of_the_same_name_is_refused(answer: bytes) -> None:
    other = Authority(name="time", root=root().certificate)
    assert "does not vouch for" in refusal(answer, other)


def test_who_may_do_other_things_does_not_time_stamp(answer: bytes) -> None:
    """OpenSSL refuses to sign with these, so they are signed here."""
    above = root()
    authority = Authority(name="time", root=above.certificate)
    purposes: dict[str, tuple[x509.ExtendedKeyUsage | None, bool]] = {
        "none": (None, True),
        "another": (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), True),
        "two": (x509.ExtendedKeyUsage([*STAMPING, ExtendedKeyUsageOID.SERVER_AUTH]), True),
        "not critical": (STAMPING, False),
    }
    for name, (usage, critical) in purposes.items():
        wrong = issued("Time", above, usage=usage, critical=critical)
        said = refusal(crafted(answer, wrong), authority)
        assert "does not vouch for who signed it" in said, name
    good = crafted(answer, issued("Time", above, usage=STAMPING))
    assert answered(good, DATA, authority, nonce=NONCE, now=now())
    assert refusal(good[:-1] + bytes([good[-1] ^ 1]), authority) == "its signature does not hold"


@asn1.sequence
class Box:
    inner: asn1.TLV


def element(of: object) -> asn1.TLV:
    return boxed(asn1.encode_der(of))


def boxed(der: bytes) -> asn1.TLV:
    length = len(der)
    size = bytes([length]) if length < 128 else bytes([0x82 if length > 255 else 0x81])
    if length >= 128:
        size += length.to_bytes(2 if length > 255 else 1, "big")
    return form.decoded(Box, b"\x30" + size + der, "it").inner


def crafted(like: bytes, by: Issued) -> bytes:
    """The same time, signed by that certificate, all of it right but for what that is."""
    answer = form.decoded(form.Answer, like, "it")
    assert answer.token is not None
    signed = answer.token.content
    (signature,) = signed.signatures.as_list()
    content = signed.encapsulated.content
    assert content is not None
    named = form.SigningCertificate(
        certificates=[
            form.CertificateIdentifier(
                hash_algorithm=None,
                hashed=by.certificate.fingerprint(hashes.SHA256()),
                issuer_and_serial=None,
            )
        ],
        policies=None,
    )
    attributes = [
        element(form.Attribute(kind=kind, values=asn1.SetOf([element(value)])))
        for kind, value in (
            (form.CONTENT_TYPE, form.TST_INFO),
            (form.MESSAGE_DIGEST, hashlib.sha256(content).digest()),
            (form.SIGNING_CERTIFICATE_V2, named),
        )
    ]
    signature.certificate.serial_number = by.certificate.serial_number
    signature.certificate.issuer = boxed(by.certificate.issuer.public_bytes())
    signature.signed_attributes = attributes
    assert isinstance(by.key, ec.EllipticCurvePrivateKey)
    said = asn1.encode_der(asn1.SetOf(attributes))
    signature.signature = by.key.sign(said, ec.ECDSA(hashes.SHA256()))
    der = by.certificate.public_bytes(Encoding.DER)
    signed.certificates = [boxed(der)]
    signed.signatures = asn1.SetOf([signature])
    return asn1.encode_der(answer)


def test_an_intermediate_that_may_not_vouch_is_refused(tmp_path: Path) -> None:
    above = root(path_length=0)
    tsa = Tsa(folder=tmp_path / "deep", signer=signer(issued("Between", above, ca=True)))
    assert "does not vouch" in refusal(tsa.reply(question(DATA, NONCE)), tsa.authority)
    tsa = Tsa(folder=tmp_path / "leaf", signer=signer(issued("Between", root(), ca=False)))
    assert "does not vouch" in refusal(tsa.reply(question(DATA, NONCE)), tsa.authority)


def test_a_certificate_that_was_not_valid_then_is_refused(tmp_path: Path) -> None:
    past = now() - timedelta(days=1)
    old = issued("Time", root(), usage=STAMPING, until=past)
    tsa = Tsa(folder=tmp_path, signer=old)
    assert "does not vouch" in refusal(tsa.reply(question(DATA, NONCE)), tsa.authority)


def test_it_counts_for_ever_if_it_was_valid_then(tsa: Tsa, answer: bytes) -> None:
    later = now() + timedelta(days=10_000)
    assert kept(answer, DATA, tsa.authority, now=later).at < now() + timedelta(minutes=1)


def test_a_clock_that_is_wrong_is_refused(tsa: Tsa, answer: bytes) -> None:
    for moment in (now() - 2 * CLOCKS_APART, now() + 2 * CLOCKS_APART):
        with pytest.raises(CannotVerify, match=r"it says .* and it is .* here"):
            answered(answer, DATA, tsa.authority, nonce=NONCE, now=moment)
    with pytest.raises(CannotVerify, match="it says"):
        kept(answer, DATA, tsa.authority, now=now() - 2 * CLOCKS_APART)


def test_the_old_name_of_the_signer_by_sha1_is_refused(tmp_path: Path) -> None:
    tsa = Tsa(folder=tmp_path, signer=signer(root()), ess="sha1")
    said = refusal(tsa.reply(question(DATA, NONCE)), tsa.authority)
    assert said.startswith("it does not have exactly one signed attribute 1.2.840.113549.1.9.16.2.")


def test_without_certificates_nobody_is_named(tsa: Tsa) -> None:
    asked = question(DATA, NONCE)
    without = asked[:1] + bytes([asked[1] - 3]) + asked[2:-3]
    said = refusal(tsa.reply(without), tsa.authority)
    assert said == "the certificate that it names as its signer's is not there"


def test_what_was_not_granted_says_why(tsa: Tsa) -> None:
    """OpenSSL refuses a hash that it is not set up for."""
    asked = question(DATA, NONCE).replace(
        bytes.fromhex("0609608648016503040201"), b"\x06\x09" + b"*" * 9
    )
    said = refusal(tsa.reply(asked), tsa.authority)
    assert said.startswith("it was not granted (status 2): ")
    assert len(said) > 40


def test_garbage_is_refused_in_words(tsa: Tsa, answer: bytes) -> None:
    for garbage in (b"", b"<html>", answer[:-1], answer + b"x", b"\x30\x80" + answer):
        assert "not what RFC 3161 says" in refusal(garbage, tsa.authority)
    assert "longer than" in refusal(answer + bytes(ANSWER_LIMIT_BYTES), tsa.authority)


@pytest.mark.filterwarnings("ignore:Parsed a serial number which wasn't positive")
def test_no_answer_that_was_changed_says_another_time(tsa: Tsa, answer: bytes) -> None:
    """What is not signed may change (a word of the status, a certificate that nobody needs); then
    it says the same. All else is refused, and nothing but `CannotVerify` comes out."""
    true = kept(answer, DATA, tsa.authority, now=now())
    drawn, refused = random.Random(1), 0
    for _ in range(3000):
        damaged = bytearray(answer)
        at = drawn.randrange(len(damaged))
        if drawn.random() < 0.7:
            damaged[at] ^= 1 << drawn.randrange(8)
        else:
            del damaged[at : at + drawn.randrange(1, 9)]
        try:
            assert kept(bytes(damaged), DATA, tsa.authority, now=now()) == true
        except CannotVerify:
            refused += 1
    assert refused > 2500


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(CannotVerify):
        kept(data, DATA, ANY, now=now())


ANY = Authority(name="time", root=root().certificate)


def test_a_root_is_one_certificate_that_signed_itself() -> None:
    above = root()
    assert read_root(above.pem) == above.certificate
    for wrong in (
        b"",
        b"garbage",
        signer(above).pem,
        issued("x", above, ca=True).pem,
        issued("itself", ca=False).pem,
        above.pem + above.pem,
        above.certificate.public_bytes(Encoding.DER),
    ):
        with pytest.raises(CannotVerify, match="no root of a time-stamp authority"):
            read_root(wrong)


def test_a_name_is_part_of_a_files() -> None:
    assert is_name("freetsa-2026")
    for wrong in ("", "a/b", "..", "a b", "a.b", "x" * 41, "-x"):
        assert not is_name(wrong)
