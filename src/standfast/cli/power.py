"""`standfast down` and `standfast destroy`."""

from contextlib import suppress
from pathlib import Path

import click

from standfast.cli.app import App, open_app, own_pins
from standfast.cli.lock import working_on
from standfast.cli.progress import Progress
from standfast.cli.record import origin
from standfast.cli.withdraw import stop_service, told, withdraw
from standfast.core.errors import Refused
from standfast.mechanisms.rollout import roster


@click.command()
@click.pass_obj
def down(file: Path | None) -> None:
    """Power the site's machines off in good order. Data stays; `up` brings them back.

    On listed machines the service is stopped, and nothing else.
    """
    app = open_app(file)
    app.must_exist()
    with working_on(app, "standfast down"):
        if not app.site.made_here:
            stop_service(app, Progress())
            click.echo(f"{app.site.name} serves nobody; its machines and databases run on.")
            return
        close(app)
        app.here.down()
    click.echo(f"{app.site.name} is off; its data is kept. `standfast up` brings it back.")


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask for the site's name.")
@click.pass_obj
def destroy(file: Path | None, yes: bool) -> None:
    """Remove the site from this computer, data, keys and evidence included.

    secrets.age goes with it, since what it opens is gone; the list of operators stays.
    Nothing stays but the cache of images and releases: no process, mount, namespace, link or file.

    From listed machines goes what was installed, and what it had replaced is put back. Their data,
    repositories and keys are never deleted; where they lie is said at the end, and secrets.age,
    which opens them, stays.
    """
    app = open_app(file)
    if not yes:
        typed = click.prompt(f"{consequence(app)}. Type its name")
        if typed != app.site.name:
            raise Refused("the name is another one, so nothing was touched")
    with working_on(app, "standfast destroy"):
        if not app.site.made_here:
            for line in told(withdraw(app, Progress())):
                click.echo(line)
            app.keys.vault.drop(roster.NAME)
            app.keys.save()
            close(app)
            click.echo(
                f"{app.site.name} is gone from its machines; what is kept there is yours to "
                f"delete.\nIts secrets stay, because they open what is kept: "
                f"{app.site.sealed.sealed}\nThe log's address is kept here: {app.site.folders.home}"
            )
            return
        app.here.must_be_ours_alone()
        close(app)
        own_pins().forget(origin(app))
        app.site.sealed.sealed.unlink(missing_ok=True)
        app.here.destroy()
        app.lock_file.unlink(missing_ok=True)
        with suppress(OSError):  # other sites are at home there
            app.lock_file.parent.rmdir()
    click.echo(f"{app.site.name} is gone; the image cache in {app.site.folders.cache} stays.")


def consequence(app: App) -> str:
    if app.site.made_here:
        return f"This deletes {app.site.name} with all its data"
    count = len(app.site.machines)
    return f"This takes {app.site.name} away from {count} machines, and keeps their data"


def close(app: App) -> None:
    for machine in app.site.machines:
        app.way(machine).close()
