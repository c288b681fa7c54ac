"""`standfast logs`: what the machines wrote."""

from pathlib import Path

import click

from standfast.cli.app import open_app


@click.command()
@click.argument("machine")
@click.option("--unit", "-u", help="Only this unit, for example service-web.service.")
@click.option("--follow", "-f", is_flag=True, help="Go on as lines are written.")
@click.option("--lines", "-n", default=50, show_default=True, help="How many of the last lines.")
@click.pass_obj
def logs(file: Path | None, machine: str, unit: str | None, follow: bool, lines: int) -> int:
    """Show the journal of MACHINE, newest lines last. Changes nothing."""
    app = open_app(file)
    app.must_exist()
    words = ["journalctl", "--no-pager", "--output=short-iso", f"--lines={lines}"]
    if unit:
        words.append(f"--unit={unit}")
    if follow:
        words.append("--follow")
    return app.connection(machine).follow(words)
