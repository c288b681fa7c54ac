"""An etcd voter on every monitor: where Patroni and the keepers agree on who leads.

Kept apart from the databases, so that the quorum does not share their fate.
"""

from standfast.core.templates import render
from standfast.mechanisms.hosts.bundle import Contribution, File, Flow, Folder, Reader, Unit
from standfast.mechanisms.hosts.machine import Machine, Role, having
from standfast.mechanisms.hosts.names import (
    ETCD_CLIENT_PORT,
    ETCD_HOME,
    ETCD_PEER_PORT,
    IDENTITY,
)

UNIT = "standfast-etcd.service"
HOME = ETCD_HOME
CONFIG = "/etc/standfast/etcd.env"
FIRST = "/etc/standfast/etcd-first.env"
JOIN = "/etc/standfast/etcd-join.env"
"""Written when a voter joins others that have data (rollout/voters.py); it outranks FIRST."""

HEARTBEAT_MS = 100
ELECTION_MS = 1000
"""etcd's own figures for one network. A new leader extends every lease, so a quick election is
worth more than a rare one."""

QUOTA_BYTES = 256 * 1024**2
"""What is kept here is some kilobytes; a store that grows beyond this has a fault."""


def plan(machine: Machine, machines: tuple[Machine, ...], *, site: str) -> Contribution:
    voters = having(machines, Role.MONITOR)
    clients = tuple(each for each in machines if each.roles & {Role.DATABASE, Role.MONITOR})
    config = render(
        __package__,
        "etcd.env",
        machine=machine,
        home=HOME,
        identity=IDENTITY,
        client_port=ETCD_CLIENT_PORT,
        peer_port=ETCD_PEER_PORT,
        heartbeat_ms=HEARTBEAT_MS,
        election_ms=ELECTION_MS,
        quota_bytes=QUOTA_BYTES,
    )
    first = render(
        __package__, "etcd-first.env", voters=voters, token=site, peer_port=ETCD_PEER_PORT
    )
    unit = render(__package__, UNIT, config=CONFIG, first=FIRST, join=JOIN)
    return Contribution(
        files=(
            not_the_packages_own(),
            File(path=CONFIG, content=config.encode(), restarts=(UNIT,)),
            File(path=FIRST, content=first.encode()),
            File(path=f"/etc/systemd/system/{UNIT}", content=unit.encode(), restarts=(UNIT,)),
        ),
        units=(Unit(name=UNIT, in_turn=True),),
        # Its own certificate etcd reads anew for every connection; whom it trusts, at its start.
        readers=(Reader(path=f"{IDENTITY}/ca.pem", unit=UNIT, restart=True),),
        folders=(Folder(path=HOME, mode=0o700, owner="etcd", group="etcd"),),
        flows=(
            Flow(
                port=ETCD_CLIENT_PORT,
                sources=tuple(str(each.address) for each in clients),
                why="who asks which machine leads",
            ),
            Flow(
                port=ETCD_PEER_PORT,
                sources=tuple(str(each.address) for each in voters),
                why="voters",
            ),
        ),
        packages=("etcd-client", "etcd-server"),
    )


def peer_url(voter: Machine) -> str:
    return f"https://{voter.address}:{ETCD_PEER_PORT}"


def not_the_packages_own() -> File:
    """Debian's package starts an etcd of its own as it is installed, on our port. An empty unit
    file masks it (systemd.unit(5))."""
    return File(path="/etc/systemd/system/etcd.service", content=b"", early=True)
