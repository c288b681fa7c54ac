"""The command line: one file per noun, no decisions here.

Exit status: 0 kept or done, 1 broken or failed, 2 wrong usage or configuration, 3 could not be
verified.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import click

from standfast.cli import (
    backup,
    certificate,
    completion,
    deploy,
    drills,
    evidence,
    heal,
    keys,
    logs,
    operator,
    plan,
    power,
    prove,
    recover,
    recover_snapshot,
    rehearse,
    run,
    status,
    switchover,
    tour,
    up,
    update,
    vantage,
    witness,
)
from standfast.cli.app import VERSION
from standfast.cli.timetable import command as timetable
from standfast.core.errors import StandfastError

NAME = "standfast"


class Commands(click.Group):
    """Shows commands in the order in which one meets them."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(self.commands)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--file",
    "-f",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The site's file; standfast.toml in this folder if it is there, else the example.",
)
@click.option(
    "--identity",
    "-i",
    metavar="FILE",
    help="Your key for secrets.age: age's or an SSH key. Else STANDFAST_IDENTITY, "
    "~/.config/standfast/identity, ~/.ssh/id_ed25519 or id_rsa.",
)
@click.version_option(package_name=None, version=VERSION, prog_name=NAME)
@click.pass_context
def standfast(context: click.Context, file: Path | None, identity: str | None) -> None:
    """Bring up a web service, keep it up, and prove every promise by attacking it."""
    context.obj = file


for command in (
    up.up,
    plan.plan,
    deploy.deploy,
    status.status,
    prove.prove,
    prove.drill,
    prove.doubt,
    tour.tour,
    drills.drills,
    evidence.evidence,
    vantage.vantage,
    witness.witness,
    logs.logs,
    operator.operator,
    keys.keys,
    certificate.certificate,
    run.run,
    run.psql,
    switchover.switchover,
    update.update,
    backup.backup,
    recover.recover,
    power.down,
    power.destroy,
    completion.completion,
    heal.heal,
):
    standfast.add_command(command)

recover.recover.add_command(recover_snapshot.recover_snapshot)
recover.recover.add_command(rehearse.rehearse)
drills.drills.add_command(timetable.schedule)


def main() -> None:
    sys.exit(guarded(lambda: standfast(prog_name=NAME, standalone_mode=False)))


def guarded(run: Callable[[], object]) -> int:
    """Errors become two lines and an exit status; a stack trace is for our own mistakes."""
    try:
        answer = run()
        return answer if isinstance(answer, int) else 0
    except StandfastError as error:
        click.echo(error.words, err=True)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("standfast: interrupted; the same command goes on from here", err=True)
        return 1
