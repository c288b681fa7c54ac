"""`standfast keys rotate`: draw anew what somebody knew who has left. Beside it `keys envelope`."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from standfast.cli.app import App, open_app
from standfast.cli.bring_up import bring_up
from standfast.cli.envelope import envelope
from standfast.cli.listed import admit
from standfast.cli.lock import working_on
from standfast.cli.progress import Progress
from standfast.core.units import duration
from standfast.mechanisms.keys import rotation

STAYS = (
    "the key of the evidence log, which its readers have pinned",
    "keys of backups that are kept, and what was read with them",
    "keys of certificates that were brought (`standfast certificate import` brings new ones)",
    "keys that machines made for themselves, and whatever root did on them",
)
"""What no rotation changes: said each time, because it decides whether machines are made anew."""


@click.group()
def keys() -> None:
    """Change the site's passwords and keys, and keep what a lost site needs of them."""


keys.add_command(envelope)


@keys.command()
@click.option(
    "--grace",
    "grace_h",
    type=click.FloatRange(min=0, max=168),
    default=1.0,
    show_default=True,
    metavar="HOURS",
    help="How long the service also accepts its former secret, so that nobody is signed out.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.pass_obj
def rotate(file: Path | None, grace_h: float, as_json: bool) -> None:
    """Draw passwords, keys and the authority anew, and bring the machines up with them.

    For a computer that was lost, after `operator remove`. Machines are changed a few at a time, the
    old and the new authority are trusted side by side meanwhile, and the service goes on. If it is
    interrupted, `standfast up` ends it. Readers of the trust page get a new CA file.
    """
    app = open_app(file)
    app.must_exist()
    progress = Progress(quiet=as_json)
    with working_on(app, "standfast keys rotate"):
        if not app.site.made_here:
            app = admit(app, progress)
        vault = app.keys.begin()
        if not rotation.is_under_way(vault):
            now = app.clock.now()
            grace = timedelta(hours=grace_h)
            rotation.begin(vault, site=app.site.name, grace=grace, now=now)
            app.keys.save()
        changed = bring_up(app, progress)
        finish_rotation(app, progress, changed)
    if as_json:
        click.echo(json.dumps({"site": app.site.name, "changed": changed, "stays": STAYS}))
        return
    click.echo(f"{app.site.name}: passwords, operators' keys and the authority are new.")
    click.echo(
        f"The service accepts its former secret until the first `standfast up` after "
        f"{duration(timedelta(hours=grace_h))}."
    )
    click.echo("What a rotation does not change:")
    for each in STAYS:
        click.echo(f"  {each}")
    click.echo("The recovery envelope holds what was before: `standfast keys envelope` next.")


def finish_rotation(app: App, progress: Progress, changed: dict[str, Any]) -> None:
    """Take what stages are left, each once all machines have the one before it. What they change
    is added to `changed`."""
    vault = app.keys.vault
    while rotation.advance(vault):
        progress.say(f"the authority is changed, stage: {rotation.stage(vault)}")
        app.keys.save()
        for machine, more in bring_up(app, progress, gently=True).items():
            before = changed.setdefault(machine, {})
            for what, names in more.items():
                before[what] = sorted({*before.get(what, ()), *names})
