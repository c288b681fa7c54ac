"""What edges show to whoever asks, by certificate: for the operator, and for the log."""

from collections.abc import Iterable, Mapping

from cryptography import x509

from standfast.evidence.statement import ShownCertificate
from standfast.mechanisms.hosts.machine import Machine, Role, having
from standfast.mechanisms.keys.certificates import read
from standfast.mechanisms.keys.certificates.brought import Brought
from standfast.mechanisms.keys.certificates.facts import (
    fingerprint,
    key_words,
    named,
    names,
    serial,
)


def shown(
    machines: tuple[Machine, ...], public: Mapping[str, bytes], brought: Iterable[Brought]
) -> tuple[ShownCertificate, ...]:
    """`public`: by edge, what the site's authority has signed for it. What is yet to be signed is
    not shown."""
    edges = having(machines, Role.EDGE)
    return (
        *(
            told(certificate, each.names, tuple(str(edge.public) for edge in edges))
            for each in brought
            for certificate in own(each.chain.encode())
        ),
        *(
            told(certificate, names(certificate), (str(edge.public),))
            for edge in edges
            for certificate in own(public.get(edge.name, b""))
        ),
    )


def own(chain: bytes) -> tuple[x509.Certificate, ...]:
    """The first one, if it has been signed yet."""
    return read.authorities(chain)[:1]


def told(
    certificate: x509.Certificate, good_for: tuple[str, ...], addresses: tuple[str, ...]
) -> ShownCertificate:
    return ShownCertificate(
        names=good_for,
        addresses=addresses,
        issuer=named(certificate.issuer),
        serial=serial(certificate),
        sha256=fingerprint(certificate),
        key=key_words(certificate.public_key()),
        valid_from=certificate.not_valid_before_utc,
        valid_until=certificate.not_valid_after_utc,
    )
