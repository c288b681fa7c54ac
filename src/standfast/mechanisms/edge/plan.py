"""The edge: HAProxy before the web servers, and the way to the trust page."""

from dataclasses import dataclass

from standfast.core.templates import render
from standfast.mechanisms.edge import errors, stray
from standfast.mechanisms.edge.acme import LIVE, AcmeAsk
from standfast.mechanisms.edge.moving.ask import MovingAsk
from standfast.mechanisms.edge.moving.turns import turns
from standfast.mechanisms.edge.moving.way import WAYS
from standfast.mechanisms.edge.settings import STAY, EdgeSettings
from standfast.mechanisms.hosts.agent.faults import Fault
from standfast.mechanisms.hosts.bundle import Contribution, File, Flow, Reader, Unit
from standfast.mechanisms.hosts.machine import Machine, Role, having
from standfast.mechanisms.hosts.names import (
    BROUGHT,
    FAULTS,
    IDENTITY_FILES,
    PAGES_PORT,
    PUBLIC_IDENTITY,
    WEB_PORT,
)
from standfast.mechanisms.keys.certificates.brought import Brought

UNIT = "haproxy.service"
CONFIG = "/etc/haproxy/haproxy.cfg"
CHOICE = f"{BROUGHT}/names"
ENDING = f"{PUBLIC_IDENTITY}/ending.pem"

BLIND = "blind-edge"
ENDING_CERTIFICATE = "ending-certificate"
WEAK_SUITE = "weak-suite"
FAULTY = (BLIND, ENDING_CERTIFICATE, WEAK_SUITE)
"""The same configuration with one thing wrong in it, for a calibration."""

WEIGHTS = "standfast-weights.service"
EQUAL = Fault(name="equal-weights", unit=WEIGHTS, environment={"WEIGHTS": "equal"})

ONCE_SOCKET = "/run/haproxy/once.sock"
"""Through which a request that may not be repeated comes to HAProxy a second time."""

SCANNERS = (
    *("acunetix", "dirbuster", "feroxbuster", "fuzz\\ faster", "gobuster", "havij", "masscan"),
    *("nessus", "netsparker", "nikto", "nmap\\ scripting", "nuclei", "openvas", "sqlmap", "w3af"),
    *("whatweb", "wpscan", "zgrab"),
)
"""What programs that look for weaknesses call themselves. Whoever means to be hidden calls himself
something else: it stops the noise, not an attacker."""

REWRITE_BYTES = 1024
"""What HAProxy may add to a header of the greatest size (tune.maxrewrite)."""


PUBLIC_DEVICE, PRIVATE_DEVICE = "public", "private"
"""Of a machine made here: its cables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """An address at which this edge listens. `elsewhere`: it may be, so nobody waits for it; a
    `guest` is at home with another edge."""

    address: str
    elsewhere: bool
    guest: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeAsk:
    """What the edge needs to know: where the service says that it is well, which of its routes may
    take how long, whether the company has said where to report a weakness, and from which networks
    whoever comes is trusted beside those that the operator names: the vantage of drills; how its
    own certificate is issued, if by ACME; where the trust page can be read `elsewhere`, if it can;
    and in which way public addresses move."""

    health: str
    security_txt: bool
    trusted: tuple[str, ...]
    slow: tuple[str, ...]
    slow_limit_s: int
    limits: EdgeSettings
    acme: AcmeAsk | None = None
    elsewhere: str = ""
    way: str = STAY

    @property
    def longest_s(self) -> int:
        return max(self.limits.once_s, self.slow_limit_s if self.slow else 0)


def plan(
    machine: Machine,
    machines: tuple[Machine, ...],
    ask: EdgeAsk,
    *,
    certificate: bytes,
    source: str,
    ending: bytes,
    brought: tuple[Brought, ...] = (),
) -> Contribution:
    """`certificate` is the site's authority's for this machine's own key, `ending` another one, for
    a calibration; `brought` are those that have another authority, with their keys. `source` is
    the folder of our own source on the machine."""
    chosen = tuple(map(pair, brought))
    return Contribution(
        files=(
            File(
                path=CONFIG,
                content=config(machine, machines, ask, chosen),
                reloads=(UNIT,),
            ),
            *(
                file
                for name in FAULTY
                for file in faulty(name, config(machine, machines, ask, chosen, fault=name))
            ),
            *(
                File(path=f"{FAULTS}/{each.name}.json", content=each.declaration())
                for each in (EQUAL, stray.fault(source))
            ),
            File(path=errors.MAP, content=errors.error_map(ask.elsewhere), reloads=(UNIT,)),
            File(path=ENDING, content=ending),
            File(
                path=f"{PUBLIC_IDENTITY}/cert.pem",
                content=certificate,
                reloads=(UNIT,),
            ),
            *chosen,
            *((choice(brought),) if brought else ()),
            unit(),
            File(
                path=f"/etc/systemd/system/{WEIGHTS}",
                content=render(__package__, WEIGHTS, source=source).encode(),
                restarts=(WEIGHTS,),
            ),
        ),
        units=(Unit(name=UNIT), Unit(name=WEIGHTS)),
        flows=(
            Flow(port=80, sources=(), why="redirect to https"),
            Flow(port=443, sources=(), why="the service"),
        ),
        packages=("haproxy",),
        readers=tuple(Reader(path=path, unit=UNIT) for path in IDENTITY_FILES),
    )


def fronts(machine: Machine, machines: tuple[Machine, ...], ask: EdgeAsk) -> tuple[Front, ...]:
    """Its own first. Where addresses move, an edge listens at all of them before it holds any."""
    edges = having(machines, Role.EDGE)
    moves = ask.way in WAYS and len(edges) > 1
    others = tuple(each for each in edges if moves and each != machine)
    return tuple(
        Front(address=str(each.public), elsewhere=moves, guest=each != machine)
        for each in (machine, *others)
    )


def moving(machine: Machine, machines: tuple[Machine, ...], ask: EdgeAsk) -> Contribution:
    """What it takes that the addresses of others can come here, and its own can leave."""
    mine = turns(machine, having(machines, Role.EDGE))
    if ask.way not in WAYS or not mine:
        return Contribution()
    return WAYS[ask.way](
        mine,
        MovingAsk(
            machine=machine,
            public_interface=ask.limits.public_interface or PUBLIC_DEVICE,
            private_interface=ask.limits.private_interface or PRIVATE_DEVICE,
        ),
    )


def faulty(name: str, content: bytes) -> tuple[File, File]:
    """Debian's haproxy.service takes its configuration's path from the variable."""
    path = f"{FAULTS}/{name}.cfg"
    fault = Fault(name=name, unit=UNIT, environment={"CONFIG": path})
    declared = File(path=f"{FAULTS}/{name}.json", content=fault.declaration())
    return File(path=path, content=content), declared


def unit() -> File:
    """Debian's own, but that it starts at once, forgets its limits on starting often, and ends what
    it has begun before it stops (management guide, section 4: SIGUSR1)."""
    return File(
        path="/etc/systemd/system/haproxy.service.d/standfast.conf",
        content=b"[Unit]\nStartLimitIntervalSec=0\n[Service]\nRestart=always\nRestartSec=1\n"
        b"KillSignal=SIGUSR1\nTimeoutStopSec=15\n",
    )


def pair(brought: Brought) -> File:
    """Certificate, chain and key as HAProxy takes them (configuration manual, `crt`). It reads them
    as root, before it becomes a user of its own."""
    return File(
        path=path_of(brought),
        content=f"{brought.chain}{brought.key}".encode(),
        mode=0o600,
        reloads=(UNIT,),
    )


def path_of(brought: Brought) -> str:
    """Its name follows from the certificate, so a renewed one never meets a key that is not its."""
    return f"{BROUGHT}/{brought.digest[:16]}.pem"


def choice(brought: tuple[Brought, ...]) -> File:
    """Which one answers for which name (configuration manual, `crt-list`)."""
    lines = (f"{path_of(each)} {' '.join(each.names)}\n" for each in brought)
    return File(path=CHOICE, content="".join(lines).encode(), reloads=(UNIT,))


def config(
    machine: Machine,
    machines: tuple[Machine, ...],
    ask: EdgeAsk,
    chosen: tuple[File, ...] = (),
    *,
    fault: str = "",
) -> bytes:
    """`chosen`: the certificates beside the machine's own. `fault`: what is wrong on purpose."""
    listening = fronts(machine, machines, ask)
    buffer = ask.limits.header_limit_kb * 1024 + REWRITE_BYTES
    return render(
        __package__,
        "haproxy.cfg",
        machine=machine,
        fronts=listening,
        guests=[each.address for each in listening if each.guest],
        webs=having(machines, Role.WEB),
        monitors=having(machines, Role.MONITOR),
        health=ask.health,
        security_txt=ask.security_txt,
        trusted=(*ask.trusted, *map(str, ask.limits.trusted_sources)),
        scanners=SCANNERS,
        slow=ask.slow,
        slow_limit_s=ask.slow_limit_s,
        longest_s=ask.longest_s,
        limits=ask.limits,
        body_limit=ask.limits.body_limit_mb * 1024 * 1024,
        buffer=buffer,
        rewrite=REWRITE_BYTES,
        body_in_buffer=buffer // 2,
        words=errors.WORDS,
        error_map=errors.MAP,
        form=errors.FORM,
        retry_after_s=errors.RETRY_AFTER_S,
        once_socket=ONCE_SOCKET,
        choice=CHOICE if chosen else "",
        acme=ask.acme,
        live=LIVE,
        blind=fault == BLIND,
        ending=ENDING if fault == ENDING_CERTIFICATE else "",
        weak=fault == WEAK_SUITE,
        web_port=WEB_PORT,
        pages_port=PAGES_PORT,
    ).encode()
