"""The firewall of every machine: closed, but for the flows that the plan names.

What is dropped is counted, not logged: the kernel's log is not readable inside made machines.
"""

from standfast.core.templates import render
from standfast.mechanisms.hosts.bundle import Contribution, File, Flow, Unit

RULES = "/etc/nftables.conf"


def plan(flows: tuple[Flow, ...]) -> Contribution:
    ordered = sorted(flows, key=lambda flow: (flow.protocol, flow.port, flow.sources))
    return Contribution(
        files=(
            File(
                path=RULES,
                content=render(__package__, "nftables.conf", flows=ordered).encode(),
                reloads=("nftables.service",),
            ),
        ),
        units=(Unit(name="nftables.service"),),
        packages=("nftables",),
    )
