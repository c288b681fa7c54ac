"""What may answer to a stranger, and what may listen. Pure; and the scanner against real ports, in
a network of its own."""

import json
import socket
import struct
import subprocess
import sys
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest

from standfast.core.errors import CannotVerify
from standfast.mechanisms.hosts.agent import listening
from standfast.mechanisms.hosts.bundle import Flow
from standfast.mechanisms.hosts.machine import Machine, Reach, Role
from standfast.promises.catalog import CLOSED_PORTS
from standfast.promises.judge import judge
from standfast.promises.model import Outcome
from standfast.proofs.drills.closed_ports import Outside, figures, looked, shown, strays, told
from standfast.proofs.vantage.syn import HEADER, TCP, Answer, Asker, checksum, payload

SOURCE = Path(__file__).resolve().parents[3] / "src"
OBJECTIVE = CLOSED_PORTS.parts[0].objective
FLOWS = (
    Flow(port=80, sources=(), why="redirect to https"),
    Flow(port=443, sources=(), why="the service"),
    Flow(port=22, sources=("192.0.2.0/24",), why="operators"),
)
EDGE = Machine(
    name="edge-1",
    address=IPv4Address("10.0.0.11"),
    roles=frozenset({Role.EDGE}),
    public=IPv4Address("203.0.113.11"),
    reach=Reach(host="10.0.0.11"),
)


def seen(
    *, opened: tuple[int, ...] = (80, 443), source: str = "203.0.113.1", **more: Any
) -> Outside:
    scanned = {"source": source, "open": opened, "refused": [], "udp": [], **more}
    return looked("edge-1", scanned, FLOWS, EDGE)


def outcome(outside: Outside, *listens: tuple[str, int]) -> Outcome:
    sockets = [{"protocol": protocol, "port": port} for protocol, port in listens]
    stray = list(strays("edge-1", sockets, {"edge-1": FLOWS}))
    return judge(OBJECTIVE, figures([outside], stray))


def test_the_web_front_alone_is_kept() -> None:
    assert outcome(seen(), ("tcp", 80), ("tcp", 443), ("tcp", 22)) is Outcome.KEPT


def test_whatever_else_answers_breaks_it_even_by_a_refusal() -> None:
    assert outcome(seen(opened=(80, 443, 8081))) is Outcome.BROKEN
    assert outcome(seen(refused=[5432])) is Outcome.BROKEN
    assert outcome(seen(udp=[161])) is Outcome.BROKEN
    assert outcome(seen(opened=(22, 80, 443))) is Outcome.BROKEN


def test_what_is_open_where_operators_come_from_is_told_and_does_not_break_it() -> None:
    from_the_office = seen(opened=(22, 443), source="192.0.2.7")
    assert (from_the_office.managed, outcome(from_the_office)) == ((22,), Outcome.KEPT)
    words = told([from_the_office], [], figures([from_the_office], []), 12.0)
    assert "edge-1: 22 answers only where operators come from" in words


def test_what_is_shown_of_an_address_is_plain_json() -> None:
    beside = shown(seen(opened=(80, 443, 8081), udp=[161]))
    assert json.loads(json.dumps(beside)) == beside
    assert (beside["open"], beside["answering"], beside["udp"]) == ([80, 443], [8081], [161])


def test_silence_of_a_site_that_is_not_there_proves_nothing() -> None:
    with pytest.raises(CannotVerify, match="its silence says nothing"):
        seen(opened=())


def test_who_listens_without_a_plan_breaks_it_behind_the_firewall_too() -> None:
    assert outcome(seen(), ("tcp", 443), ("tcp", 8081)) is Outcome.BROKEN
    assert outcome(seen(), ("udp", 443)) is Outcome.BROKEN
    assert outcome(seen(), ("udp", 68)) is Outcome.KEPT


TCP_TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1
   1: 00000000:01BB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2
   2: 0B01000A:01BB 0200000A:C001 01 00000000:00000000 00:00000000 00000000     0        0 3
"""
TCP6_TABLE = """\
  sl  local_address                         remote_address                        st
   0: 00000000000000000000000001000000:0016 00000000000000000000000000000000:0000 0A 0
   1: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 0
   2: 0000000000000000FFFF00000100007F:1F90 00000000000000000000000000000000:0000 0A 0
"""
UDP_TABLE = """\
   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout
  100: 00000000:0044 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0
  101: 0B01000A:9C40 0200000A:0035 01 00000000:00000000 00:00000000 00000000     0        0
"""


def test_a_machine_says_what_others_could_knock_at(tmp_path: Path) -> None:
    for name, table in (("tcp", TCP_TABLE), ("tcp6", TCP6_TABLE), ("udp", UDP_TABLE)):
        (tmp_path / name).write_text(table)
    assert listening.read(tmp_path)["listening"] == [
        {"protocol": "tcp", "port": 22, "address": "::"},
        {"protocol": "tcp", "port": 443, "address": "0.0.0.0"},
        {"protocol": "udp", "port": 68, "address": "0.0.0.0"},
    ]


ASKER = Asker(
    source=IPv4Address("203.0.113.1"),
    target=IPv4Address("203.0.113.11"),
    port=40000,
    secret=b"drawn",
)


def packet(inner: bytes, protocol: int = TCP, source: IPv4Address = ASKER.target) -> bytes:
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(inner), 0, 0, 64, protocol, 0)
    return head + source.packed + ASKER.source.packed + inner


def answering(flags: int, *, port: int = 443, off: int = 1) -> bytes:
    acknowledged = (ASKER.sequence(port) + off) % 2**32
    return HEADER.pack(port, ASKER.port, 7, acknowledged, 5 << 4, flags, 0, 0, 0)


def test_a_question_has_a_checksum_that_its_reader_finds_right() -> None:
    segment = ASKER.syn(443)
    pseudo = ASKER.source.packed + ASKER.target.packed + struct.pack("!BBH", 0, 6, len(segment))
    assert checksum(pseudo + segment) == 0


def test_an_answer_counts_only_if_it_knows_the_question() -> None:
    assert ASKER.answer(packet(answering(0x12))) == (443, Answer.OPEN)
    assert ASKER.answer(packet(answering(0x14))) == (443, Answer.REFUSED)
    assert ASKER.answer(packet(answering(0x12, off=2))) is None
    assert ASKER.answer(packet(answering(0x02))) is None
    assert ASKER.answer(packet(answering(0x12), source=IPv4Address("203.0.113.12"))) is None


def test_an_icmp_refusal_is_an_answer_by_whomever_it_is_sent() -> None:
    asked = struct.pack("!BBHHHBBH", 0x45, 0, 44, 0, 0, 64, TCP, 0)
    asked += ASKER.source.packed + ASKER.target.packed + ASKER.syn(5432)[:8]
    icmp = bytes((3, 13, 0, 0, 0, 0, 0, 0)) + asked
    assert ASKER.refusal(packet(icmp, protocol=1, source=IPv4Address("198.51.100.1"))) == 5432
    assert ASKER.refusal(packet(bytes((0,)) + icmp[1:], protocol=1)) is None


@pytest.mark.parametrize("length", range(0, 60, 3))
def test_packets_that_are_cut_off_are_no_answers(length: int) -> None:
    whole = packet(answering(0x12))
    assert ASKER.answer(whole[:length]) in (None, (443, Answer.OPEN) if length >= 40 else None)
    assert ASKER.refusal(whole[:length]) is None
    payload(whole[:length])


SERVERS = """
import json, socket, subprocess, sys
def server(kind, port):
    made = socket.socket(socket.AF_INET, kind)
    made.bind(("127.0.0.1", port))
    return made
tcp = [server(socket.SOCK_STREAM, port) for port in (443, 8081)]
for each in tcp:
    each.listen()
with server(socket.SOCK_DGRAM, 123):
    rules = (
        "table inet t { chain c { type filter hook input priority 0;\\n"
        "tcp dport { 100-200, 300 } drop\\n udp dport != 123 drop\\n }\\n }"
    )
    subprocess.run(["nft", "-f", "-"], input=rules.encode(), check=True)
    plan = {"targets": {"here": "127.0.0.1"}, "first": 1, "last": 9000, "rate": 20000, "secret": ""}
    done = subprocess.run(
        [sys.executable, "-m", "standfast.proofs.vantage.scan"],
        input=json.dumps(plan).encode(), capture_output=True, check=True,
    )
    sys.stdout.buffer.write(done.stdout)
"""


def test_it_finds_what_is_open_refused_and_silent(tmp_path: Path) -> None:
    """A datagram to a port whose program says nothing is silence: NTP's here is none."""
    own = ("unshare", "--user", "--map-root-user", "--net", "--", "sh", "-c")
    program = tmp_path / "servers.py"
    program.write_text(SERVERS)
    done = subprocess.run(
        [*own, f"ip link set lo up && exec {sys.executable} {program}"],
        env={"PYTHONPATH": str(SOURCE), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["targets"]["here"]
    assert found["open"] == [443, 8081]
    assert len(found["refused"]) == 9000 - 2 - 102
    assert not {*range(100, 201), 300} & {*found["refused"]}
    assert found["udp"] == []
    assert socket.inet_aton(found["source"])
