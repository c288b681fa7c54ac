"""`standfast deploy`: another release of the service, one web machine after the other."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from standfast.cli.app import App, open_app
from standfast.cli.bring_up import bring_up
from standfast.cli.listed import admit
from standfast.cli.lock import working_on
from standfast.cli.progress import Progress
from standfast.cli.releases import Wish
from standfast.core.errors import Unreachable
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.machine import Role
from standfast.mechanisms.rollout.history import newest
from standfast.mechanisms.rollout.machines import on_all
from standfast.mechanisms.rollout.on_web import Found, look


@click.command()
@click.option("--back", is_flag=True, help="Go back to the release before the one that serves.")
@click.option("--status", is_flag=True, help="Show which releases there are. Changes nothing.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.pass_obj
def deploy(file: Path | None, back: bool, status: bool, as_json: bool) -> None:
    """Put the service's source, as it is now, to use: one web machine after the other.

    It is installed once and shipped, and the database is migrated before the first machine
    changes. Then, one machine at a time: its edges leave it, what it was asked is answered, its
    service starts anew, is well, and its edges are back. No request fails, as long as another web
    machine serves. A machine that is not well goes back by itself, and the others are not touched.

    While machines change, and after --back, the older release works on the newer schema: a
    migration may add; what it takes away, the release before must have stopped using.

    After --back, `up` leaves the release that was taken back alone until its source changes.
    """
    if back and status:
        raise click.UsageError("--back changes something and --status nothing: give one of them.")
    app = open_app(file)
    app.must_exist()
    if status:
        show(app, document(app), as_json)
        return
    progress = Progress(quiet=as_json)
    with working_on(app, "standfast deploy"):
        if not app.site.made_here:
            app = admit(app, progress)
        changed = bring_up(app, progress, Wish.BACK if back else Wish.DEPLOY)
    found = document(app)
    if as_json:
        click.echo(json.dumps({**found, "changed": changed}))
    else:
        click.echo(f"{app.site.name} serves release {found['current']}")


def document(app: App) -> Mapping[str, Any]:
    webs = app.site.having(Role.WEB)
    found = on_all((app.connection(each.name) for each in webs), looked)
    history = newest(each.history for each in found.values() if each)
    on = {name: each.release.digest for name, each in found.items() if each and each.release}
    return {
        "site": app.site.name,
        "current": history.current.digest if history.current else None,
        "machines": [{"name": each.name, "release": on.get(each.name)} for each in webs],
        "releases": [
            {
                "digest": each.release.digest,
                "since": each.since,
                "taken_back": each.release.digest in history.taken_back,
            }
            for each in reversed(history.live)
        ],
    }


def looked(connection: Connection) -> Found | None:
    try:
        return look(connection)
    except Unreachable:
        return None


def show(app: App, found: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(found))
        return
    for each in found["machines"]:
        click.echo(f"{each['name']:<12} {each['release'] or 'unknown'}")
    for each in found["releases"]:
        mark = "serves" if each["digest"] == found["current"] else ""
        mark = "taken back" if each["taken_back"] else mark
        click.echo(f"{each['digest']}  since {each['since']}  {mark}".rstrip())
