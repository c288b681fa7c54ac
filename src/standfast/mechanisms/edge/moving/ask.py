"""What every way to move an address is told."""

from dataclasses import dataclass

from standfast.mechanisms.hosts.machine import Machine


@dataclass(frozen=True, slots=True, kw_only=True)
class MovingAsk:
    """`machine` is the edge. `public_interface`: its network device that takes public addresses,
    `private_interface` the one that has its private address."""

    machine: Machine
    public_interface: str
    private_interface: str
