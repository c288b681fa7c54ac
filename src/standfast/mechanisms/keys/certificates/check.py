"""Whether a certificate that somebody brings will do: everything that is wrong with it. Pure.

What counts is what browsers accept (CA/Browser Forum, Baseline Requirements, section 6.1.5;
Mozilla, Server Side TLS, "intermediate") and what the page promises: RSA of 2048 bits, P-256, or
better.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID

from standfast.mechanisms.keys.certificates.facts import covers, key_words, named, names

SHORTEST_RSA_BITS = 2048
CURVES = ("secp256r1", "secp384r1")
"""Those that browsers take in a certificate: P-521 is none of Chrome's, and the small ones are
weak."""

HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)

DATE = "%Y-%m-%d %H:%M UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """In the words of an error: what is wrong, and what to try."""

    what: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """As it was brought: `chain` in the order of its file."""

    chain: tuple[x509.Certificate, ...]
    key: PrivateKeyTypes = field(repr=False)

    @property
    def own(self) -> x509.Certificate:
        """The site's own, which edges show first."""
        return self.chain[0]


def problems(
    given: Given, *, wanted: Sequence[str], trusted: Sequence[x509.Certificate], now: datetime
) -> Iterator[Problem]:
    """All of them, in the order in which they are to be mended. `wanted`: the site's names;
    `trusted`: the authorities at which a chain may end."""
    misplaced = tuple(of_order(given))
    yield from misplaced
    if misplaced:
        return
    yield from of_key(given)
    yield from of_names(given.own, wanted)
    yield from of_use(given.own)
    for each in given.chain:
        yield from of_time(each, now)
        yield from of_strength(each)
    yield from of_chain(given.chain, trusted)


def of_order(given: Given) -> Iterator[Problem]:
    """The one of the key comes first, and each is signed by the next (RFC 8446, section 4.4.2)."""
    for place, each in enumerate(given.chain):
        if place and matches(each, given.key):
            yield Problem(
                what=f"the chain is out of order: the key's certificate ({called(each)}) is "
                f"number {place + 1} of {len(given.chain)} and must be the first",
                remedy="Put it first, then whoever signed it, and so on.",
            )
            return
    for one, following in pairwise(given.chain):
        signer = next((each for each in given.chain if signed_by(one, each)), None)
        if not signed_by(one, following) and signer is not None and signer is not one:
            yield Problem(
                what=f"the chain is out of order: after {called(one)} stands {called(following)}, "
                f"and {called(signer)} has signed it",
                remedy="Put each before the one that signed it.",
            )
            return


def of_key(given: Given) -> Iterator[Problem]:
    if not matches(given.own, given.key):
        yield Problem(
            what="the key is not that of the certificate: it is "
            f"{key_words(given.key.public_key())}, and {called(given.own)} has another one "
            f"({key_words(given.own.public_key())})",
            remedy="Was it renewed with a new key? Bring the key with which it was asked for.",
        )


def of_names(own: x509.Certificate, wanted: Sequence[str]) -> Iterator[Problem]:
    if not any(covers(own, each) for each in wanted):
        yield Problem(
            what=f"the certificate is for {', '.join(names(own)) or 'no name at all'}, and this "
            f"site is called {', '.join(wanted) or 'by no name'}",
            remedy="Is it another site's? A name of this one stands in `names` of standfast.toml.",
        )


def of_use(own: x509.Certificate) -> Iterator[Problem]:
    if is_authority(own):
        yield Problem(
            what=f"{called(own)} is an authority's certificate, and no server's",
            remedy="Bring the one that it has signed for your name.",
        )
    try:
        uses = own.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE} & {*uses}:
        yield Problem(
            what=f"{called(own)} is not meant for servers (its extended key usage leaves them out)",
            remedy="Ask the authority for a server's certificate.",
        )


def of_time(certificate: x509.Certificate, now: datetime) -> Iterator[Problem]:
    born, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now > ends:
        yield Problem(
            what=f"{called(certificate)} expired on {ends:{DATE}}",
            remedy="Bring a newer one.",
        )
    if now < born:
        yield Problem(
            what=f"{called(certificate)} is not valid before {born:{DATE}}, and it is {now:{DATE}}",
            remedy="Is this computer's clock right? Else bring it when its time has come.",
        )


def of_strength(certificate: x509.Certificate) -> Iterator[Problem]:
    key = certificate.public_key()
    strong = (isinstance(key, rsa.RSAPublicKey) and key.key_size >= SHORTEST_RSA_BITS) or (
        isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in CURVES
    )
    if not strong:
        yield Problem(
            what=f"the key of {called(certificate)} is {key_words(key)}, and browsers accept RSA "
            "of 2048 bits or more, P-256 and P-384",
            remedy="Have it issued for a new key: `openssl ecparam -genkey -name prime256v1`.",
        )
    if not is_root(certificate) and not isinstance(certificate.signature_hash_algorithm, HASHES):
        algorithm = certificate.signature_hash_algorithm
        yield Problem(
            what=f"{called(certificate)} is signed with "
            f"{algorithm.name if algorithm else 'an algorithm that browsers do not know'}",
            remedy="Have it issued anew, with SHA-256.",
        )


def of_chain(
    chain: Sequence[x509.Certificate], trusted: Sequence[x509.Certificate]
) -> Iterator[Problem]:
    for one, following in pairwise(chain):
        if not signed_by(one, following):
            yield Problem(
                what=f"the chain is incomplete: {called(one)} was signed by "
                f"{named(one.issuer)}, and {called(following)} follows",
                remedy="Put the certificate of each signer after the one that it signed.",
            )
            return
        if not is_authority(following):
            yield Problem(
                what=f"{called(following)} has signed {called(one)} and is no authority",
                remedy="Ask whoever issued it for the whole chain.",
            )
            return
    if len(chain) == 1 and is_root(chain[0]):
        yield Problem(
            what=f"{called(chain[0])} is signed by itself, so nobody vouches for it",
            remedy="Without one of an authority, the site's own signs: bring none.",
        )
    elif anchor(chain, trusted) is None:
        yield Problem(
            what=f"the chain is incomplete: it ends with {called(chain[-1])}, signed by "
            f"{named(chain[-1].issuer)}, whom nobody here trusts",
            remedy="Add what the authority gave as chain or intermediate; if it is your company's "
            "own, name its certificate with --authority.",
        )


def anchor(
    chain: Sequence[x509.Certificate], trusted: Iterable[x509.Certificate]
) -> x509.Certificate | None:
    """The authority at which the chain ends, if it is one of `trusted`."""
    last = chain[-1]
    for each in trusted:
        if each == last or (each.subject == last.issuer and signed_by(last, each)):
            return each
    return None


def matches(certificate: x509.Certificate, key: PrivateKeyTypes) -> bool:
    return certificate.public_key() == key.public_key()


def signed_by(certificate: x509.Certificate, signer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(signer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def is_root(certificate: x509.Certificate) -> bool:
    return signed_by(certificate, certificate)


def is_authority(certificate: x509.Certificate) -> bool:
    try:
        found = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        return False
    return found.ca


def called(certificate: x509.Certificate) -> str:
    return named(certificate.subject) or ", ".join(names(certificate))
