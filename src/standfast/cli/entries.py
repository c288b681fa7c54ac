"""`standfast evidence show` and `explain`: what the log holds, and a word of one's own beside a
broken proof."""

import json
from collections.abc import Sequence
from pathlib import Path

import click

from standfast.cli import entry_words
from standfast.cli.drills import say
from standfast.cli.entry_words import Known
from standfast.cli.reading import Reading, log_options, read, the_site
from standfast.cli.record import log_of
from standfast.cli.times import typed
from standfast.core.clock import SystemClock
from standfast.core.errors import ConfigError
from standfast.evidence.entries import Entry
from standfast.evidence.explanation import explaining
from standfast.evidence.selection import Wanted, selected
from standfast.evidence.statement import Kind

NEWEST = 20
"""Fits on a screen."""


@click.command()
@click.argument("index", required=False, type=click.IntRange(min=0))
@log_options
@click.option("--promise", metavar="ID", help="Only about this promise, or `log`.")
@click.option("--kind", type=click.Choice([each.value for each in Kind]), help="Only this kind.")
@click.option("--since", metavar="TIME", help="Only from then on, such as 2026-12-01T06:00 (UTC).")
@click.option("--limit", "-n", type=click.IntRange(min=1), default=NEWEST, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.pass_obj
def show(
    file: Path | None,
    index: int | None,
    log: str | None,
    key: str | None,
    ca_file: Path | None,
    promise: str | None,
    kind: str | None,
    since: str | None,
    limit: int,
    as_json: bool,
) -> int:
    """Show the newest entries of a log, the newest first, or all that entry INDEX says.

    The log is verified first. Exit status: 0, or 1 if the record was altered; what can still be
    believed of it is shown all the same.
    """
    wanted = Wanted(
        limit=limit,
        promise=promise,
        kind=Kind(kind) if kind else None,
        since=typed("--since", since) if since else None,
    )
    reading = read(file, log, key=key, ca_file=ca_file)
    entries = reading.record.entries
    chosen = (one(reading, index),) if index is not None else chosen_by(entries, wanted)
    known = Known.of(entries, now=SystemClock().now())
    status = reading.warn()
    if as_json:
        found = [entry_words.document(each, known) for each in chosen]
        said = {"log": reading.identity, "complaints": list(reading.found.complaints)}
        click.echo(json.dumps({**said, "entries": found}))
        return status
    shown = entry_words.lines(chosen[0], known) if index is not None else table(chosen, known)
    for line in shown:
        click.echo(line)
    return status


def one(reading: Reading, index: int) -> Entry:
    found = next((each for each in reading.record.entries if each.index == index), None)
    if found is None:
        size = reading.record.checkpoint.size
        believed = "cannot be believed" if index < size else f"is not there: the log has {size}"
        raise ConfigError(f"entry {index} {believed}", remedy="Leave the number out to see some.")
    return found


def chosen_by(entries: Sequence[Entry], wanted: Wanted) -> tuple[Entry, ...]:
    known = sorted({each.statement.about for each in entries})
    if wanted.promise is not None and wanted.promise not in known:
        raise ConfigError(
            f"--promise: the log says nothing about {wanted.promise}",
            remedy=f"It speaks of: {', '.join(known)}.",
        )
    return selected(entries, wanted)


def table(chosen: Sequence[Entry], known: Known) -> Sequence[str]:
    return tuple(entry_words.table(chosen, known)) if chosen else ("No entry is like that.",)


@click.command()
@click.argument("index", type=click.IntRange(min=0))
@click.argument("text")
@click.pass_obj
def explain(file: Path | None, index: int, text: str) -> None:
    """Log a notice that explains the broken proof in entry INDEX.

    It stands on the trust page and beside the proof, for ever; it changes no state, and the proof
    stays where it is.
    """
    app = the_site(file)
    words = explaining(log_of(app).record().entries, index, text)
    number = say(app, words, "evidence explain")
    click.echo(f"Entry {number} explains entry {index}.")
