"""Papers of somebody who is not of the site: an authority of its own, which signs this once.

The authority's key is kept nowhere: when the certificate ages, both are made anew.
"""

from datetime import datetime
from ipaddress import IPv4Address

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from standfast.mechanisms.hosts.local.store.rented import Papers
from standfast.mechanisms.keys.authority import (
    Authority,
    Subject,
    is_fresh,
    make,
    private_pem,
    signed,
)


def papers(name: str, address: IPv4Address, *, now: datetime) -> Papers:
    authority = make(name, now)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = signed(authority, Subject(name=name, addresses=(address,)), key.public_key(), now)
    return Papers(
        authority=authority.pem,
        certificate=certificate.public_bytes(serialization.Encoding.PEM),
        key=private_pem(key),
    )


def still_good(authority: bytes, certificate: bytes, *, now: datetime) -> bool:
    """Whether the certificate is that authority's, and has a third of its life left."""
    known = Authority(
        certificate=x509.load_pem_x509_certificate(authority),
        key=ec.generate_private_key(ec.SECP256R1()),
    )
    return is_fresh(x509.load_pem_x509_certificate(certificate), known, now)
