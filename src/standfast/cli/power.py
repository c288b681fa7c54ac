"""`standfast down` and `standfast destroy`."""

from contextlib import suppress
from pathlib import Path

import click

from standfast.cli.app import App, open_app, own_pins
from standfast.cli.lock import working_on
from standfast.cli.record import origin
from standfast.core.errors import Refused


@click.command()
@click.pass_obj
def down(file: Path | None) -> None:
    """Power the site's machines off in good order. Data stays; `up` brings them back."""
    app = made_here(file)
    app.must_exist()
    with working_on(app, "standfast down"):
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
    """
    app = made_here(file)
    if not yes:
        typed = click.prompt(f"This deletes {app.site.name} with all its data. Type its name")
        if typed != app.site.name:
            raise Refused("the name is another one, so nothing was touched")
    with working_on(app, "standfast destroy"):
        close(app)
        own_pins().forget(origin(app))
        app.site.sealed.sealed.unlink(missing_ok=True)
        app.here.destroy()
        app.lock_file.unlink(missing_ok=True)
        with suppress(OSError):  # other sites are at home there
            app.lock_file.parent.rmdir()
    click.echo(f"{app.site.name} is gone; the image cache in {app.site.folders.cache} stays.")


def made_here(file: Path | None) -> App:
    app = open_app(file)
    if not app.site.made_here:
        raise Refused(
            "these machines are listed, and belong to somebody",
            remedy="Switch them off by their own means; removing what was installed comes later.",
        )
    return app


def close(app: App) -> None:
    for machine in app.site.machines:
        app.way(machine).close()
