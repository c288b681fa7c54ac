"""The daemon on every monitor that watches over the primary: its settings and its unit."""

import json

from standfast.core.templates import render
from standfast.mechanisms.hosts.bundle import Contribution, File, Flow, Reader, Unit
from standfast.mechanisms.hosts.machine import Machine, Role, having
from standfast.mechanisms.hosts.names import (
    AGENT_PORT,
    ETCD_CLIENT_PORT,
    IDENTITY_FILES,
    MONITOR_PORT,
    PATRONI_PORT,
)
from standfast.mechanisms.monitor.plan import HOME, USER

UNIT = "standfast-monitor.service"


def plan(
    machine: Machine, machines: tuple[Machine, ...], *, site: str, source: str, python: str
) -> Contribution:
    monitors = having(machines, Role.MONITOR)
    others = tuple(each for each in monitors if each != machine)
    settings = {
        "site": site,
        "machine": machine.name,
        "address": str(machine.address),
        "monitors": {each.name: str(each.address) for each in monitors},
        "databases": {each.name: str(each.address) for each in having(machines, Role.DATABASE)},
        "ports": {
            "agent": AGENT_PORT,
            "database": [PATRONI_PORT, AGENT_PORT],
            "etcd": ETCD_CLIENT_PORT,
            "monitor": MONITOR_PORT,
        },
    }
    unit = render(
        __package__,
        "daemon.service",
        daemon="monitor",
        title="watches over the primary",
        source=source,
        python=python,
        home=HOME,
        user=USER,
    )
    return Contribution(
        files=(
            File(
                path="/etc/standfast/monitor.json",
                content=json.dumps(settings, indent=2, sort_keys=True).encode() + b"\n",
                restarts=(UNIT,),
            ),
            File(path=f"/etc/systemd/system/{UNIT}", content=unit.encode(), restarts=(UNIT,)),
        ),
        units=(Unit(name=UNIT),),
        flows=(asked_by(others, MONITOR_PORT, "monitors ask each other"),) if others else (),
        readers=tuple(Reader(path=path, unit=UNIT, restart=True) for path in IDENTITY_FILES),
    )


def on_database(machines: tuple[Machine, ...]) -> Contribution:
    """What monitors may ask of a database machine."""
    monitors = having(machines, Role.MONITOR)
    return Contribution(
        flows=(asked_by(monitors, AGENT_PORT, "monitors ask what it sees of the others"),)
    )


def asked_by(machines: tuple[Machine, ...], port: int, why: str) -> Flow:
    return Flow(port=port, sources=tuple(str(each.address) for each in machines), why=why)
