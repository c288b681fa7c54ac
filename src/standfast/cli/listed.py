"""Machines that are listed: looked at before anything is touched, and then like any others."""

from dataclasses import replace
from ipaddress import IPv4Network

from standfast.cli.app import App
from standfast.cli.progress import Progress
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.machine import Machine
from standfast.mechanisms.hosts.survey import Seen, look, refusal
from standfast.mechanisms.rollout.machines import on_all
from standfast.mechanisms.rollout.prerequisites import equip


def admit(app: App, progress: Progress) -> App:
    """Return the site as its machines were found, each fit for what is asked of it.

    If one of them is not, none is touched.
    """
    progress.say(f"{app.site.name}: {len(app.site.machines)} listed machines, reached by SSH")
    progress.say(
        "  changes   packages, units and files, which `standfast plan` lists;\n"
        "            /etc/hosts and the firewall become the plan's as a whole"
    )

    def see(connection: Connection) -> Seen:
        progress.tell(connection.machine.name, "looking at it")
        return look(connection)

    seen = on_all(app.connections.values(), see)
    management = app.site.network.management_from
    found = tuple(
        admitted(each, seen[each.name], management, suite=app.site.suite)
        for each in app.site.machines
    )
    on_all(app.connections.values(), equip)
    return replace(app, site=replace(app.site, machines=found))


def admitted(
    machine: Machine, seen: Seen, management: tuple[IPv4Network, ...], *, suite: str
) -> Machine:
    refused = refusal(machine, seen, management, suite=suite)
    if refused is not None:
        raise refused
    assert seen.arrival is not None
    return replace(machine, ssh_port=seen.arrival.port)
