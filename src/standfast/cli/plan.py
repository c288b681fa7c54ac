"""`standfast plan`: what `up` would change on each machine, asked of the machines themselves."""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import click

from standfast.cli import difference as shown
from standfast.cli.app import App, open_app
from standfast.cli.blueprint import SOURCE, preview, release, unknown_files
from standfast.cli.known_keys import opened
from standfast.cli.releases import wanted_by_up
from standfast.cli.sharing import looked_in
from standfast.core.errors import StandfastError, Unreachable
from standfast.mechanisms.hosts import system
from standfast.mechanisms.hosts.bundle import Bundle
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.difference import Difference, difference
from standfast.mechanisms.hosts.machine import Role
from standfast.mechanisms.hosts.survey import look
from standfast.mechanisms.rollout import on_web
from standfast.mechanisms.rollout.examine import Examiner
from standfast.mechanisms.rollout.history import newest
from standfast.mechanisms.rollout.machines import on_all
from standfast.mechanisms.rollout.plan import plan as bundles_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """`inventories` holds None for a machine at which nobody could look; `why` says why."""

    app: App
    bundles: Mapping[str, Bundle]
    inventories: Mapping[str, dict[str, Any] | None]
    why: Mapping[str, StandfastError] = field(default_factory=dict)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of words.")
@click.option("--offline", is_flag=True, help="Ask no machine: show all that would be there.")
@click.pass_obj
def plan(file: Path | None, as_json: bool, offline: bool) -> int:
    """Show what `up` would change on each machine: files, units, packages, users, firewall.

    Looks at the machines by SSH and changes nothing. Files that hold secrets are named, and their
    lines are not shown. Whoever cannot open the secrets may plan, too.

    Exit status: 0, or 3 if a machine could not be asked.
    """
    app = keyless(open_app(file))
    looked = unseen(app) if offline or not may_be_there(app) else at_machines(app)
    hidden = unknown_files(looked.app)
    changes = {
        name: difference(bundle, looked.inventories[name], from_keys=hidden[name])
        for name, bundle in looked.bundles.items()
    }
    if as_json:
        click.echo(json.dumps({"site": app.site.name, "machines": documents(looked, changes)}))
    else:
        tell(looked, changes)
    return max((each.exit_code for each in looked.why.values()), default=0)


def keyless(app: App) -> App:
    """Whoever has no key to the secrets may plan, too; what `up` makes of them is not compared."""
    try:
        opened(app)
    except StandfastError as error:
        click.echo(f"standfast: {error.problem}; what it decides is not compared", err=True)
        return replace(app, session=None)
    return app


def may_be_there(app: App) -> bool:
    """Machines made here that were never made are not asked; nor can they be without their key."""
    made = app.session is not None and (app.site.folders.home / "known_hosts").exists()
    return not app.site.made_here or made


def unseen(app: App) -> Looked:
    bundles = bundles_of(preview(app))
    return Looked(app=app, bundles=bundles, inventories=dict.fromkeys(bundles))


def at_machines(app: App) -> Looked:
    seen = on_all(app.connections.values(), lambda each: tried(each, app))
    why = {name: each for name, each in seen.items() if isinstance(each, StandfastError)}
    found = {name: each for name, each in seen.items() if not isinstance(each, StandfastError)}
    machines = tuple(
        replace(each, ssh_port=found[each.name].arrival.port)
        if each.name in found and found[each.name].arrival
        else each
        for each in app.site.machines
    )
    app = replace(app, site=replace(app.site, machines=machines))
    versions = {name: system.debian_version(each.system) for name, each in found.items()}
    connections = [app.connection(name) for name in found]
    webs = on_all((each for each in connections if each.machine.is_a(Role.WEB)), on_web.look)
    served = wanted_by_up(release(app), newest(each.history for each in webs.values()))
    places = on_all(connections, looked_in)
    blueprint = preview(app, debian=versions, looked_in=places, served=served)
    examiner = Examiner(blueprint=blueprint, source=SOURCE)
    able = [app.connection(name) for name, each in found.items() if each.has_python]
    inventories = on_all(able, examiner.inventory)
    return Looked(
        app=app,
        bundles=bundles_of(blueprint),
        inventories={each.name: inventories.get(each.name) for each in machines},
        why=why,
    )


def tried(connection: Connection, app: App) -> Any:
    """What was seen, or why nothing was."""
    try:
        seen = look(connection, app.clock)
    except Unreachable as error:
        return error
    if wanted := system.misfit(seen.system, connection.machine.roles, suite=app.site.suite):
        name = connection.machine.name
        return StandfastError(f"{name} runs {seen.system.name}", remedy=f"Take {wanted}.")
    return seen


def tell(looked: Looked, changes: Mapping[str, Difference]) -> None:
    for machine in looked.app.site.machines:
        for line in shown.lines(changes[machine.name], ", ".join(sorted(machine.roles))):
            click.echo(line)
    for error in looked.why.values():
        click.echo(error.words, err=True)


def documents(looked: Looked, changes: Mapping[str, Difference]) -> dict[str, Any]:
    """Every machine's whole bundle, and what of it is not there yet. Files that not everybody may
    read may hold secrets: their content is left out."""
    return {
        name: {
            **asdict(bundle),
            "files": [
                {
                    **asdict(each),
                    "content": b64encode(each.content).decode() if each.mode & 0o004 else None,
                }
                for each in bundle.files
            ],
            "changes": asdict(changes[name]),
        }
        for name, bundle in looked.bundles.items()
    }
