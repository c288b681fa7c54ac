"""The door before the engine's server: whoever shows no certificate of a known machine is refused
before anything is said to him.

The engine's own server completes a handshake with anybody, greets him with its name and version,
and only then asks who he is.
"""

from dataclasses import dataclass

from standfast.core.templates import render
from standfast.mechanisms.hosts.bundle import Contribution, File, Flow, Reader, Unit
from standfast.mechanisms.hosts.machine import Machine
from standfast.mechanisms.hosts.names import IDENTITY, IDENTITY_FILES


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """`name` is of the unit; `port` is open to the machines that are `known`, and leads to `inside`
    on the loopback. `to` and `why` are words for people."""

    name: str
    port: int
    inside: int
    known: tuple[Machine, ...]
    to: str
    why: str

    @property
    def unit(self) -> str:
        return f"standfast-{self.name}.service"

    @property
    def config(self) -> str:
        return f"/etc/standfast/{self.name}.cfg"


def plan(machine: Machine, door: Door) -> Contribution:
    config = render(
        __package__,
        "door.cfg",
        machine=machine,
        identity=IDENTITY,
        port=door.port,
        inside=door.inside,
        known=door.known,
    )
    unit = render(__package__, "door.service", to=door.to, config=door.config)
    return Contribution(
        files=(
            File(path=door.config, content=config.encode(), reloads=(door.unit,)),
            File(
                path=f"/etc/systemd/system/{door.unit}",
                content=unit.encode(),
                restarts=(door.unit,),
            ),
        ),
        units=(Unit(name=door.unit),),
        flows=(
            Flow(
                port=door.port,
                sources=tuple(str(each.address) for each in door.known),
                why=door.why,
            ),
        ),
        packages=("haproxy",),
        readers=tuple(Reader(path=path, unit=door.unit) for path in IDENTITY_FILES),
    )
