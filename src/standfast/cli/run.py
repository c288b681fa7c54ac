"""`standfast run` and `standfast psql`: a command of the service, and its database."""

import sys
from pathlib import Path

import click

from standfast.cli.app import App, open_app
from standfast.core.command import Command, call
from standfast.core.errors import Unreachable
from standfast.mechanisms.hosts.connection import Connection
from standfast.mechanisms.hosts.machine import Role
from standfast.mechanisms.rollout.on_web import release_on
from standfast.mechanisms.rollout.service_command import transient
from standfast.mechanisms.web.units import PSQL


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option(
    "--machine", "-m", help="On this web machine; the first that is reached, if left out."
)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_obj
def run(file: Path | None, machine: str | None, command: tuple[str, ...]) -> int:
    """Run COMMAND as the service would: its user, folder and environment, on one web machine.

    A first word with a slash is a path in the release that serves there; one without is looked for
    in its .venv/bin and in the system. No shell reads the words. With a terminal here, the command
    has one there. The exit status is the command's.

    \b
      standfast run -- .venv/bin/python manage.py shell
      standfast run --machine web-2 -- sh -c 'ls | wc -l'
    """
    app = open_app(file)
    app.must_exist()
    return as_service(web_machine(app, machine), command)


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("--machine", "-m", help="From this web machine; the first that is reached, else.")
@click.option("--write", is_flag=True, help="Let statements change something.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def psql(file: Path | None, machine: str | None, write: bool, arguments: tuple[str, ...]) -> int:
    """Open psql in the service's database, as the service's own role; ARGUMENTS are psql's.

    Transactions are read-only unless --write is given: a guard against slips, not a lock, which
    whoever types SET can open. The exit status is psql's.

    \b
      standfast psql
      standfast psql -- -c 'TABLE pg_stat_activity'
      standfast psql --write < mend.sql
    """
    app = open_app(file)
    app.must_exist()
    mode = "write" if write else "read"
    return as_service(web_machine(app, machine), (PSQL, mode, *arguments))


def web_machine(app: App, named: str | None) -> Connection:
    webs = [each.name for each in app.site.having(Role.WEB)]
    if named is not None:
        if named not in webs:
            raise click.BadParameter(
                f"{named} is no web machine; there are {', '.join(webs)}", param_hint="--machine"
            )
        return app.connection(named)
    for name in webs[:-1]:
        connection = app.connection(name)
        try:
            connection.run(("true",))
        except Unreachable as error:
            click.echo(f"standfast: {error.problem}; trying the next one", err=True)
        else:
            return connection
    return app.connection(webs[-1])


def as_service(connection: Connection, words: tuple[str, ...]) -> int:
    """With this terminal as the command's own, if there is one at both ends."""
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    unit = transient(release_on(connection), words, "--pty" if terminal else "--pipe")
    return call(Command(argv=connection.words(*unit, terminal=terminal)))
