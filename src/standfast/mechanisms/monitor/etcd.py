"""An etcd voter on every monitor: where Patroni and the keepers agree on who leads.

Kept apart from the databases, so that the quorum does not share their fate.
"""

from standfast.core.templates import render
from standfast.mechanisms.hosts.bundle import Contribution, File, Flow, Folder, Reader, Unit
from standfast.mechanisms.hosts.machine import Machine, Role, having
from standfast.mechanisms.hosts.names import ETCD_CLIENT_PORT, ETCD_PEER_PORT, IDENTITY

UNIT = "standfast-etcd.service"
HOME = "/var/lib/standfast-etcd"
CONFIG = "/etc/standfast/etcd.yml"

WAITS = "/var/lib/standfast-machine/voter-waits"
"""Is there on a monitor that has not been let in yet (rollout/voter_list.py)."""

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
        "etcd.yml",
        machine=machine,
        voters=voters,
        token=site,
        home=HOME,
        identity=IDENTITY,
        client_port=ETCD_CLIENT_PORT,
        peer_port=ETCD_PEER_PORT,
        heartbeat_ms=HEARTBEAT_MS,
        election_ms=ELECTION_MS,
        quota_bytes=QUOTA_BYTES,
    )
    unit = render(__package__, UNIT, config=CONFIG, waits=WAITS)
    return Contribution(
        files=(
            not_the_packages_own(),
            File(path=CONFIG, content=config.encode(), restarts=(UNIT,)),
            File(path=f"/etc/systemd/system/{UNIT}", content=unit.encode(), restarts=(UNIT,)),
        ),
        units=(Unit(name=UNIT, in_turn=True),),
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
        # Its own certificate etcd reads anew for every connection; whom it trusts, at its start.
        readers=(Reader(path=f"{IDENTITY}/ca.pem", unit=UNIT, restart=True),),
        packages=("etcd-client", "etcd-server"),
    )


def not_the_packages_own() -> File:
    """Debian's package starts an etcd of its own as it is installed, on our port. An empty unit
    file masks it (systemd.unit(5))."""
    return File(path="/etc/systemd/system/etcd.service", content=b"", early=True)
