"""`standfast drills`: what runs when, with whose consent, and the operator's brake."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from textwrap import wrap
from typing import Any
from zoneinfo import ZoneInfo

import click

from standfast.cli.app import App, open_app
from standfast.cli.handover import hand_over
from standfast.cli.lock import working_on
from standfast.cli.progress import WIDTH
from standfast.cli.promises import away
from standfast.cli.record import log_of
from standfast.cli.times import typed
from standfast.core.errors import ConfigError
from standfast.core.units import stamp
from standfast.evidence import consent
from standfast.evidence.consent import Standing
from standfast.evidence.state import PartState
from standfast.evidence.statement import TextNotice
from standfast.proofs.permission import Rules, next_words
from standfast.proofs.register import REGISTER, Kind


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of words.")
@click.pass_context
def drills(context: click.Context, as_json: bool) -> None:
    """List the drills: when each may run, whether it has consent, and what it found last.

    On listed machines a drill that disturbs runs only after its operator has run it by hand
    (`standfast drill NAME --consent`), and then in the windows of [drills].
    """
    if context.invoked_subcommand is not None:
        return
    app = open_app(context.obj)
    app.must_exist()
    verified = log_of(app).verification()
    said = consent.standing(verified.record.entries)
    found = {part.drill: part for state in verified.states for part in state.parts}
    wanted = [part.drill for promise in app.site.promises for part in promise.parts]
    if as_json:
        click.echo(json.dumps(document(app, said, [found.get(each) for each in wanted], wanted)))
        return
    for line in lines(app, said, found, wanted):
        click.echo(line)


@drills.command()
@click.option("--reason", required=True, metavar="WORDS", help="Why; the trust page shows it.")
@click.option("--until", metavar="TIME", help="When it ends by itself, such as 2026-12-01T06:00.")
@click.pass_obj
def pause(file: Path | None, reason: str, until: str | None) -> None:
    """Stop all drills. What was proven stays proven until it expires, and is then unproven, with
    this reason beside it. Times without an offset are UTC."""
    app = open_app(file)
    app.must_exist()
    end = moment(until, app.clock.now()) if until else None
    given = " ".join(reason.split())
    if not given or len(given) > consent.LONGEST_REASON:
        raise ConfigError(
            "--reason: the page has room for a sentence of up to "
            f"{consent.LONGEST_REASON} letters, and needs one"
        )
    say(app, consent.paused(given, end), "drills pause")
    click.echo(consent.paused(given, end))


@drills.command()
@click.pass_obj
def resume(file: Path | None) -> None:
    """End a pause; drills run again as before it."""
    app = open_app(file)
    app.must_exist()
    if consent.standing(log_of(app).record().entries).pause is None:
        click.echo("Drills are not paused.")
        return
    say(app, consent.RESUMED, "drills resume")
    click.echo(consent.RESUMED)


def say(app: App, text: str, doing: str) -> int:
    """In the log, where every operator and every reader finds it. Return the entry's number."""
    with working_on(app, f"standfast {doing}"):
        (index,) = hand_over(app, TextNotice(text=text, at=app.clock.now()))
    return index


def moment(text: str, now: datetime) -> datetime:
    at = typed("--until", text)
    if at <= now:
        raise ConfigError(f"--until: {text} is over already", remedy="Name a time ahead.")
    return at


def rules(app: App) -> Rules:
    settings = app.site.drills
    return Rules(
        listed=not app.site.made_here,
        windows=settings.windows,
        zone=ZoneInfo(settings.time_zone),
    )


def disturbs(drill: str) -> bool:
    return REGISTER[drill].kind is Kind.DRILL


def lines(
    app: App, said: Standing, found: dict[str, PartState], wanted: list[str]
) -> Iterator[str]:
    now = app.clock.now()
    if said.pause is not None and said.pause.holds(now):
        yield from wrap(consent.paused(said.pause.reason, said.pause.until), WIDTH)
    for name in wanted:
        last = found.get(name)
        proven = last.proven_at if last else None
        when = f"last {away(proven, now)}" if proven else "never run"
        yield from wrap(f"{name}: {may_run(app, said, name, now)}; {when}", WIDTH)
        yield from wrap(
            REGISTER[name].words, WIDTH, initial_indent="    ", subsequent_indent="    "
        )


def may_run(app: App, said: Standing, drill: str, now: datetime) -> str:
    if not disturbs(drill):
        return "disturbs nothing, so it runs at any time"
    if app.site.made_here:
        return "runs at any time, on machines made here"
    if drill not in said.consented:
        return f"waits for `standfast drill {drill} --consent`"
    given = f"consented {away(said.consented[drill], now)}"
    return f"{given}, runs in windows ({next_words(rules(app), now)})"


def document(
    app: App, said: Standing, found: list[PartState | None], wanted: list[str]
) -> dict[str, Any]:
    now = app.clock.now()
    pause = said.pause if said.pause is not None and said.pause.holds(now) else None
    return {
        "site": app.site.name,
        "paused": pause
        and {
            "reason": pause.reason,
            "since": stamp(pause.since),
            "until": stamp(pause.until) if pause.until else None,
        },
        "drills": [
            {
                "drill": name,
                "disturbs": disturbs(name),
                "consented_at": stamp(said.consented[name]) if name in said.consented else None,
                "when": may_run(app, said, name, now),
                "proven_at": stamp(part.proven_at) if part and part.proven_at else None,
                "state": part.state if part else "unproven",
            }
            for name, part in zip(wanted, found, strict=True)
        ],
    }
