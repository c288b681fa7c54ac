"""Observation `closed-ports`: what answers to a stranger, and what listens inside.

From where customers are, every TCP port and the usual UDP ports of every public address are asked
(`proofs/vantage/scan.py`). What may answer follows from the flows that make the firewall: what
is open to everybody, and what is open to the place from which we ask. All else must be silent; a
refusal is an answer. Each machine is asked as well on which ports it listens: one that no flow
names has been opened by somebody else, firewall or not.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any

from standfast.core.errors import CannotVerify, CommandFailed
from standfast.mechanisms.hosts.bundle import Flow
from standfast.mechanisms.hosts.firewall.plan import admits
from standfast.mechanisms.hosts.machine import Machine
from standfast.mechanisms.hosts.names import AGENT_PORT, MONITOR_PORT
from standfast.proofs.drills.ground import Ground, Ran
from standfast.proofs.vantage.datagrams import QUESTIONS

FIRST, LAST = 1, 65535
SHORT_LAST = 10_000
"""While the fault is planted, below this, what is behind the firewall is open: not for long."""

SCANNER = "standfast.proofs.vantage.scan"

RATE_HERE = 20_000.0
RATE_THERE = 5_000.0
"""Questions a second. There may be a router on the way that remembers each of them."""

OWN_VANTAGE = "the operator asked, and no stranger elsewhere"
"""Who runs the firewall may have opened it for others than himself; only they would know."""

SCAN_LIMIT_S = 900.0
"""Twenty public addresses at the slower rate."""

MACHINES_AT_ONCE = 4
SHOWN = 20
"""Ports that the evidence names for each machine; the counts are complete."""

EXPECTED = frozenset({("tcp", AGENT_PORT), ("tcp", MONITOR_PORT), ("udp", 68), ("udp", 546)})
"""Standfast's own doors, over mutual TLS, are there on machines too that no other machine asks: the
operator comes to them by SSH. And on the last two a machine that gets its address from others
listens for it (RFC 2131, RFC 8415)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Of one public address. `answering`: open or refused, and may not be; `service`: of those
    that must be open, which are."""

    machine: str
    answering: tuple[int, ...]
    datagrams: tuple[int, ...]
    service: tuple[int, ...]
    managed: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    machine: str
    protocol: str
    port: int

    def __str__(self) -> str:
        return f"{self.machine} listens on {self.protocol} {self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedPorts:
    def prepare(self, ground: Ground) -> None:
        """Nothing is needed, and nothing disturbed."""

    def run(self, ground: Ground, *, short: bool) -> Ran:
        started, flows = ground.clock.now(), ground.flows()
        public = {each.name: each for each in ground.machines if each.public is not None}
        last = SHORT_LAST if short else LAST
        ground.tell(f"asking {last} ports of each of {len(public)} public addresses")
        scanned = scan(ground, public.values(), last)
        outside = [
            looked(name, scanned["targets"][name], flows[name], public[name]) for name in public
        ]
        stray = [each for machine in listening(ground) for each in strays(*machine, flows)]
        measured = figures(outside, stray, last)
        story = told(outside, stray, measured, scanned["seconds"])
        ground.tell(story[0])
        return Ran(
            target="",
            run=str(ground.run),
            measured=measured,
            story=story,
            seen={"addresses": {each.machine: shown(each) for each in outside}},
            started_at=started,
            ended_at=ground.clock.now(),
            stand_ins=(OWN_VANTAGE,),
        )


def scan(ground: Ground, public: Iterable[Machine], last: int) -> Mapping[str, Any]:
    plan = {
        "targets": {each.name: str(each.public) for each in public},
        "first": FIRST,
        "last": last,
        "rate": RATE_HERE if ground.made_here else RATE_THERE,
        "secret": str(ground.run),
    }
    try:
        said = ground.vantage.look(SCANNER, json.dumps(plan).encode(), limit_s=SCAN_LIMIT_S)
    except CommandFailed as error:
        raise CannotVerify(
            f"the scan of the public addresses ended without a result: {error.problem}",
            remedy="It needs root, and a network to those addresses.",
        ) from error
    found: Mapping[str, Any] = json.loads(said)
    return found


def looked(
    name: str, scanned: Mapping[str, Any], flows: Sequence[Flow], machine: Machine
) -> Outside:
    """Raises `CannotVerify` when the service does not answer: silence proves nothing then."""
    here = IPv4Address(scanned["source"])
    wanted = {flow.port for flow in flows if flow.protocol == "tcp" and not flow.sources}
    is_open = {*scanned["open"]}
    if not wanted & is_open:
        raise CannotVerify(
            f"{name} does not answer at {machine.public} at all, so its silence says nothing",
            remedy="Run `standfast status`.",
        )
    answering = is_open.union(scanned["refused"])
    managed = {port for port in answering - wanted if admits(flows, here, port)}
    return Outside(
        machine=name,
        answering=tuple(sorted(answering - wanted - managed)),
        datagrams=tuple(scanned["udp"]),
        service=tuple(sorted(wanted & is_open)),
        managed=tuple(sorted(managed)),
    )


Listening = tuple[str, Sequence[Mapping[str, Any]]]


def listening(ground: Ground) -> list[Listening]:
    def asked(machine: Machine) -> Listening:
        return machine.name, ground.agents.ask(machine.name, "listening")["listening"]

    with ThreadPoolExecutor(MACHINES_AT_ONCE) as pool:
        return list(pool.map(asked, ground.machines))


def strays(
    machine: str, sockets: Sequence[Mapping[str, Any]], flows: Mapping[str, Sequence[Flow]]
) -> Iterator[Stray]:
    planned = {(flow.protocol, flow.port) for flow in flows[machine]}
    for protocol, port in sorted({(each["protocol"], each["port"]) for each in sockets}):
        if (protocol, port) not in planned | EXPECTED:
            yield Stray(machine=machine, protocol=protocol, port=port)


def figures(
    outside: Sequence[Outside], stray: Sequence[Stray], last: int = LAST
) -> dict[str, float]:
    return {
        "asked_ports": len(outside) * (last - FIRST + 1 + len(QUESTIONS)),
        "answering_ports": sum(len(each.answering) + len(each.datagrams) for each in outside),
        "stray_listeners": len(stray),
    }


def told(
    outside: Sequence[Outside],
    stray: Sequence[Stray],
    measured: Mapping[str, float],
    seconds: float,
) -> tuple[str, ...]:
    return (
        f"{measured['asked_ports']:,.0f} ports asked in {seconds:.0f} s … "
        f"{measured['answering_ports']:.0f} answer that must not, "
        f"{measured['stray_listeners']:.0f} listen that nobody planned",
        *(words for each in outside for words in lines(each)),
        *(f"{each}, and no flow of the plan names it" for each in stray[:SHOWN]),
    )


def lines(each: Outside) -> Iterator[str]:
    yield f"{each.machine}: open for everybody are {numbers(each.service)}"
    if each.managed:
        yield f"{each.machine}: {numbers(each.managed)} answers only where operators come from"
    if each.answering:
        yield f"{each.machine}: {numbers(each.answering)} answers, and must be silent"
    if each.datagrams:
        yield f"{each.machine}: UDP {numbers(each.datagrams)} answers, and must be silent"


def numbers(ports: Sequence[int]) -> str:
    more = f" and {len(ports) - SHOWN} more" if len(ports) > SHOWN else ""
    return ", ".join(map(str, ports[:SHOWN])) + more


def shown(each: Outside) -> Mapping[str, list[int]]:
    """As JSON has it."""
    return {
        "open": list(each.service),
        "answering": list(each.answering[:SHOWN]),
        "udp": list(each.datagrams[:SHOWN]),
        "managed": list(each.managed[:SHOWN]),
    }
