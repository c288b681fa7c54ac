"""Machines that are listed: looked at before anything is touched, and then like any others."""

from collections.abc import Iterable
from dataclasses import replace
from ipaddress import IPv4Network

from standfast.cli.app import App
from standfast.cli.blueprint import SOURCE, preview
from standfast.cli.leaving import may_leave
from standfast.cli.progress import Progress
from standfast.cli.sharing import looked_in
from standfast.core.errors import ConfigError, Unreachable
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.machine import Machine
from standfast.mechanisms.hosts.survey import Seen, arrival_at, look, occupied, refusal
from standfast.mechanisms.hosts.system import debian_version
from standfast.mechanisms.rollout.examine import Examiner, cut_off, foreign_of
from standfast.mechanisms.rollout.machines import on_all
from standfast.mechanisms.rollout.prerequisites import equip


def admit(app: App, progress: Progress, adopt: Iterable[str] = ()) -> App:
    """Return the site as its machines were found, each fit for what is asked of it.

    If one of them is not, none is touched. `adopt` names machines on which the operator gave up
    what stands where ours would.
    """
    progress.say(f"{app.site.name}: {len(app.site.machines)} listed machines, reached by SSH")
    progress.say(
        "  changes   packages, units, files and the firewall, as `standfast plan` shows;\n"
        "            what others have loaded or written stays, unless it is adopted"
    )
    app = adopting(app, frozenset(adopt))

    def see(connection: Connection) -> Seen:
        progress.tell(connection.machine.name, "looking at it")
        return look(connection, app.clock)

    seen = on_all(app.connections.values(), see)
    management = app.site.network.management_from
    found = tuple(
        admitted(each, seen[each.name], management, suite=app.site.suite)
        for each in app.site.machines
    )
    app = replace(app, site=replace(app.site, machines=found))
    taken = examined(app, seen, progress)
    on_all(app.connections.values(), equip)
    for name, what in taken.items():
        for words in what:
            progress.say(f"  {name} adopted: {words}; kept aside")
    return app


def as_reached(app: App) -> App:
    """The site with the ports at which its machines' own sshd listen, which an operator's
    ~/.ssh/config may know alone. A machine that is away keeps the port that the file says."""
    if app.site.made_here:
        return app

    def port(connection: Connection) -> int | None:
        try:
            arrival = arrival_at(connection)
        except Unreachable:
            return None
        return arrival.port if arrival else None

    found = on_all(app.connections.values(), port)
    machines = tuple(
        replace(each, ssh_port=found[each.name] or each.ssh_port) for each in app.site.machines
    )
    return replace(app, site=replace(app.site, machines=machines))


def adopting(app: App, names: frozenset[str]) -> App:
    known = {machine.name for machine in app.site.machines}
    if unknown := sorted(names - known):
        raise ConfigError(
            f"--adopt {unknown[0]}: no machine is called that",
            remedy=f"The site has: {', '.join(sorted(known))}.",
        )
    machines = tuple(
        replace(each, adopt=each.adopt or each.name in names) for each in app.site.machines
    )
    return replace(app, site=replace(app.site, machines=machines))


def admitted(
    machine: Machine, seen: Seen, management: tuple[IPv4Network, ...], *, suite: str
) -> Machine:
    refused = refusal(machine, seen, management, suite=suite)
    if refused is not None:
        raise refused
    assert seen.arrival is not None
    return replace(machine, ssh_port=seen.arrival.port)


def examined(app: App, seen: dict[str, Seen], progress: Progress) -> dict[str, list[str]]:
    """Take over what was given up, once no machine has anything that was not: machine to what."""
    versions = {name: debian_version(each.system) for name, each in seen.items()}
    places = on_all(app.connections.values(), looked_in)
    blueprint = preview(app, debian=versions, looked_in=places)
    examiner = Examiner(blueprint=blueprint, source=SOURCE)
    found = on_all(app.connections.values(), examiner.inventory)
    foreign = {name: foreign_of(each) for name, each in found.items()}
    for machine in app.site.machines:
        arrival = seen[machine.name].arrival
        assert arrival is not None
        refused = cut_off(machine, arrival, examiner.blueprint) or occupied(
            machine.name, foreign[machine.name], adopted=machine.adopt
        )
        if refused is not None:
            raise refused
    may_leave(app)
    day = app.clock.now().date().isoformat()
    chosen = [app.connection(name) for name, each in foreign.items() if each]

    def adopt(connection: Connection) -> list[str]:
        progress.tell(connection.machine.name, "keeping aside what was there")
        return examiner.adopt(connection, day)

    return on_all(chosen, adopt)
