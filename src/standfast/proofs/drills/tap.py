"""Listen to every cable of one machine for a sentence: run there, as root.

    python3 -m standfast.proofs.drills.tap

The first line on stdin says what to listen for: `{"needle": "…"}`. `{"listening": true}` is
answered as soon as nothing goes by unheard; when stdin ends, a line with what was heard follows. It
is a packet socket (packet(7)) on all interfaces, so it hears what leaves the machine as well as
what arrives, whatever the firewall then does with it. What the machine says to itself is left out:
it is on no cable. Standard library only.
"""

import ipaddress
import json
import select
import socket
import struct
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from standfast.core.clock import SystemClock

ALL_PROTOCOLS = 0x0003
IPV4, IPV6 = 0x0800, 0x86DD
LOOPBACK = 772
"""linux/if_packet.h, linux/if_ether.h, linux/if_arp.h."""

PACKET_STATISTICS = 6
SOL_PACKET = 263
RECEIVE_BUFFER_FORCE = 33
BUFFER_BYTES = 32 * 1024 * 1024
"""Some thousand packets, for as long as this process does not have its turn."""

PACKET_BYTES = 256 * 1024
"""Longer than any that the kernel hands over whole (its offload puts several into one)."""

LONGEST_S = 240.0
"""Whatever becomes of who asked."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Addresses as they are written, and ports; 0 where the packet has none."""

    source: str
    source_port: int
    target: str
    target_port: int


@dataclass(slots=True, kw_only=True)
class Heard:
    """`carried`: bytes of each flow beside its headers. `found`: how often the needle was
    in it. A needle that is cut in two is found as well: `tails` are the last bytes before."""

    needle: bytes
    packets: int = 0
    carried: Counter[Flow] = field(default_factory=Counter)
    found: Counter[Flow] = field(default_factory=Counter)
    tails: dict[Flow, bytes] = field(default_factory=dict)

    def take(self, protocol: int, packet: bytes) -> None:
        self.packets += 1
        flow, content = parted(protocol, packet)
        if not content:
            return
        whole = self.tails.get(flow, b"") + content
        self.carried[flow] += len(content)
        self.found[flow] += whole.count(self.needle)
        self.tails[flow] = whole[1 - len(self.needle) :]

    def told(self, missed: int) -> dict[str, Any]:
        """`flows`: source, port, target, port, bytes, how often found."""
        return {
            "packets": self.packets,
            "missed": missed,
            "flows": [
                [
                    *(each.source, each.source_port, each.target, each.target_port),
                    *(count, self.found[each]),
                ]
                for each, count in self.carried.items()
            ],
        }


def parted(protocol: int, packet: bytes) -> tuple[Flow, bytes]:
    """A packet without its link's header, to whose it is and what it carries. Of one that is no
    IP, or cut short, all is content: nothing is passed over."""
    try:
        if protocol == IPV4:
            header = (packet[0] & 0x0F) * 4
            (whole,) = struct.unpack_from("!H", packet, 2)
            source, target = packet[12:16], packet[16:20]
            kind, rest = packet[9], packet[header : whole or None]
        elif protocol == IPV6:
            source, target = packet[8:24], packet[24:40]
            kind, rest = packet[6], packet[40:]
        else:
            return Flow("", 0, "", 0), packet
        ports, content = carried_by(kind, rest)
        return (
            Flow(
                str(ipaddress.ip_address(source)),
                ports[0],
                str(ipaddress.ip_address(target)),
                ports[1],
            ),
            content,
        )
    except (ValueError, IndexError, struct.error):
        return Flow("", 0, "", 0), packet


def carried_by(kind: int, rest: bytes) -> tuple[tuple[int, int], bytes]:
    """RFC 9293, section 3.1, and RFC 768."""
    match kind:
        case socket.IPPROTO_TCP:
            return struct.unpack_from("!HH", rest), rest[(rest[12] >> 4) * 4 :]
        case socket.IPPROTO_UDP:
            return struct.unpack_from("!HH", rest), rest[8:]
        case _:
            return (0, 0), rest


def opened() -> socket.socket:
    tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ALL_PROTOCOLS))
    tap.setsockopt(socket.SOL_SOCKET, RECEIVE_BUFFER_FORCE, BUFFER_BYTES)
    tap.setblocking(False)
    return tap


def waiting(tap: socket.socket) -> Iterator[tuple[int, bytes]]:
    """What has arrived by now."""
    while True:
        try:
            packet, (_, protocol, _, hardware, _) = tap.recvfrom(PACKET_BYTES)
        except BlockingIOError:
            return
        if hardware != LOOPBACK:
            yield protocol, packet


def missed(tap: socket.socket) -> int:
    """Packets for which there was no room."""
    _, dropped = struct.unpack("II", tap.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
    return int(dropped)


def said(document: dict[str, Any]) -> None:
    print(json.dumps(document, separators=(",", ":")), flush=True)


def main() -> None:
    heard = Heard(needle=json.loads(sys.stdin.readline())["needle"].encode())
    with opened() as tap:
        said({"listening": True})
        for _ in rounds(tap):
            for protocol, packet in waiting(tap):
                heard.take(protocol, packet)
        said(heard.told(missed(tap)))


def rounds(tap: socket.socket) -> Iterator[None]:
    """Each time that something has arrived, until stdin ends."""
    watch = select.poll()
    watch.register(tap, select.POLLIN)
    watch.register(sys.stdin, select.POLLIN)
    clock = SystemClock()
    end = clock.monotonic() + LONGEST_S
    while (left := end - clock.monotonic()) > 0:
        ready = watch.poll(left * 1000)
        yield
        if any(handle == sys.stdin.fileno() for handle, _ in ready):
            return


if __name__ == "__main__":
    main()
