"""`standfast logs`: what the machines wrote."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click

from standfast.cli.app import App, open_app
from standfast.core.command import NOTHING, Command, start
from standfast.core.errors import StandfastError
from standfast.mechanisms.hosts.machine import Role

SERVICE_UNITS = "service-*"
"""Its web server, workers and jobs (web/units.py); journalctl(1) takes patterns."""


@click.command()
@click.argument("machine", required=False)
@click.option("--unit", "-u", help="Only this unit, for example service-web.service.")
@click.option("--service", is_flag=True, help="Only the service: web server, workers and jobs.")
@click.option("--follow", "-f", is_flag=True, help="Go on as lines are written.")
@click.option("--since", "-s", help='From then on: "-1h", "today", "2026-11-25 08:00".')
@click.option("--lines", "-n", type=int, help="How many of the last lines: 50 without --since.")
@click.pass_obj
def logs(
    file: Path | None,
    machine: str | None,
    unit: str | None,
    service: bool,
    follow: bool,
    since: str | None,
    lines: int | None,
) -> int:
    """Show the journal of MACHINE, or with --service of all web machines together.

    Newest lines last; each names its machine and unit. Changes nothing.
    """
    if unit and service:
        raise click.UsageError("--unit names one unit and --service several: give one of them.")
    if machine is None and not service:
        raise click.UsageError("name a machine, or give --service for all web machines.")
    app = open_app(file)
    app.must_exist()
    words = journal(SERVICE_UNITS if service else unit, follow=follow, since=since, lines=lines)
    if machine is not None:
        return app.connection(machine).follow(words)
    webs = [each.name for each in app.site.having(Role.WEB)]
    return follow_all(app, webs, words) if follow else show_all(app, webs, words)


def journal(
    units: str | None, *, follow: bool, since: str | None, lines: int | None
) -> tuple[str, ...]:
    """What runs on a machine, as words of journalctl(1)."""
    shown = lines if lines is not None else (None if since else 50)
    return (
        *("journalctl", "--no-pager", "--output=short-iso"),
        *((f"--unit={units}",) if units else ()),
        *((f"--since={since}",) if since else ()),
        *((f"--lines={shown}",) if shown is not None else ()),
        *(("--follow",) if follow else ()),
    )


def show_all(app: App, machines: list[str], words: tuple[str, ...]) -> int:
    """One after the other in time. A machine that does not answer is named, and the rest shown."""
    silent: list[StandfastError] = []

    def said(machine: str) -> str:
        try:
            return app.connection(machine).run(words).text
        except StandfastError as error:
            silent.append(error)
            return ""

    with ThreadPoolExecutor(len(machines)) as pool:
        texts = list(pool.map(said, machines))
    for line in in_time(texts):
        click.echo(line)
    for error in silent:
        click.echo(error.words, err=True)
    return silent[0].exit_code if silent else 0


def in_time(texts: list[str]) -> Iterator[str]:
    """Lines begin with their time; what does not (`-- Boot … --`) belongs to the line before."""
    at = ""
    dated: list[tuple[str, str]] = []
    for text in texts:
        for line in text.splitlines():
            at = line.split(" ")[0] if line[:1].isdigit() else at
            dated.append((at, line))
    yield from (line for _, line in sorted(dated, key=lambda each: each[0]))


def follow_all(app: App, machines: list[str], words: tuple[str, ...]) -> int:
    """Whole lines, as they come, until interrupted."""
    running = [
        start(Command(argv=app.connection(each).words(*words)), stdin=NOTHING, stderr=None)
        for each in machines
    ]

    def pump(index: int) -> None:
        output = running[index].stdout
        assert output is not None
        for line in output:
            sys.stdout.write(line.decode("utf-8", "replace"))
            sys.stdout.flush()

    try:
        with ThreadPoolExecutor(len(running)) as pool:
            list(pool.map(pump, range(len(running))))
    finally:
        for each in running:
            each.terminate()
    return 0
