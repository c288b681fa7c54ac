"""Machines that were in the file and no longer are: seen off before anything else changes."""

from dataclasses import replace

from standfast.cli.app import App
from standfast.cli.progress import Progress
from standfast.cli.withdraw import told, withdraw
from standfast.core.errors import Unreachable
from standfast.mechanisms.database.observe import Cluster, cluster_by_any
from standfast.mechanisms.hosts.machine import Machine, Role
from standfast.mechanisms.rollout import roster
from standfast.mechanisms.rollout.switchover import Switchover


def see_off(app: App, progress: Progress) -> None:
    """Refuse what would take data or a majority away. From listed machines goes what was installed,
    and their data stays; one that is not reached is asked again by the next `up`. Those made here
    lose their power (`Here.retire`)."""
    vault = app.keys.vault
    before = roster.read(vault.get(roster.NAME))
    going = roster.leaving(before, app.site.machines)
    remaining: tuple[Machine, ...] = ()
    if going:
        cluster = seen_by_those_who_stay(app, before)
        refused = roster.refusal(before, app.site.machines, cluster)
        if refused:
            raise refused
        if not app.site.made_here:
            hand_over(app, going, cluster, progress)
            remaining = tuple(each for each in going if not taken_away(app, each, progress))
    vault.put(roster.NAME, roster.written((*app.site.machines, *remaining)))


def seen_by_those_who_stay(app: App, before: tuple[Machine, ...]) -> Cluster | None:
    known = roster.names(before, Role.DATABASE)
    asked = [
        app.connection(each.name)
        for each in app.site.having(Role.DATABASE)
        if each.name in known and (not app.site.made_here or app.here.container(each.name).is_on())
    ]
    try:
        return cluster_by_any(asked)
    except Unreachable:
        return None


def hand_over(
    app: App, going: tuple[Machine, ...], cluster: Cluster | None, progress: Progress
) -> None:
    """In good order, to a secondary that stays."""
    primary = cluster.primary if cluster else None
    machine = next((each for each in going if each.name == primary), None)
    if machine is None:
        return
    progress.tell(machine.name, "handing over")
    ways = {**app.connections, machine.name: app.way(machine)}
    Switchover(connections=ways, clock=app.clock).away_from(machine.name)


def taken_away(app: App, machine: Machine, progress: Progress) -> bool:
    alone = replace(app, site=replace(app.site, machines=(machine,)))
    try:
        reports = withdraw(alone, progress)
    except Unreachable as error:
        progress.say(
            f"  {machine.name} is no longer in the file, and is not reached ({error}): what runs "
            "there was not stopped. The next `standfast up` tries again."
        )
        return False
    for line in told(reports):
        progress.say(line)
    return True
