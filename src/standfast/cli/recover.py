"""`standfast recover`: what only a person may decide."""

from collections.abc import Mapping
from pathlib import Path

import click

from standfast.cli.app import App, open_app
from standfast.cli.bring_back import Wish, discard, instances, into_folder, psql
from standfast.cli.bring_back_site import SITE, abandon, into_site
from standfast.cli.comeback import Wanted
from standfast.cli.leaving import runs
from standfast.cli.lock import working_on
from standfast.cli.progress import Progress
from standfast.cli.recover_site import recover_site
from standfast.core.errors import Refused, StandfastError, Unreachable
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.machine import Role
from standfast.mechanisms.recovery.point_in_time import moment
from standfast.mechanisms.recovery.point_in_time.refusal import checked
from standfast.mechanisms.rollout import roster
from standfast.mechanisms.rollout.machines import on_all
from standfast.mechanisms.rollout.voter_list import Look, VoterList, look


@click.group(invoke_without_command=True)
@click.option("--to", metavar="TIME", help='As in "2026-11-29 14:05:00" (UTC), or `latest`.')
@click.option(
    "--into",
    metavar="FOLDER|site",
    help="A folder on a backup machine, new or empty: the database of that moment runs there, "
    "to be looked at. Or `site`: it takes the place of the site's own.",
)
@click.option("--from", "machine", metavar="MACHINE", help="Of that backup machine's copies.")
@click.option(
    "--table",
    "tables",
    metavar="SCHEMA.NAME",
    multiple=True,
    help="Write this table into a file beside it, as SQL. May be given more than once.",
)
@click.option("--yes", is_flag=True, help="With `--into site`: do not ask for the site's name.")
@click.option(
    "--site",
    "new_site",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="NEW.toml",
    help="Instead of --to: the whole site, lost where it was, on the machines of this file.",
)
@click.option(
    "--envelope",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="With --site: the recovery envelope; its passphrase is asked for, or a line of stdin.",
)
@click.option(
    "--log",
    "log_copy",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="With --site: a copy of the evidence log that is newer than the one in the store.",
)
@click.option("--snapshot", metavar="ID", help="With --site: that one instead of the newest.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.pass_context
def recover(
    context: click.Context,
    to: str | None,
    into: str | None,
    machine: str | None,
    tables: tuple[str, ...],
    yes: bool,
    new_site: Path | None,
    envelope: Path | None,
    log_copy: Path | None,
    snapshot: str | None,
    as_json: bool,
) -> int | None:
    """Bring back what cannot come back by itself.

    \b
      standfast backup list                                to which second one can go back
      standfast recover --to "2026-11-29 14:05:00" --into /srv/look
      standfast recover psql /srv/look                     look at it
      standfast recover discard /srv/look                  take it away

    With --into FOLDER the database of a moment comes back beside the one that runs, which goes on
    untouched. Before anything is done it is checked that there is such a copy and that the folder
    is empty and large enough. Interrupted, the machine goes on by itself, and the same command
    waits for it again.

    With --into site the service stops, that database takes the place of the site's own on all its
    machines, and the service starts again. The site's name is asked for first; what was there
    is kept aside, and what was saved since and is not in it is said. The same command goes on from
    wherever it was interrupted.

    With --site a site that is lost with all its machines comes back on those of another file, from
    nothing but the recovery envelope and the store off site: its secrets, its database, its
    evidence log, and its service, whose source the file names (docs/lose-site.md). The same command
    goes on from wherever it was interrupted.

    Exit status: 0 it is there, 1 it failed, 2 no such moment or no such folder, 3 a machine that
    is needed did not answer.
    """
    if context.invoked_subcommand is not None:
        return None
    if new_site is not None or envelope is not None:
        if new_site is None or envelope is None or to or into:
            raise click.UsageError("a whole site takes --site NEW.toml and --envelope FILE alone")
        identity = context.find_root().params["identity"]
        chosen = Wanted(snapshot=snapshot, log=log_copy)
        return recover_site(new_site, envelope, chosen, as_json=as_json, identity=identity)
    if to is None or into is None:
        raise click.UsageError("say --to TIME and --into FOLDER|site, or one of its commands")
    app = open_app(context.obj)
    app.must_exist()
    wanted = moment.parse(to, app.clock.now())
    if into == SITE:
        if tables:
            raise click.UsageError("--table is for what comes back into a folder")
        into_site(app, wanted, machine, yes=yes, as_json=as_json)
        return None
    wish = Wish(
        to=wanted,
        folder=checked(into),
        machine=machine,
        tables=tables,
    )
    into_folder(app, wish, as_json=as_json)
    return None


for command in (instances, psql, discard, abandon):
    recover.add_command(command)


@recover.command()
@click.option("--yes", is_flag=True, help="Do not ask for the names of the lost monitors.")
@click.pass_obj
def monitors(file: Path | None, yes: bool) -> None:
    """Let the last monitor go on alone when the others are lost for good.

    Two of three monitors must agree before anything is decided. When two are lost, the third
    knows all that was agreed and may decide nothing. This lets it forget the others. They must
    never come back as they were: two that still remember each other would decide without it, and
    two databases could take writes. `standfast up` then lets new machines in.
    """
    app = open_app(file)
    app.must_exist()
    progress = Progress()
    with working_on(app, "standfast recover monitors"):
        seen = looked_at(app)
        survivor = survivor_of(seen)
        lost = sorted(name for name, each in seen.items() if name != survivor and is_lost(each))
        if not yes:
            confirm(survivor, lost)
        voters = VoterList(connections=app.connections, clock=app.clock, tell=progress.tell)
        progress.tell(survivor, "forgets the others and goes on alone")
        voters.recover(survivor)
        progress.end()
    click.echo(
        f"{survivor} decides alone now. In the place of {', '.join(lost)} put machines with other "
        "names and addresses into the file; then run `standfast up`."
    )


def looked_at(app: App) -> Mapping[str, Look | None]:
    """None where a monitor is not reached. Also those that the file no longer names: they may be
    the majority that votes."""
    before = roster.read(app.keys.vault.get(roster.NAME))
    former = [each for each in roster.leaving(before, app.site.machines) if each.is_a(Role.MONITOR)]
    if app.site.made_here and (running := [each.name for each in former if runs(app, each.name)]):
        raise Refused(
            f"{', '.join(running)} runs, and the file does not name it",
            remedy="Put it back into the file: whoever may vote must be looked at.",
        )
    voters = [app.connection(each.name) for each in app.site.having(Role.MONITOR)]

    def one(connection: Connection) -> Look | None:
        try:
            return look(connection)
        except Unreachable:
            return None

    if app.site.made_here:
        return {**on_all(voters, one), **{each.name: None for each in former}}
    return on_all([*voters, *map(app.way, former)], one)


def survivor_of(seen: Mapping[str, Look | None]) -> str:
    """The only one that remembers. Pure."""
    if any(each and each.healthy for each in seen.values()):
        raise Refused(
            "a majority of the monitors votes, so nothing is to be recovered",
            remedy="`standfast up` replaces a monitor that is gone from the file.",
        )
    remembering = [name for name, each in seen.items() if each and each.has_data]
    if not remembering:
        raise StandfastError(
            "no monitor is reached that remembers what was agreed",
            remedy="Switch on the last one that ran, or bring its disk back.",
        )
    if len(remembering) > 1:
        raise Refused(
            f"{' and '.join(remembering)} both remember, and can agree once their etcd runs",
            remedy="Run `standfast up`; see `standfast status` for what keeps them apart.",
        )
    return remembering[0]


def is_lost(seen: Look | None) -> bool:
    """One that was never brought up is none that could come back."""
    return seen is None or seen.has_data or seen.formed


def confirm(survivor: str, lost: list[str]) -> None:
    names = " ".join(lost)
    typed = click.prompt(
        f"{survivor} will forget {names}, which must never run again as they were. Type their names"
    )
    if typed.split() != lost:
        raise Refused("these are other names, so nothing was touched")
