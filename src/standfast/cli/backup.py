"""`standfast backup`: what can be brought back, to which second and from where; a copy now."""

import json
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from standfast.cli.app import App, open_app
from standfast.cli.offsite import offsite
from standfast.cli.progress import Progress
from standfast.core.errors import ConfigError, StandfastError
from standfast.core.units import duration, size, stamp
from standfast.mechanisms.backup import absence
from standfast.mechanisms.backup.asking import Repository
from standfast.mechanisms.backup.engine import Copy, Kind
from standfast.mechanisms.backup.retention import Policy, after_next_full
from standfast.mechanisms.backup.shelf import Shelf
from standfast.mechanisms.backup.window import Reach, reach
from standfast.mechanisms.hosts.machine import Machine, Role

TIME = "%Y-%m-%d %H:%M:%S"
"""UTC, to the second, as PostgreSQL and the engine take a moment to restore to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Of one machine. `shelf` is None where there was no answer, and then `problem` says why.
    `holds_database`: it is lost with the database, so it is none of the copies that count."""

    machine: str
    holds_database: bool
    shelf: Shelf | None
    problem: str = ""

    @property
    def reach(self) -> Reach:
        if self.shelf is None:
            return Reach(windows=(), whole=frozenset())
        return reach(self.shelf.copies, self.shelf.legs, self.shelf.commits)


@click.group()
def backup() -> None:
    """Show what copies of the database there are, and take another."""


@backup.command(name="list")
@click.option("--all", "every", is_flag=True, help="Each copy with its WAL, not the larger alone.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.pass_obj
def show(file: Path | None, every: bool, as_json: bool) -> int:
    """Say what can be brought back, to which second, and from which machine. Changes nothing.

    Every backup machine is asked for its copies and for the time of the newest change that reached
    it. Times are UTC; a database can be brought back as it was at any second of a window.

    Exit status: 0 if every backup machine can bring the database back, 1 if one cannot, 3 if one
    did not answer.
    """
    app = open_app(file)
    app.must_exist()
    found, now = looked_at(app), app.clock.now()
    policy = Policy(fulls=app.site.backup.keep_fulls)
    if as_json:
        machines = [document(each, policy, now) for each in found]
        click.echo(json.dumps({"site": app.site.name, "machines": machines}))
    else:
        for each in found:
            for line in lines(each, policy, now, every=every):
                click.echo(line)
        for line in holding_up(found, now):
            click.echo(line)
    return exit_status(found)


@backup.command(name="now")
@click.argument("machine", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.pass_obj
def take(file: Path | None, machine: str | None, as_json: bool) -> None:
    """Take a copy at once, on MACHINE or else on the first backup machine without a database.

    Of the kind that is due there: full once a week, differential once a day, else incremental. The
    machine does it by itself, as it does by its timer: interrupted, this only stops waiting.
    """
    app = open_app(file)
    app.must_exist()
    chosen = chosen_of(app.site.having(Role.BACKUP), machine)
    repository = Repository(connection=app.connection(chosen))
    progress = Progress(quiet=as_json)
    repository.take(app.clock, lambda what: progress.tell(chosen, what))
    progress.end()
    taken = repository.shelf().copies[-1]
    if as_json:
        click.echo(json.dumps({"site": app.site.name, "machine": chosen, "copy": described(taken)}))
        return
    took = duration(taken.finished_at - taken.began_at)
    sizes = f"{size(taken.stored_bytes)} for {size(taken.database_bytes)}"
    click.echo(f"{chosen}: a copy, {taken.kind}, taken in {took}, {sizes}")
    click.echo(f"  {taken.name}")


backup.add_command(offsite)


def chosen_of(machines: tuple[Machine, ...], wanted: str | None) -> str:
    """`machines`: all that keep copies. Raises `ConfigError` for another."""
    names = [each.name for each in sorted(machines, key=lambda each: each.is_a(Role.DATABASE))]
    if wanted is not None and wanted not in names:
        raise ConfigError(
            f"{wanted} is no backup machine", remedy=f"Name one of: {', '.join(names)}."
        )
    return wanted or names[0]


def looked_at(app: App) -> tuple[Seen, ...]:
    machines = app.site.having(Role.BACKUP)
    repositories = [Repository(connection=app.connection(each.name)) for each in machines]
    with ThreadPoolExecutor(len(repositories)) as pool:
        return tuple(pool.map(seen, repositories))


def seen(repository: Repository) -> Seen:
    """Who does not answer keeps nobody from saying what the others have."""
    machine = repository.connection.machine
    known: dict[str, Any] = {
        "machine": machine.name,
        "holds_database": machine.is_a(Role.DATABASE),
    }
    try:
        return Seen(**known, shelf=repository.shelf())
    except StandfastError as error:
        return Seen(**known, shelf=None, problem=error.problem)


def exit_status(found: tuple[Seen, ...]) -> int:
    if any(each.shelf is not None and not each.reach.windows for each in found):
        return 1
    return 3 if any(each.shelf is None for each in found) else 0


def document(found: Seen, policy: Policy, now: datetime) -> Mapping[str, Any]:
    known = found.reach
    copies = found.shelf.copies if found.shelf else ()
    left = {each.name for each in after_next_full(copies, policy, now)}
    return {
        "name": found.machine,
        "answered": found.shelf is not None,
        "problem": found.problem,
        "holds_database": found.holds_database,
        "windows": [
            {"since": stamp(each.since), "until": stamp(each.until)} for each in known.windows
        ],
        "gaps": [{"after": stamp(after), "before": stamp(before)} for after, before in known.gaps],
        "copies": [
            {
                **described(each),
                "whole": each.name in known.whole,
                "kept_after_next_full": each.name in left,
            }
            for each in copies
        ],
    }


def described(copy: Copy) -> Mapping[str, Any]:
    return {
        "name": copy.name,
        "kind": copy.kind,
        "began_at": stamp(copy.began_at),
        "finished_at": stamp(copy.finished_at),
        "database_bytes": copy.database_bytes,
        "stored_bytes": copy.stored_bytes,
        "wal": {"first": copy.first_segment, "last": copy.last_segment},
    }


def lines(found: Seen, policy: Policy, now: datetime, *, every: bool) -> Iterator[str]:
    """For people, at 80 columns."""
    beside = (
        ", which holds a database too and would be lost with it" if found.holds_database else ""
    )
    yield f"{found.machine}{beside}"
    if found.shelf is None:
        yield f"  not known: {found.problem.splitlines()[0]}"
        return
    yield from reached(found.reach, now)
    yield from going(found.shelf, found.reach, policy, now)
    yield from table(found.shelf.copies, found.reach, every=every)


def reached(known: Reach, now: datetime) -> Iterator[str]:
    if not known.windows:
        yield "  NOTHING CAN BE BROUGHT BACK FROM HERE"
        return
    for each in reversed(known.windows):
        yield f"  any second from {each.since:{TIME}} to {each.until:{TIME}} UTC"
    yield f"  the newest change is {duration(now - known.windows[-1].until)} old"
    for after, before in reversed(known.gaps):
        yield f"  GAP: nothing between {after:{TIME}} and {before:{TIME}} UTC"


def going(shelf: Shelf, known: Reach, policy: Policy, now: datetime) -> Iterator[str]:
    """From when on, once the next full copy is there."""
    left = after_next_full(shelf.copies, policy, now)
    if known.windows and any(each.name in known.whole for each in {*shelf.copies} - {*left}):
        windows = reach(left, shelf.legs, shelf.commits).windows
        since = f"at {windows[0].since:{TIME}} UTC" if windows else "where that one ends"
        yield f"  with the next full copy this begins {since}"


def table(copies: tuple[Copy, ...], known: Reach, *, every: bool) -> Iterator[str]:
    newest = copies[-1:]
    shown = [
        each for each in copies if every or each.kind is not Kind.INCREMENTAL or each in newest
    ]
    for each in reversed(shown):
        took = duration(each.finished_at - each.began_at)
        sizes = f"{size(each.stored_bytes)} for {size(each.database_bytes)}"
        yield f"  {each.kind:<12}  {each.began_at:{TIME}}  took {took:<6}  {sizes}"
        yield f"    {each.name}{'' if each.name in known.whole else '  LACKS WAL'}"
        if every:
            yield f"    WAL {each.first_segment} to {each.last_segment}"
    if len(shown) < len(copies):
        yield f"  and {len(copies) - len(shown)} incremental copies (--all shows them)"


def holding_up(found: Iterable[Seen], now: datetime) -> Iterator[str]:
    """Which machines hold up the primary's WAL for longer than they should, by what reached each.
    Beside one another: where nothing is written, all are equally behind and none is to blame."""
    newest = {each.machine: each.reach.windows[-1].until for each in found if each.reach.windows}
    latest = max(newest.values(), default=now)
    seen = [
        absence.Seen(
            machine=machine,
            standing=absence.Standing.IN,
            silent_since=until if latest - until >= absence.SILENT else None,
        )
        for machine, until in newest.items()
    ]
    for step in absence.decide(seen, 0, now):
        if isinstance(step, absence.TakeOut):
            yield f"{step.machine} HAS TAKEN NO CHANGE since {newest[step.machine]:{TIME}} UTC."
            yield "  The primary sends to the others alone now; once it is back it takes a full"
            yield "  copy, and what was written meanwhile is a gap in it. Look there:"
            yield f"  standfast logs {step.machine} --unit standfast-repository.service"
