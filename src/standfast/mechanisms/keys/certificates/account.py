"""The site's account at an ACME server: a key, sealed like every other, and who vouches there."""

from collections.abc import Iterable

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from standfast.mechanisms.keys.authority import private_pem
from standfast.mechanisms.keys.certificates import check, read
from standfast.mechanisms.keys.certificates.acme import jws
from standfast.mechanisms.keys.vault import Vault

ACCOUNT, ANCHOR = "acme.pem", "acme.anchor.pem"
"""In the sealed secrets. The second one is no secret: it is what readers are given."""


def ensure(vault: Vault) -> bytes:
    """The account's key (PEM), made when it is first needed."""
    return vault.ensure(ACCOUNT, made).encode()


def made() -> str:
    return private_pem(ec.generate_private_key(ec.SECP256R1())).decode()


def thumbprint(pem: bytes) -> str:
    key = load_pem_private_key(pem, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return jws.thumbprint(key)


def note_anchor(vault: Vault, chain: bytes, trusted: Iterable[x509.Certificate]) -> bool:
    """Who vouches for what was issued, for readers of the trust page. Whether somebody is known."""
    found = check.anchor(read.chain(chain, "what was issued"), trusted)
    if found is not None:
        vault.put(ANCHOR, read.written((found,)))
    return found is not None
