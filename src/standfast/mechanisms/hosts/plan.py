"""What every machine has, whatever its roles: names, identity, the agent, SSH as we want it."""

import json

from standfast.core.templates import render
from standfast.mechanisms.hosts.agent.lease import MARKS
from standfast.mechanisms.hosts.bundle import Contribution, File, Flow, Folder, Unit
from standfast.mechanisms.hosts.machine import Machine, Role, having
from standfast.mechanisms.hosts.names import AGENT_PORT, AUTHORITY, FAULTS, IDENTITY, KEYS_GROUP

AGENT = "standfast-agent.service"
AGENT_SOCKET = "standfast-agent.socket"
HEALING = "standfast-faults.service"

AGENT_IDLE_S = 60
"""Longer than the pauses between the questions of one command, short enough to cost nothing."""

VERBS_OF_ALL = ("facts", "kernel", "listening", "plant", "planted", "remove", "units", "volumes")
"""Faults among them: every role's room declares some that can be planted."""

VERBS_OF_MONITORS = ("canary", "kernel")
"""Of a database machine alone: whether it mirrors, and on which computer it runs."""

VERBS_OF_WATCHERS = ("severed",)
"""The same, where monitors take a dead primary's claim away."""

VERB_OF_ISSUING = "issued"
"""Of an edge whose certificate is issued by ACME."""


def plan(
    machine: Machine,
    machines: tuple[Machine, ...],
    *,
    certificate: bytes,
    authority: bytes,
    source: str,
    management: tuple[str, ...],
    ssh_port: int,
    fast_failover: bool,
    issues: bool = False,
) -> Contribution:
    """`source` is the folder of our own source on the machine; `management` who may reach SSH.
    `fast_failover`: monitors ask database machines about each other; `issues`: they ask edges
    which certificate was issued."""
    resident = machine.is_a(Role.DATABASE)
    names = render(
        __package__,
        "hosts",
        machines=machines,
        leads_to_primary=machine.is_a(Role.WEB),
    )
    agent = render(__package__, AGENT, source=source, resident=resident, marks=MARKS)
    listening = render(__package__, AGENT_SOCKET, address=machine.address, port=AGENT_PORT)
    return Contribution(
        files=(
            File(path="/etc/hosts", content=names.encode(), block=True),
            File(path=f"{IDENTITY}/cert.pem", content=certificate, restarts=(AGENT,)),
            File(path=f"{IDENTITY}/ca.pem", content=authority, restarts=(AGENT,)),
            File(path=AUTHORITY, content=authority),
            File(
                path="/etc/standfast/agent.json",
                content=agent_settings(
                    machine,
                    machines,
                    fast_failover=fast_failover,
                    told=issued_to(machine, machines, issues),
                ),
                restarts=(AGENT,),
            ),
            File(
                path="/etc/ssh/sshd_config.d/standfast.conf",
                content=render(__package__, "sshd.conf").encode(),
                reloads=("ssh.service",),
            ),
            File(
                path=f"/etc/systemd/system/{AGENT}",
                content=agent.encode(),
                restarts=(AGENT,),
            ),
            File(
                path=f"/etc/systemd/system/{AGENT_SOCKET}",
                content=listening.encode(),
                restarts=(AGENT_SOCKET,),
            ),
            File(
                path=f"/etc/systemd/system/{HEALING}",
                content=render(__package__, HEALING, source=source).encode(),
            ),
        ),
        units=(
            Unit(name="ssh.service"),
            Unit(name=AGENT_SOCKET),
            Unit(name=HEALING),
            *((Unit(name=AGENT),) if resident else ()),
        ),
        folders=(
            Folder(path="/etc/standfast"),
            Folder(path=FAULTS),
            Folder(path=str(MARKS), mode=0o700),
            Folder(path=IDENTITY, mode=0o750, group=KEYS_GROUP),
        ),
        flows=(Flow(port=ssh_port, sources=management, why="operators"),),
        packages=("openssh-server", "openssl", "procps", "python3", "python3-venv"),
    )


def issued_to(machine: Machine, machines: tuple[Machine, ...], issues: bool) -> tuple[Machine, ...]:
    return having(machines, Role.MONITOR) if issues and machine.is_a(Role.EDGE) else ()


def agent_settings(
    machine: Machine,
    machines: tuple[Machine, ...],
    *,
    fast_failover: bool,
    told: tuple[Machine, ...] = (),
) -> bytes:
    """`machines`: of the site. Its monitors may ask a database machine; `told` are those that may
    ask what was issued."""
    verbs = sorted(VERBS_OF_ALL)
    is_asked = machine.is_a(Role.DATABASE)
    askers = having(machines, Role.MONITOR) if is_asked else ()
    others = [each for each in having(machines, Role.DATABASE) if is_asked and each != machine]
    asked = sorted((*VERBS_OF_MONITORS, *(VERBS_OF_WATCHERS if fast_failover else ())))
    settings = {
        "machine": machine.name,
        "verbs": {
            "operator": verbs,
            **{
                each.name: (
                    *(asked if each in askers else ()),
                    *((VERB_OF_ISSUING,) if each in told else ()),
                )
                for each in dict.fromkeys((*askers, *told))
            },
        },
        "databases": {each.name: str(each.address) for each in others},
        "resident": machine.is_a(Role.DATABASE),
        "idle_s": AGENT_IDLE_S,
    }
    return json.dumps(settings, indent=2, sort_keys=True).encode() + b"\n"
