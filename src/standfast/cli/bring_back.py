"""`standfast recover --to TIME --into FOLDER`: the database of a moment, beside the one that runs.

What was brought back runs on its backup machine, reaches nobody, and is looked at, copied from and
discarded; the site goes on as it is.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import click

from standfast.cli.app import App, open_app
from standfast.cli.backup import TIME, Seen, chosen_of, looked_at
from standfast.cli.progress import Progress
from standfast.core.command import Command, call
from standfast.core.errors import CannotVerify, ConfigError, StandfastError
from standfast.core.units import duration, parse_stamp, stamp
from standfast.mechanisms.hosts.machine import Role
from standfast.mechanisms.recovery.point_in_time import instance
from standfast.mechanisms.recovery.point_in_time.asking import Recoveries
from standfast.mechanisms.recovery.point_in_time.choice import Choice, choose, ordered
from standfast.mechanisms.recovery.point_in_time.look import Found
from standfast.mechanisms.recovery.point_in_time.orders import Phase
from standfast.mechanisms.recovery.point_in_time.refusal import refuse

SHOWN_WINDOWS = 3
"""Of each machine, in an error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """`to` is None for the latest; `machine` which one was named, if any."""

    to: datetime | None
    folder: str
    machine: str | None
    tables: tuple[str, ...]


def into_folder(app: App, wish: Wish, *, as_json: bool) -> None:
    """All checks come first; from the order on, the machine goes on by itself."""
    progress = Progress()
    machine, found = standing(app, wish) or (None, None)
    if machine is None or found is None or found.order is None:
        progress.tell("backups", "looking what there is")
        machine, choice = source(looked_at(app), wish.to, named(app, wish.machine))
        order = ordered(choice, wish.folder, wish.to)
        found = recoveries(app, machine).look(wish.folder)
        others = [each.folder for each in recoveries(app, machine).all()]
        refuse(machine, found, order, others)
        recoveries(app, machine).may_enter(found.ancestor)
    else:
        order = found.order
    there = recoveries(app, machine)
    run = None if found.running else there.begin(order)
    ready = there.wait(order, run, partial(progress.tell, machine))
    database = app.site.service.role
    files = tuple(there.dump(order.folder, database, each) for each in wish.tables)
    progress.end()
    if as_json:
        answer = {"site": app.site.name, **document(machine, ready, database, files)}
        click.echo(json.dumps(answer))
        return
    for line in lines(machine, ready, files):
        click.echo(line)


def recoveries(app: App, machine: str) -> Recoveries:
    return Recoveries(connection=app.connection(machine), clock=app.clock)


def named(app: App, machine: str | None) -> str | None:
    """Raises `ConfigError` for one that keeps no copies."""
    return machine and chosen_of(app.site.having(Role.BACKUP), machine)


def standing(app: App, wish: Wish) -> tuple[str, Found] | None:
    """Where this moment was ordered into this folder before: that is gone on with, whatever other
    copies there are by now."""
    to = None if wish.to is None else stamp(wish.to)
    for machine, found in everywhere(app, named(app, wish.machine), wish.folder):
        if found.order is not None and found.order.to == to:
            return machine, found
    return None


def everywhere(app: App, machine: str | None, *folder: str) -> list[tuple[str, Found]]:
    """Of all backup machines, or the named one: what was brought back there, or into that folder.
    One that does not answer is said, and keeps nobody from knowing of the others."""
    names = [each.name for each in app.site.having(Role.BACKUP) if machine in (None, each.name)]

    def one(name: str) -> Sequence[Found]:
        there = recoveries(app, name)
        try:
            return [there.look(folder[0])] if folder else there.all()
        except StandfastError as error:
            if machine is not None:
                raise
            click.echo(f"standfast: {error.problem}", err=True)
            return ()

    with ThreadPoolExecutor(len(names)) as pool:
        return [
            (name, each)
            for name, found in zip(names, pool.map(one, names), strict=True)
            for each in found
        ]


def source(
    seen: Iterable[Seen], moment: datetime | None, machine: str | None
) -> tuple[str, Choice]:
    """From which machine that moment comes back, and from what. One that holds no database comes
    first, because less is at stake there; for the latest, the one that reaches furthest. Raises
    `ConfigError` where nobody has it, and `CannotVerify` where somebody who did not answer might.
    Pure."""
    asked = [each for each in seen if machine in (None, each.machine)]
    far = {each.machine: reached(each) if moment is None else 0.0 for each in asked}
    for each in sorted(asked, key=lambda one: (one.holds_database, -far[one.machine])):
        choice = choose(each.shelf, moment) if each.shelf is not None else None
        if choice is not None:
            return each.machine, choice
    wanted = "nothing" if moment is None else f"{moment:{TIME}} UTC"
    silent = [each for each in asked if each.shelf is None]
    if silent:
        raise CannotVerify(
            f"{wanted} cannot be brought back from who answered, and "
            f"{', '.join(each.machine for each in silent)} did not answer: {silent[0].problem}",
            remedy="Bring that machine back, or see what there is: standfast backup list",
        )
    if moment is None:
        raise ConfigError(
            "there is no copy yet that could be brought back", remedy="standfast backup now"
        )
    there = "; ".join(said for each in asked if (said := windows(each)))
    raise ConfigError(
        f"{wanted} cannot be brought back",
        remedy=f"Any second of these can (UTC): {there}" if there else "standfast backup now",
    )


def reached(seen: Seen) -> float:
    """When the last change was made that this machine has, as seconds; 0 for none."""
    commits = seen.shelf.commits.values() if seen.shelf else ()
    return max((each.timestamp() for each in commits if each is not None), default=0.0)


def windows(seen: Seen) -> str:
    newest = seen.reach.windows[-SHOWN_WINDOWS:]
    said = (f"{each.since:{TIME}} to {each.until:{TIME}}" for each in reversed(newest))
    return f"{seen.machine} {', '.join(said)}" if newest else ""


def document(
    machine: str, found: Found, database: str | None, tables: tuple[str, ...] = ()
) -> Mapping[str, Any]:
    order, state = found.order, found.state
    return {
        "machine": machine,
        "folder": found.folder,
        "to": order.to if order else None,
        "copy": order.copy if order else None,
        "state": shown(found),
        "problem": state.problem,
        "last_change_at": state.reached,
        "restore_s": state.restore_s,
        "replay_s": state.replay_s,
        "tables": list(tables),
        "psql": list(instance.psql(found.folder, database)) if database else None,
    }


def shown(found: Found) -> str:
    """`ready` says that the server answers; one that is `stopped` goes on by the same command."""
    if found.state.phase is Phase.FAILED:
        return Phase.FAILED.value
    return found.state.phase.value if found.running else "stopped"


def lines(machine: str, found: Found, tables: tuple[str, ...]) -> Iterator[str]:
    """For people, at 80 columns where names are not longer."""
    state, folder = found.state, found.folder
    took = (
        f"restored in {duration(state.restore_s or 0)}, replayed in {duration(state.replay_s or 0)}"
    )
    yield f"{machine}: {folder} has the database; {took}"
    if state.reached is not None:
        yield f"  its last change is of {parse_stamp(state.reached):{TIME}} UTC"
    yield "  nobody reaches it, and nothing in it reaches the site; it lies there in plain"
    for each in tables:
        yield f"  written down on {machine}: {each}"
    yield "To look at it, and to take it away:"
    yield f"  standfast recover psql {folder}"
    yield f"  standfast recover discard {folder}"


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.pass_obj
def instances(file: Path | None, as_json: bool) -> None:
    """List what was brought back into folders and not discarded. Changes nothing."""
    app = open_app(file)
    app.must_exist()
    found = everywhere(app, None)
    if as_json:
        database = app.site.service.role
        said = [document(machine, each, database) for machine, each in found]
        click.echo(json.dumps({"site": app.site.name, "instances": said}))
        return
    for machine, each in found:
        to = each.order.to if each.order and each.order.to else "the latest there was"
        click.echo(f"{machine}  {each.folder}  {shown(each)}, {to}")
    if not found:
        click.echo("nothing was brought back into a folder")


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("--from", "machine", metavar="MACHINE", help="On that backup machine.")
@click.option("--database", help="Another one than the service's.")
@click.argument("folder")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def psql(
    file: Path | None,
    machine: str | None,
    database: str | None,
    folder: str,
    arguments: tuple[str, ...],
) -> int:
    """Open psql in what was brought back into FOLDER; ARGUMENTS are psql's.

    As its superuser: it is a copy, and may be written to. The exit status is psql's.

    \b
      standfast recover psql /srv/look
      standfast recover psql /srv/look -- -c '\\copy (TABLE entry) TO STDOUT' > rows
    """
    app = open_app(file)
    app.must_exist()
    where = the_one(app, machine, folder)
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    given = arguments[1:] if arguments[:1] == ("--",) else arguments
    words = instance.psql(folder, database or app.site.service.role, *given)
    return call(Command(argv=app.connection(where).words(*words, terminal=terminal)))


@click.command()
@click.option("--from", "machine", metavar="MACHINE", help="On that backup machine.")
@click.argument("folder")
@click.pass_obj
def discard(file: Path | None, machine: str | None, folder: str) -> None:
    """Stop what was brought back into FOLDER, and delete it with all that lies there.

    No copy, no WAL and nothing of the site is touched.
    """
    app = open_app(file)
    app.must_exist()
    where = the_one(app, machine, folder)
    recoveries(app, where).discard(folder)
    click.echo(f"{where}: {folder} is gone")


def the_one(app: App, machine: str | None, folder: str) -> str:
    """On which machine something was brought back into that folder."""
    found = everywhere(app, named(app, machine), folder)
    names = [name for name, each in found if each.order is not None]
    if not names:
        raise ConfigError(
            f"nothing was brought back into {folder}",
            remedy="Into which folders: standfast recover instances",
        )
    if len(names) > 1:
        raise ConfigError(
            f"{' and '.join(names)} both have a {folder}", remedy="Say which one, with --from."
        )
    return names[0]
