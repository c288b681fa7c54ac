"""`standfast update`: newer packages and restarts, one machine at a time."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from standfast.cli.app import App, open_app
from standfast.cli.lock import working_on
from standfast.cli.progress import Progress
from standfast.cli.wellbeing import health_of
from standfast.core.errors import Refused
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.rollout.health import Health, not_well
from standfast.mechanisms.rollout.machines import on_all, wait_for_ssh
from standfast.mechanisms.rollout.switchover import Switchover, seen
from standfast.mechanisms.rollout.update import Step, Wanting, steps, words
from standfast.mechanisms.rollout.upgrading import OverSsh, PoweredOff, Upgrading


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would be done, in which order; do nothing.")
@click.option("--reboot", is_flag=True, help="Restart every machine, whether it wants it or not.")
@click.option("--all", "everything", is_flag=True, help="Also packages of other archives.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.pass_obj
def update(file: Path | None, dry_run: bool, reboot: bool, everything: bool, as_json: bool) -> None:
    """Give machines the distribution's newer packages and, where they want it, a restart.

    One machine at a time: monitors, secondaries, the primary, which hands over first, backups,
    web machines, edges. The whole site must be well before the next one's turn; at the first
    after which it is not, this stops. Run again it goes on. A machine restarts if a program on it
    still runs what was replaced; one that was made here is off while it is updated.
    """
    app = open_app(file)
    app.must_exist()
    progress = Progress(quiet=as_json)
    with working_on(app, "standfast update"):
        upgrading = upgrading_of(app, everything=everything)
        planned = plan(app, upgrading, progress, reboot=reboot)
        if not as_json:
            show(planned, progress)
        if not dry_run:
            carry_out(app, planned, upgrading, progress)
    if as_json:
        click.echo(
            json.dumps({"site": app.site.name, "steps": [document(each) for each in planned]})
        )
    elif planned and not dry_run:
        click.echo(f"{app.site.name}: {len(planned)} machines are up to date, and the site is well")


def upgrading_of(app: App, *, everything: bool) -> Upgrading:
    if app.site.made_here:
        return PoweredOff(here=app.here, everything=everything)
    return OverSsh(connections=app.connections, clock=app.clock, everything=everything)


def plan(app: App, upgrading: Upgrading, progress: Progress, *, reboot: bool) -> tuple[Step, ...]:
    def look(connection: Connection) -> Wanting:
        name = connection.machine.name
        progress.tell(name, "asking what is newer")
        return Wanting(packages=upgrading.pending(name), outdated=outdated(app, name))

    progress.tell("archives", "asking what is newer")
    upgrading.look_ahead()
    wanting = on_all(app.connections.values(), look)
    progress.end()
    cluster = seen(app.connections)
    return tuple(
        steps(
            app.site.machines,
            wanting,
            primary=cluster.primary if cluster else None,
            secondaries=cluster.synchronous if cluster else (),
            reboot_all=reboot,
        )
    )


def outdated(app: App, machine: str) -> tuple[str, ...]:
    """Programs there that still run what an update has replaced."""
    return tuple(app.agents.ask(machine, "facts").get("outdated", ()))


def carry_out(
    app: App, planned: tuple[Step, ...], upgrading: Upgrading, progress: Progress
) -> None:
    health = health_of(app)
    must_be_well(health, planned)
    for number, step in enumerate(planned):
        take(app, step, upgrading, progress)
        progress.tell(step.machine, "waiting until the whole site is well")
        if wrong := health.settle():
            rest = (each.machine for each in planned[number + 1 :])
            raise not_well(step.machine, wrong, untouched=rest)
        progress.tell(step.machine, "is up to date")
    progress.end()


def must_be_well(health: Health, planned: Iterable[Step]) -> None:
    """What is wrong already would be worse with one machine less."""
    if tuple(planned) and (wrong := health.troubles()):
        raise Refused(
            f"the site is not well, so no machine is touched: {'; '.join(sorted(wrong))}",
            remedy="`standfast up` starts what is down; then run this again.",
        )


def take(app: App, step: Step, upgrading: Upgrading, progress: Progress) -> None:
    name = step.machine
    progress.tell(name, words(step))
    if step.hands_over:
        Switchover(connections=app.connections, clock=app.clock).away_from(name)
    connection = app.connection(name)
    connection.close()  # one that is shared looks open for seconds after its machine went
    restarted = bool(step.packages) and upgrading.upgrade(name, step.packages)
    if not restarted and (step.reboots or outdated(app, name)):
        progress.tell(name, "restarting")
        connection.close()
        upgrading.restart(name)
    wait_for_ssh(connection, app.clock)


def show(planned: tuple[Step, ...], progress: Progress) -> None:
    if not planned:
        click.echo("every machine has the newest packages, and none wants a restart")
    for number, step in enumerate(planned, start=1):
        progress.say(f"{number:>3}. {step.machine:<12} {words(step)}")
        for each in step.packages:
            mark = "  security" if each.security else ""
            progress.say(f"       {each.name} {each.old} -> {each.new}{mark}")


def document(step: Step) -> Mapping[str, Any]:
    return asdict(step)
