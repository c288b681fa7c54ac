"""What every machine has, whatever its roles: names, identity, the agent, SSH as we want it."""

import json
from collections.abc import Mapping

from standfast.core.templates import render
from standfast.mechanisms.hosts.bundle import Contribution, File, Flow, Folder, Unit
from standfast.mechanisms.hosts.machine import Machine, Role, having
from standfast.mechanisms.hosts.names import AGENT_PORT, AUTHORITY, IDENTITY, KEYS_GROUP

AGENT_IDLE_S = 60

VERBS_OF_ALL = ("facts", "kernel", "units")
VERBS_OF_ROLE: Mapping[Role, tuple[str, ...]] = {Role.EDGE: ("plant", "remove", "planted")}


def plan(
    machine: Machine,
    machines: tuple[Machine, ...],
    *,
    certificate: bytes,
    authority: bytes,
    source: str,
    management: tuple[str, ...],
    ssh_port: int,
) -> Contribution:
    """`source` is the folder of our own source on the machine; `management` who may reach SSH."""
    monitors = tuple(str(each.address) for each in having(machines, Role.MONITOR))
    names = render(__package__, "hosts", machine=machine, machines=machines)
    agent = render(__package__, "standfast-agent.service", source=source)
    listening = render(
        __package__, "standfast-agent.socket", address=machine.address, port=AGENT_PORT
    )
    return Contribution(
        files=(
            File(path="/etc/hosts", content=names.encode()),
            File(path=f"{IDENTITY}/cert.pem", content=certificate),
            File(path=f"{IDENTITY}/ca.pem", content=authority),
            File(path=AUTHORITY, content=authority),
            File(path="/etc/standfast/agent.json", content=agent_settings(machine)),
            File(
                path="/etc/ssh/sshd_config.d/standfast.conf",
                content=render(__package__, "sshd.conf").encode(),
                reloads=("ssh.service",),
            ),
            File(path="/etc/systemd/system/standfast-agent.service", content=agent.encode()),
            File(
                path="/etc/systemd/system/standfast-agent.socket",
                content=listening.encode(),
                restarts=("standfast-agent.socket",),
            ),
        ),
        units=(Unit(name="ssh.service"), Unit(name="standfast-agent.socket")),
        folders=(
            Folder(path="/etc/standfast"),
            Folder(path=IDENTITY, mode=0o750, group=KEYS_GROUP),
        ),
        flows=(
            Flow(port=ssh_port, sources=management, why="operators"),
            Flow(port=AGENT_PORT, sources=monitors, why="agent"),
        ),
        packages=("openssh-server", "openssl", "procps", "python3", "python3-venv"),
    )


def agent_settings(machine: Machine) -> bytes:
    verbs = sorted(
        {*VERBS_OF_ALL, *(verb for role in machine.roles for verb in VERBS_OF_ROLE.get(role, ()))}
    )
    settings = {
        "machine": machine.name,
        "address": str(machine.address),
        "port": AGENT_PORT,
        "verbs": {"operator": verbs},
        "resident": machine.is_a(Role.DATABASE),
        "idle_s": AGENT_IDLE_S,
    }
    return json.dumps(settings, indent=2, sort_keys=True).encode() + b"\n"
