"""`standfast drills schedule`: this computer proves what is due, without anybody asking."""

import json
import os
from pathlib import Path

import click

from standfast.cli.app import App, open_app
from standfast.cli.by_itself import own_words
from standfast.cli.timetable.install import Systemd
from standfast.cli.timetable.units import Timetable
from standfast.core.command import SystemRunner
from standfast.core.errors import ConfigError
from standfast.mechanisms.keys import identities
from standfast.mechanisms.keys.vault import Vault

USUAL_MINUTES = 10


@click.command()
@click.option(
    "--every",
    type=click.IntRange(1, 60),
    default=USUAL_MINUTES,
    show_default=True,
    metavar="MINUTES",
    help="How often to look whether something is due.",
)
@click.option("--remove", is_flag=True, help="Take the timer away again.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.pass_context
def schedule(context: click.Context, every: int, remove: bool, as_json: bool) -> None:
    """Let a timer of this computer prove what is due, for as long as the site is there.

    It runs `standfast prove --due` with the key that opens the secrets, which has to lie in a
    file that root can read. On listed machines drills run by consent and in windows only. What it
    did stands in `journalctl --unit standfast-prove-SITE`; `standfast drills pause` stops it.
    One computer is enough: a second one finds nothing due.
    """
    app = open_app(context.obj)
    systemd = Systemd(runner=app.runner)
    wanted = timetable(app, context, every)
    if remove:
        there = systemd.remove(wanted.name)
        said = "is taken away" if there else "was not there"
    else:
        app.must_exist()
        must_open(app, wanted.identity)
        systemd.install(wanted)
        said = f"looks every {every} min"
    if as_json:
        installed = systemd.installed(wanted.name)
        click.echo(json.dumps({"timer": f"{wanted.name}.timer", "installed": installed}))
        return
    click.echo(f"{wanted.name}.timer {said}")


def timetable(app: App, context: click.Context, every_minutes: int) -> Timetable:
    given = context.find_root().params["identity"]
    chosen = next((each.path for each in identities.choose(given, os.environ) if each.path), None)
    if chosen is None:
        raise ConfigError(
            "a timer needs the key that opens the secrets in a file, and none was found",
            remedy=f"Name one with --identity or {identities.VARIABLE}.",
        )
    identity = chosen.resolve()
    file: Path | None = context.obj
    return Timetable(
        site=app.site.name,
        words=own_words(file, None),
        identity=identity,
        every_minutes=every_minutes,
    )


def must_open(app: App, identity: Path) -> None:
    """Without anybody who types: raises what unsealing does."""
    key = identities.Identity(path=identity)
    Vault.open(app.site.sealed, (key,), SystemRunner())
