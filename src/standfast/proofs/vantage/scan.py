"""Ask every port of some addresses whether it answers, from wherever this runs.

    python3 -m standfast.proofs.vantage.scan < plan

The plan is `{"targets": {"edge-1": "203.0.113.11"}, "first": 1, "last": 65535, "rate": 20000,
"secret": "…"}`, the answer `{"seconds": …, "targets": {"edge-1": {"address", "source", "open": […],
"refused": […], "udp": […]}}}`. Half-open, with raw sockets (raw(7)), so it needs root or
CAP_NET_RAW: no program over there hears of it, and silence costs no waiting. Standard library only.
"""

import json
import select
import selectors
import socket
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import Any

from standfast.core.clock import Clock, SystemClock
from standfast.proofs.vantage.datagrams import QUESTIONS
from standfast.proofs.vantage.syn import Answer, Asker

PASSES = 2
"""A question or its answer may be lost on the way, once."""

PATIENCE_S = 1.5
"""For the last answers of a pass: any host on earth has answered by then."""

BURST = 64
RECEIVE_BYTES = 8 * 1024 * 1024
"""Everything that is sent back waits here while the next burst is sent."""


@dataclass(slots=True, kw_only=True)
class Heard:
    asker: Asker
    answers: dict[int, Answer] = field(default_factory=dict)
    udp: set[int] = field(default_factory=set)

    @property
    def document(self) -> Mapping[str, Any]:
        return {
            "address": str(self.asker.target),
            "source": str(self.asker.source),
            "open": self.having(Answer.OPEN),
            "refused": self.having(Answer.REFUSED),
            "udp": sorted(self.udp),
        }

    def having(self, answer: Answer) -> list[int]:
        return sorted(port for port, said in self.answers.items() if said is answer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The raw sockets over which all is asked and heard."""

    tcp: socket.socket
    icmp: socket.socket
    clock: Clock

    @classmethod
    def open(cls, clock: Clock) -> "Line":
        tcp = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
        icmp = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        for each in (tcp, icmp):
            each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        return cls(tcp=tcp, icmp=icmp, clock=clock)

    def send(self, segment: bytes, target: IPv4Address) -> None:
        """A network that cannot be reached from here is as silent as one can be."""
        try:
            self.tcp.sendto(segment, (str(target), 0))
        except OSError:
            return

    def hear(self, heard: Sequence[Heard], until: float) -> None:
        """What has come in, and what still comes until then."""
        while True:
            ready, _, _ = select.select(
                (self.tcp, self.icmp), (), (), max(0.0, until - self.clock.monotonic())
            )
            for each in ready:
                take(each is self.tcp, each.recv(4096), heard)
            if not ready:
                return


def take(is_tcp: bool, packet: bytes, heard: Iterable[Heard]) -> None:
    for each in heard:
        if is_tcp:
            if found := each.asker.answer(packet):
                each.answers[found[0]] = found[1]
        elif (port := each.asker.refusal(packet)) is not None:
            each.answers.setdefault(port, Answer.REFUSED)


def source_towards(target: IPv4Address) -> IPv4Address:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((str(target), 9))
        return IPv4Address(probe.getsockname()[0])


def scan(
    targets: Iterable[IPv4Address], ports: range, rate: float, *, secret: bytes, clock: Clock
) -> list[Heard]:
    """`rate`: questions a second, all targets together; `secret`: drawn for this run.

    Raises `PermissionError` without the right to raw sockets, `OSError` for a target to which there
    is no way at all.
    """
    line = Line.open(clock)
    with (
        line.tcp,
        line.icmp,
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as held,
    ):
        held.bind(("", 0))  # so that the kernel gives our port to nobody else meanwhile
        ours: int = held.getsockname()[1]
        heard = [
            Heard(asker=Asker(source=source_towards(each), target=each, port=ours, secret=secret))
            for each in targets
        ]
        for _ in range(PASSES):
            ask_all(line, heard, ports, rate)
            line.hear(heard, clock.monotonic() + PATIENCE_S)
    ask_by_datagram(heard, clock)
    return heard


def ask_all(line: Line, heard: Sequence[Heard], ports: range, rate: float) -> None:
    """What has answered is not asked again."""
    began, asked = line.clock.monotonic(), 0
    for port in ports:
        for each in heard:
            if port not in each.answers:
                line.send(each.asker.syn(port), each.asker.target)
                asked += 1
        if asked % BURST < len(heard):
            line.hear(heard, began + asked / rate)


def ask_by_datagram(heard: Sequence[Heard], clock: Clock) -> None:
    """All at once. The kernel tells a connected socket of a refusal: that is an answer, too
    (udp(7))."""
    with ExitStack() as opened:
        asked = opened.enter_context(selectors.DefaultSelector())
        for of in heard:
            for port, question in QUESTIONS.items():
                each = opened.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                asked.register(each, selectors.EVENT_READ, (each, of, port))
                with suppress(OSError):
                    each.connect((str(of.asker.target), port))
                    each.send(question)
        end = clock.monotonic() + PATIENCE_S
        while (left := end - clock.monotonic()) > 0:
            for key, _ in asked.select(left):
                each, of, port = key.data
                of.udp.add(port)
                with suppress(OSError):
                    each.recv(4096)


def main() -> None:
    plan: Mapping[str, Any] = json.load(sys.stdin)
    clock = SystemClock()
    began = clock.monotonic()
    names = list(plan["targets"])
    heard = scan(
        [IPv4Address(plan["targets"][name]) for name in names],
        range(plan["first"], plan["last"] + 1),
        plan["rate"],
        secret=str(plan["secret"]).encode(),
        clock=clock,
    )
    found = {name: each.document for name, each in zip(names, heard, strict=True)}
    print(json.dumps({"seconds": round(clock.monotonic() - began, 1), "targets": found}))


if __name__ == "__main__":
    main()
