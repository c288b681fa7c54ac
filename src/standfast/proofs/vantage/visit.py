"""What a stranger meets at the web front: the handshake, the certificate, an answer.

Standard library only. The certificate is fetched whether or not it is believed, because its
fingerprint is what a reader compares with the page.
"""

import hashlib
import http.client
import ssl
from dataclasses import dataclass
from pathlib import Path

from standfast.core.clock import Clock
from standfast.proofs.vantage.front import Door, believing, connected, handshake, trusting


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """`doubt`: why the certificate is not believed, empty if it is. `fingerprint`: SHA-256 of the
    certificate, in hexadecimal. `status`: of the answer to `GET /`, None if there was none."""

    protocol: str
    cipher: str
    fingerprint: str
    doubt: str
    status: int | None
    seconds: float


def meet(host: str, address: str, port: int, authority: Path | None, clock: Clock) -> Visit:
    """`host` is the name that the certificate must have. Raises `OSError` when nobody answers."""
    door: Door = {"name": host, "address": address, "port": port}
    fingerprint = shown(door)
    context = trusting(str(authority) if authority else None)
    began = clock.monotonic()
    protocol, cipher, doubt, status = "", "", "", None
    try:
        with (
            connected(door) as plain,
            context.wrap_socket(plain, server_hostname=host) as stream,
        ):
            protocol, cipher = stream.version() or "", (stream.cipher() or ("",))[0]
            status = answered(stream, host)
    except ssl.SSLCertVerificationError as error:
        doubt = error.verify_message
    except ssl.SSLError as error:
        doubt = error.reason or str(error)
    seconds = round(clock.monotonic() - began, 3)
    return Visit(
        protocol=protocol,
        cipher=cipher,
        fingerprint=fingerprint,
        doubt=doubt,
        status=status,
        seconds=seconds,
    )


def shown(door: Door) -> str:
    """The fingerprint of whatever certificate is shown there."""
    try:
        certificate, _, _ = handshake(door, believing())
    except ssl.SSLError:
        return ""
    return hashlib.sha256(certificate).hexdigest()


def answered(stream: ssl.SSLSocket, host: str) -> int | None:
    stream.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    answer = http.client.HTTPResponse(stream)
    try:
        answer.begin()
    except (http.client.HTTPException, OSError):
        return None
    return answer.status
