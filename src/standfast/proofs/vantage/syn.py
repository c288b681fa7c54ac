"""TCP segments that ask whether a port is open, and what the answers mean. Pure: bytes to bytes.

A SYN without a payload; its sequence number is drawn from a secret and the port, so that an answer
is known by its acknowledgement and nobody can make one up who has not seen the question. RFC 9293,
section 3.1 (header), 3.5.3 (what a closed port answers); RFC 1071 (checksum); RFC 792 (ICMP).
"""

import hashlib
import struct
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address

SYN, RST, ACK = 0x02, 0x04, 0x10
TCP, UDP = 6, 17
MSS = b"\x02\x04\x05\xb4"
"""1460: without this option some hosts take a SYN for a scanner's."""

HEADER = struct.Struct("!HHIIBBHHH")
UNREACHABLE = 3
"""ICMP type; whichever the code, somebody answered."""


class Answer(StrEnum):
    OPEN = "open"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """One source, one target. `port` is ours."""

    source: IPv4Address
    target: IPv4Address
    port: int
    secret: bytes

    def sequence(self, port: int) -> int:
        words = self.secret + self.target.packed + struct.pack("!H", port)
        return int.from_bytes(hashlib.blake2s(words, digest_size=4).digest())

    def syn(self, port: int) -> bytes:
        """The TCP segment; the kernel puts the IP header before it."""
        fields = (self.port, port, self.sequence(port), 0, 6 << 4, SYN, 64240)
        bare = HEADER.pack(*fields, 0, 0) + MSS
        pseudo = self.source.packed + self.target.packed + struct.pack("!BBH", 0, TCP, len(bare))
        return HEADER.pack(*fields, checksum(pseudo + bare), 0) + MSS

    def answer(self, packet: bytes) -> tuple[int, Answer] | None:
        """The port, and what its answer was; None for a packet that is none. `packet` begins with
        its IP header, as raw sockets hand it out (raw(7))."""
        inner = payload(packet)
        if inner is None or packet[9] != TCP or packet[12:16] != self.target.packed:
            return None
        if len(inner) < HEADER.size:
            return None
        source, target, _, acknowledged, _, flags, *_ = HEADER.unpack_from(inner)
        if target != self.port or not flags & ACK:
            return None
        if acknowledged != (self.sequence(source) + 1) % 2**32:
            return None
        if flags & RST:
            return source, Answer.REFUSED
        return (source, Answer.OPEN) if flags & SYN else None

    def refusal(self, packet: bytes) -> int | None:
        """The port that an ICMP message, of whomever, says cannot be reached."""
        inner = payload(packet)
        if inner is None or len(inner) < 8 or inner[0] != UNREACHABLE:
            return None
        quoted = inner[8:]
        rest = payload(quoted)
        if rest is None or quoted[9] != TCP or quoted[16:20] != self.target.packed:
            return None
        if len(rest) < 8:
            return None
        source, target, sequence = struct.unpack_from("!HHI", rest)
        return target if source == self.port and sequence == self.sequence(target) else None


def payload(packet: bytes) -> bytes | None:
    """What follows an IPv4 header; None if it is none."""
    if len(packet) < 20 or packet[0] >> 4 != 4:
        return None
    length = 4 * (packet[0] & 0x0F)
    return packet[length:] if length >= 20 else None


def checksum(data: bytes) -> int:
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
