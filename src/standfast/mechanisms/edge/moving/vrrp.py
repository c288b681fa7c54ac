"""Addresses that move by VRRP (RFC 5798), as keepalived speaks it.

Advertisements go from edge to edge by unicast, on the private network. VRRP has no authentication
(RFC 5798, section 9), so who may send any is the firewall's matter: the other edges alone.
"""

from standfast.core.templates import render
from standfast.mechanisms.edge.moving.ask import MovingAsk
from standfast.mechanisms.edge.moving.turns import Turn
from standfast.mechanisms.hosts.agent.faults import Fault
from standfast.mechanisms.hosts.bundle import VRRP, Contribution, File, Flow, Unit
from standfast.mechanisms.hosts.names import FAULTS

UNIT = "keepalived.service"
CONFIG = "/etc/keepalived/keepalived.conf"
ANSWERING = "/etc/keepalived/answering.pl"
"""At the same place in every release, so that keepalived is not told anything new by each."""

PINNED = "pinned-address"
"""The planted fault: every edge holds its own address and stands in for nobody."""

PINNED_CONFIG = f"{FAULTS}/{PINNED}.conf"

ADVERT_S = 0.4
"""Between two advertisements. Three that are missed, and a part of one by priority, are 1.4 s: so
long an address is dark when its edge dies; and so long an edge that lives may be held up by a busy
computer before somebody takes its address from it."""

RETURN_S = 2
"""Between the moment an edge is well again, twice in two seconds, and its address's way back: long
enough for HAProxy to have asked every web server how it is."""


def plan(turns: tuple[Turn, ...], ask: MovingAsk) -> Contribution:
    fault = Fault(name=PINNED, unit=UNIT, environment={"CONFIG": PINNED_CONFIG})
    return Contribution(
        files=(
            File(path=CONFIG, content=config(turns, ask), reloads=(UNIT,)),
            File(path=ANSWERING, content=render(__package__, "answering.pl").encode()),
            File(path=PINNED_CONFIG, content=config(pinned(turns), ask)),
            File(path=f"{FAULTS}/{PINNED}.json", content=fault.declaration()),
            unit(),
        ),
        units=(Unit(name=UNIT),),
        flows=(
            Flow(
                port=0,
                sources=tuple(map(str, turns[0].peers)),
                why="edges say that they are there",
                protocol=VRRP,
            ),
        ),
        packages=("keepalived",),
    )


def pinned(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    return tuple(each for each in turns if each.at_home)


def config(turns: tuple[Turn, ...], ask: MovingAsk) -> bytes:
    return render(
        __package__,
        "keepalived.conf",
        ask=ask,
        turns=turns,
        answering=ANSWERING,
        advert_s=ADVERT_S,
        return_s=RETURN_S,
    ).encode()


def unit() -> File:
    """In the place of Debian's, which starts what we do not use (LVS) and names no variable."""
    return File(
        path=f"/etc/systemd/system/{UNIT}",
        content=render(__package__, UNIT, config=CONFIG).encode(),
        restarts=(UNIT,),
    )
