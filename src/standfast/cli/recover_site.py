"""`standfast recover --site`: a whole site at another place, from its envelope and its store."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from standfast.cli.app import open_app
from standfast.cli.comeback import Comeback, Wanted
from standfast.cli.lock import working_on
from standfast.cli.progress import Progress
from standfast.cli.recover_snapshot import opened
from standfast.core.units import duration
from standfast.mechanisms.recovery.lose_site import brought


def recover_site(
    file: Path, envelope: Path, wanted: Wanted, *, as_json: bool, identity: str | None
) -> int:
    progress = Progress(quiet=as_json)
    app, content = open_app(file), opened(envelope)
    brought.must_be_of(content, app.site.name, str(envelope))
    with working_on(app, "standfast recover --site"):
        answer = Comeback(
            app=app, content=content, progress=progress, identity=identity
        ).carried_out(wanted)
    progress.end()
    if as_json:
        click.echo(json.dumps(answer))
    else:
        for line in lines(answer):
            click.echo(line)
    return 0


def lines(answer: Mapping[str, Any]) -> Iterator[str]:
    """For people, at 80 columns."""
    yield f"{answer['site']} is back after {duration(answer['took_s'])}: {answer['url']}"
    if answer["newest_change_at"]:
        yield f"  its newest change is of {answer['newest_change_at']}"
    yield f"  snapshot {answer['snapshot'][:8]}, taken {answer['taken_at']}"
    log = answer["log"]
    came = f"{log['continued_from']} came along"
    yield f"  its evidence log goes on: {log['entries']} entries, {came}"
    if answer["signed_in"]:
        yield f"  a customer signs in at {answer['signed_in']['host']}"
    if not answer["names_lead_here"]:
        yield "  ITS NAMES DO NOT LEAD HERE YET: set them where they are kept"
    if not answer["release"]["same"]:
        yield "  the service is another release than when the envelope was written"
    yield "  THE OLD SITE MUST NOT RUN AGAIN: two would go on with one evidence log"
    yield "  write a new envelope, for other keys are in use: standfast keys envelope"
