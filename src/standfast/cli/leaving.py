"""Machines that were in the file and no longer are: who must not go yet, and taking leave."""

from collections.abc import Mapping
from dataclasses import replace

from standfast.cli.app import App
from standfast.cli.progress import Progress
from standfast.cli.withdraw import told, withdraw
from standfast.core.errors import StandfastError
from standfast.mechanisms.database.observe import Cluster
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.local.place import Place
from standfast.mechanisms.hosts.machine import Machine, Role
from standfast.mechanisms.hosts.names import SECRETS_MARK
from standfast.mechanisms.rollout import roster
from standfast.mechanisms.rollout.switchover import Switchover, seen
from standfast.mechanisms.rollout.voter_list import members, one_that_votes


def see_off(app: App, progress: Progress) -> None:
    """Refuse what would take data or a majority away. From listed machines that leave goes what was
    installed, and their data stays; one that cannot be seen off is asked again by the next `up`.
    Those made here lose their power (`Here.retire`)."""
    vault, now = app.keys.vault, app.site.machines
    before = roster.read(vault.get(roster.NAME))
    cluster = must_not_lose(app, before)
    remaining: list[Machine] = []
    if not app.site.made_here:
        going = roster.leaving(before, now)
        hand_over(app, going, cluster, progress)
        remaining = [each for each in going if not seen_off(app, each, progress)]
    parted = (replace(each, roles=frozenset()) for each in remaining)
    vault.put(roster.NAME, roster.written((*now, *parted)))


def may_leave(app: App) -> None:
    """Refuse before any machine is touched. Once there are secrets, they tell who was there."""
    if app.keys.place.sealed.exists():
        must_not_lose(app, roster.read(app.keys.vault.get(roster.NAME)))


def must_not_lose(app: App, before: tuple[Machine, ...]) -> Cluster | None:
    """The databases as those who stay see them, where it matters. Of a site that is off as a whole
    nobody can say more than the file."""
    now, cluster = app.site.machines, None
    had = roster.names(before, Role.DATABASE)
    if roster.losing(before, now, Role.DATABASE):
        is_off = app.site.made_here and not any(runs(app, name) for name in had)
        cluster = seen(who_stays(app, before, Role.DATABASE))
        refused = roster.without_databases(before, now, cluster)
        if refused and not (is_off and had & roster.names(now, Role.DATABASE)):
            raise refused
    if roster.losing(before, now, Role.MONITOR):
        listed = seen_votes(who_stays(app, before, Role.MONITOR))
        if refused := roster.without_majority(before, now, listed):
            raise refused
    return cluster


def who_stays(app: App, before: tuple[Machine, ...], role: Role) -> dict[str, Connection]:
    """Those that run, where this computer can tell."""
    staying = roster.names(before, role) & roster.names(app.site.machines, role)
    running = (name for name in sorted(staying) if not app.site.made_here or runs(app, name))
    return {name: app.connection(name) for name in running}


def runs(app: App, name: str) -> bool:
    """A machine made here, whether the file names it or not."""
    return Place(site=app.site.name, name=name).group.is_populated()


def seen_votes(monitors: Mapping[str, Connection]) -> dict[str, bool] | None:
    """Who is on etcd's list, and whether they answer."""
    anchor = one_that_votes(monitors)
    if anchor is None:
        return None
    return {each.name: each.answers for each in members(anchor) if not each.learner}


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


def seen_off(app: App, machine: Machine, progress: Progress) -> bool:
    alone = replace(app, site=replace(app.site, machines=(machine,)))
    try:
        mark = app.way(machine).run(("cat", SECRETS_MARK), check=False).text.strip()
        if mark not in app.keys.vault.contents.lineage:
            progress.say(f"  {machine.name} left the file, and has nothing of this site's any more")
            return True
        reports = withdraw(alone, progress)
    except StandfastError as error:
        progress.say(
            f"  {machine.name} left the file, and could not be seen off ({error}): what runs there "
            "was not stopped. The next `standfast up` tries again."
        )
        return False
    for line in told(reports):
        progress.say(line)
    return True
