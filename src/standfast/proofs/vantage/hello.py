"""Say hello in TLS by hand, with suites and versions that no library of today would offer.

What a server refuses can only be seen by offering it, and the libraries at hand refuse first. This
builds a ClientHello (RFC 5246, section 7.4.1.2; RFC 8446, section 4.1.2), and reads from the answer
which version and suite the server takes, or that it takes none. No key is agreed on, nothing is
sent after the answer. Pure; standard library only.
"""

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

HANDSHAKE, ALERT = 0x16, 0x15
CLIENT_HELLO, SERVER_HELLO = 1, 2

SSL_3_0, TLS_1_0, TLS_1_1, TLS_1_2, TLS_1_3 = 0x0300, 0x0301, 0x0302, 0x0303, 0x0304
VERSIONS: Mapping[int, str] = MappingProxyType(
    {
        SSL_3_0: "SSL 3.0",
        TLS_1_0: "TLS 1.0",
        TLS_1_1: "TLS 1.1",
        TLS_1_2: "TLS 1.2",
        TLS_1_3: "TLS 1.3",
    }
)

GOOD_1_2 = (0xC02B, 0xC02F, 0xC02C, 0xC030)
"""ECDHE with AES-GCM (RFC 5289): what Mozilla's "intermediate" leaves when only AES-GCM is
promised."""

GOOD_1_3 = (0x1301, 0x1302)
"""AES-GCM (RFC 8446, appendix B.4)."""

OTHER_1_3 = (0x1303, 0x1304, 0x1305)

GREATEST_OLD = 0x00C5
OTHER_1_2 = tuple(
    each
    for each in (*range(0x0001, GREATEST_OLD + 1), *range(0xC001, 0xC0B0), *range(0xCCA8, 0xCCAF))
    if each not in GOOD_1_2
)
"""All that IANA has numbered for TLS 1.2 and before (registry "TLS Cipher Suites"), without
the good ones: no encryption, export, RC4, DES, CBC, CCM, ChaCha20, and key exchange by RSA."""

SERVER_NAME, GROUPS, POINTS, SIGNATURES, SUPPORTED, KEY_SHARE = 0, 10, 11, 13, 43, 51
X25519, P_256, P_384 = 0x001D, 0x0017, 0x0018
KNOWN_SIGNATURES = (0x0403, 0x0503, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0203, 0x0201)

MOST_BYTES = 16_384 + 5
"""Of one record (RFC 8446, section 5.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    version: int
    suites: tuple[int, ...]

    @property
    def words(self) -> str:
        return VERSIONS[self.version]


CONTROLS = (
    Offer(version=TLS_1_2, suites=GOOD_1_2),
    Offer(version=TLS_1_3, suites=GOOD_1_3),
)
"""Must be taken: a hello that a server does not understand is refused for another reason."""

WEAK = (
    Offer(version=TLS_1_3, suites=OTHER_1_3),
    Offer(version=TLS_1_2, suites=OTHER_1_2),
    Offer(version=TLS_1_1, suites=OTHER_1_2),
    Offer(version=TLS_1_0, suites=OTHER_1_2),
    Offer(version=SSL_3_0, suites=OTHER_1_2),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    version: int
    suite: int

    @property
    def words(self) -> str:
        return f"{VERSIONS.get(self.version, hex(self.version))} with suite {self.suite:#06x}"


def hello(offer: Offer, name: str, random: bytes) -> bytes:
    """One record. `name` is empty where an address is asked for, which is none (RFC 6066, section
    3). `random`: 32 bytes."""
    body = (
        struct.pack("!H", min(offer.version, TLS_1_2))
        + random
        + b"\0"  # no session to resume
        + sized(2, numbers(offer.suites))
        + sized(1, b"\0")  # no compression
        + (b"" if offer.version == SSL_3_0 else sized(2, extensions(offer, name)))
    )
    message = struct.pack("!B", CLIENT_HELLO) + len(body).to_bytes(3, "big") + body
    record_version = SSL_3_0 if offer.version == SSL_3_0 else TLS_1_0
    return struct.pack("!BH", HANDSHAKE, record_version) + sized(2, message)


def extensions(offer: Offer, name: str) -> bytes:
    """For TLS 1.3 without a key: the server asks for one, and names the suite that it takes."""
    known: list[tuple[int, bytes]] = []
    if name:
        known.append((SERVER_NAME, sized(2, b"\0" + sized(2, name.encode("idna")))))
    known += [
        (GROUPS, sized(2, numbers((X25519, P_256, P_384)))),
        (POINTS, sized(1, b"\0")),
        (SIGNATURES, sized(2, numbers(KNOWN_SIGNATURES))),
    ]
    if offer.version == TLS_1_3:
        known += [(SUPPORTED, sized(1, numbers((TLS_1_3,)))), (KEY_SHARE, sized(2, b""))]
    return b"".join(struct.pack("!H", kind) + sized(2, body) for kind, body in known)


def taken(answer: bytes) -> Taken | None:
    """None for a refusal: an alert, or the end of the connection. Raises `ValueError` for what is
    neither."""
    if not answer or answer[0] == ALERT:
        return None
    if answer[0] != HANDSHAKE or len(answer) < 9 or answer[5] != SERVER_HELLO:
        raise ValueError(f"no answer of TLS: {answer[:16].hex()}")
    body = answer[9:]
    session = 2 + 32
    at = session + 1 + body[session]
    version, suite = struct.unpack_from("!H", body)[0], struct.unpack_from("!H", body, at)[0]
    return Taken(version=selected(body[at + 3 :]) or version, suite=suite)


def selected(rest: bytes) -> int | None:
    """TLS 1.3 calls itself 1.2 and says in an extension what it is (RFC 8446, section 4.2.1)."""
    left = rest[2:]
    while len(left) >= 4:
        kind, length = struct.unpack_from("!HH", left)
        if kind == SUPPORTED and length == 2:
            return int.from_bytes(left[4:6], "big")
        left = left[4 + length :]
    return None


def numbers(values: Iterable[int]) -> bytes:
    return b"".join(struct.pack("!H", each) for each in values)


def sized(width: int, body: bytes) -> bytes:
    """With its length before it, in so many bytes."""
    return len(body).to_bytes(width, "big") + body


def whole_record(so_far: bytes) -> bool:
    return len(so_far) >= 5 and len(so_far) >= 5 + int.from_bytes(so_far[3:5], "big")
