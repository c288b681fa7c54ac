"""What is sent to a UDP port so that whatever usually sits there answers. Pure data.

A program that gets what it does not understand is silent, so a port is only as closed as the
question was good: each of these is the smallest question of its protocol that changes nothing.
"""

from collections.abc import Mapping
from types import MappingProxyType

DNS = bytes.fromhex("5f5f01000001000000000000") + b"\x07version\x04bind\x00\x00\x10\x00\x03"
"""Which version it is (RFC 1035, section 4; RFC 4892)."""

NTP = b"\x23" + bytes(47)
"""Version 4, client (RFC 5905, section 7.3)."""

SNMP = bytes.fromhex(
    "302602010104067075626c6963a019020101020100020100300e300c06082b060102010101000500"
)
"""sysDescr, version 2c, community `public` (RFC 3416)."""

SIP = (
    b"OPTIONS sip:nobody@standfast.invalid SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP standfast.invalid;branch=z9hG4bKstandfast\r\n"
    b"From: <sip:nobody@standfast.invalid>;tag=1\r\nTo: <sip:nobody@standfast.invalid>\r\n"
    b"Call-ID: standfast\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 0\r\nContent-Length: 0\r\n\r\n"
)
"""RFC 3261, section 11."""

DISCOVERY = (
    b'M-SEARCH * HTTP/1.1\r\nHost: 239.255.255.250:1900\r\nMan: "ssdp:discover"\r\n'
    b"MX: 1\r\nST: ssdp:all\r\n\r\n"
)
STATISTICS = b"\x00\x01\x00\x00\x00\x01\x00\x00version\r\n"
"""memcached's frame for datagrams, and its harmless command (protocol.txt, "UDP protocol")."""

FILE_WANTED = b"\x00\x01nothing\x00octet\x00"
"""RFC 1350, a file that is not there: the server's error is an answer."""

RPC = bytes.fromhex("5f5f5f5f0000000000000002000186a00000000200000000") + bytes(16)
"""The portmapper's null procedure (RFC 5531, RFC 1833)."""

NOTHING = b"\n"

QUESTIONS: Mapping[int, bytes] = MappingProxyType(
    {
        53: DNS,
        67: NOTHING,
        69: FILE_WANTED,
        111: RPC,
        123: NTP,
        137: NOTHING,
        161: SNMP,
        389: NOTHING,
        443: NOTHING,
        500: NOTHING,
        514: NOTHING,
        623: NOTHING,
        1194: NOTHING,
        1900: DISCOVERY,
        3478: NOTHING,
        4500: NOTHING,
        5060: SIP,
        5353: DNS,
        5432: NOTHING,
        11211: STATISTICS,
        51820: NOTHING,
    }
)
