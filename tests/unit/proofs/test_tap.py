"""What a machine hears on its cables, from packets as the kernel hands them over."""

import struct
from ipaddress import ip_address

from hypothesis import given
from hypothesis import strategies as st

from standfast.proofs.drills.tap import IPV4, IPV6, Flow, Heard, parted

NEEDLE = b"f81d4fae-7dec-11d0-a765-00a0c91e6bf6"
HERE, THERE = "10.0.0.1", "10.0.0.2"
FLOW = Flow(HERE, 40000, THERE, 5432)


def tcp(content: bytes, *, ports: tuple[int, int] = (40000, 5432), options: bytes = b"") -> bytes:
    offset = (20 + len(options)) // 4 << 4
    return struct.pack("!HHIIBBHHH", *ports, 1, 1, offset, 0x18, 500, 0, 0) + options + content


def udp(content: bytes) -> bytes:
    return struct.pack("!HHHH", 40000, 514, 8 + len(content), 0) + content


def ipv4(kind: int, content: bytes, *, padding: bytes = b"") -> bytes:
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(content), 7, 0, 64, kind, 0)
    return header + ip_address(HERE).packed + ip_address(THERE).packed + content + padding


def ipv6(kind: int, content: bytes) -> bytes:
    header = struct.pack("!IHBB", 6 << 28, len(content), kind, 64)
    return header + ip_address("fd00::1").packed + ip_address("fd00::2").packed + content


def heard(*packets: bytes, protocol: int = IPV4) -> Heard:
    found = Heard(needle=NEEDLE)
    for packet in packets:
        found.take(protocol, packet)
    return found


def test_what_a_packet_carries_is_all_behind_its_headers_and_nothing_of_its_padding() -> None:
    packet = ipv4(6, tcp(b"saved", options=b"\x01" * 12), padding=b"\x00" * 6)
    assert parted(IPV4, packet) == (FLOW, b"saved")
    flow = Flow("fd00::1", 40000, "fd00::2", 514)
    assert parted(IPV6, ipv6(17, udp(b"logged"))) == (flow, b"logged")


def test_a_sentence_is_found_in_whatever_carries_it() -> None:
    assert heard(ipv4(6, tcp(b"<<" + NEEDLE + b">>"))).found[FLOW] == 1
    assert sum(heard(ipv4(17, udp(NEEDLE))).found.values()) == 1
    assert sum(heard(ipv4(50, NEEDLE)).found.values()) == 1
    assert sum(heard(ipv6(6, tcp(NEEDLE)), protocol=IPV6).found.values()) == 1
    assert sum(heard(b"no IP at all: " + NEEDLE, protocol=0x88CC).found.values()) == 1


@given(cut=st.integers(1, len(NEEDLE) - 1))
def test_a_sentence_that_two_packets_share_is_found_once(cut: int) -> None:
    first, second = tcp(b"xx" + NEEDLE[:cut]), tcp(NEEDLE[cut:] + b"xx")
    assert heard(ipv4(6, first), ipv4(6, second)).found[FLOW] == 1


def test_halves_on_two_connections_are_no_sentence() -> None:
    first, second = tcp(NEEDLE[:20]), tcp(NEEDLE[20:], ports=(40001, 5432))
    assert not sum(heard(ipv4(6, first), ipv4(6, second)).found.values())


@given(st.binary(max_size=120), st.sampled_from((IPV4, IPV6, 0x0806)))
def test_no_packet_stops_it_and_none_is_passed_over(packet: bytes, protocol: int) -> None:
    found = heard(packet, protocol=protocol)
    assert found.packets == 1
    assert not found.found.total()


def test_a_packet_that_is_cut_short_is_all_content() -> None:
    assert sum(heard(b"\x45" + NEEDLE[:30]).found.values()) == 0
    assert sum(heard(b"\x45\x00" + NEEDLE, protocol=IPV6).found.values()) == 1


def test_it_is_told_by_connection() -> None:
    told = heard(ipv4(6, tcp(NEEDLE)), ipv4(6, tcp(b"more")), ipv4(6, tcp(b""))).told(missed=2)
    assert told == {
        "packets": 3,
        "missed": 2,
        "flows": [[HERE, 40000, THERE, 5432, len(NEEDLE) + 4, 1]],
    }
