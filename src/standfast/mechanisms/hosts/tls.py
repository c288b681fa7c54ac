"""Mutual TLS between machines, and between the operator and machines. Standard library only.

Both sides show a certificate of the site's own authority; who somebody is, is its common name.
TLS 1.2 or newer. The list of ciphers below rules TLS 1.2 alone (ssl(3): that of TLS 1.3 cannot be
set from Python), so whoever must be sure of AES asks `uses_aes_gcm` after the handshake.
"""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CIPHERS = "ECDHE+AESGCM"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Files in PEM: a certificate, its key, and the authority that the other side must have."""

    cert: Path
    key: Path
    ca: Path

    @classmethod
    def in_folder(cls, folder: Path) -> "Identity":
        return cls(cert=folder / "cert.pem", key=folder / "key.pem", ca=folder / "ca.pem")


def server_context(identity: Identity) -> ssl.SSLContext:
    made = context(ssl.PROTOCOL_TLS_SERVER, identity)
    made.verify_mode = ssl.CERT_REQUIRED
    return made


def client_context(identity: Identity) -> ssl.SSLContext:
    """The server's certificate must name the host that is asked for: Python's default here."""
    return context(ssl.PROTOCOL_TLS_CLIENT, identity)


def context(side: int, identity: Identity) -> ssl.SSLContext:
    made = ssl.SSLContext(side)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.set_ciphers(CIPHERS)
    made.load_cert_chain(identity.cert, identity.key)
    made.load_verify_locations(identity.ca)
    return made


def peer(connection: ssl.SSLSocket) -> str:
    """The common name of the certificate that the other side showed."""
    certificate: Any = connection.getpeercert() or {}
    return next(
        (
            str(value)
            for part in certificate.get("subject", ())
            for key, value in part
            if key == "commonName"
        ),
        "",
    )


def uses_aes_gcm(connection: ssl.SSLSocket) -> bool:
    cipher = connection.cipher()
    return cipher is not None and "AES" in cipher[0] and "GCM" in cipher[0]
