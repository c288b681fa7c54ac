"""Take back what a drill did: every machine on, every planted fault removed; where a drill had the
databases lost, a database in its place, too, and a service that answers. Safe to repeat.

Three may run it: the sentinel of a drill that was killed, the next command that finds the note of
one, and an operator by hand.
"""

import sys
from pathlib import Path

import click

from standfast.cli.afar import PowerThere
from standfast.cli.app import App, open_app
from standfast.cli.rebuild import end_what_was_begun
from standfast.cli.rehearsal import forget as forget_rehearsal
from standfast.core.errors import StandfastError
from standfast.mechanisms.rollout.machines import wait_for_ssh
from standfast.proofs.drills.guard import left_over
from standfast.proofs.register import REGISTER


def note(app: App) -> Path:
    """Where a drill under way says what is to be healed."""
    return app.site.folders.home / "drill.json"


DATABASES = "--databases"
"""Of the command that restores: the drill had them lost. After any other drill nobody looks for
that, or starts what an operator may have stopped meanwhile."""


def words(file: Path | None, *, databases: bool) -> tuple[str, ...]:
    chosen = ("--file", str(file.resolve())) if file else ()
    run = "from standfast.cli import main; main()"
    return (sys.executable, "-c", run, *chosen, "heal", *((DATABASES,) if databases else ()))


def heal_leftovers(app: App) -> bool:
    """Whether a drill that was killed together with its sentinel had left something."""
    left = left_over(note(app))
    if not left:
        return False
    heal_all(app, databases=DATABASES in left)
    note(app).unlink(missing_ok=True)
    return True


def heal_databases(app: App) -> bool:
    """The same for a drill that had the databases lost, before anybody waits for them."""
    if DATABASES not in left_over(note(app)):
        return False
    end_what_was_begun(app)
    return True


def heal_all(app: App, *, databases: bool) -> None:
    if app.site.made_here:
        app.here.power_on()
    else:
        for machine in app.site.machines:
            PowerThere(app=app).restore(machine.name)
    planted_on = {check.planted_on for check in REGISTER.values()}
    for machine in app.site.machines:
        if planted_on & machine.roles:
            wait_for_ssh(app.connection(machine.name), app.clock)
            for fault in app.agents.ask(machine.name, "planted")["planted"]:
                app.agents.ask(machine.name, "remove", fault=fault)
    if databases:
        end_what_was_begun(app)
    forget_rehearsal(app)


@click.command(hidden=True)
@click.option(DATABASES, is_flag=True, help="Have a database in its place, too.")
@click.pass_obj
def heal(file: Path | None, databases: bool) -> None:
    """Switch every machine on and remove every planted fault. Safe to repeat."""
    app = open_app(file)
    try:
        heal_all(app, databases=databases)
    except StandfastError:
        if app.site.folders.home.exists():
            raise  # a site that was destroyed meanwhile has nothing left to heal
