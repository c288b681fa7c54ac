"""`standfast switchover`: another database machine takes the writes, on purpose."""

import json
from dataclasses import dataclass
from pathlib import Path

import click

from standfast.cli.app import App, open_app
from standfast.cli.lock import working_on
from standfast.cli.progress import Progress
from standfast.core.errors import ConfigError, StandfastError
from standfast.core.units import duration
from standfast.mechanisms.hosts.machine import Role
from standfast.mechanisms.rollout.switchover import Switchover, seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    former: str
    primary: str
    seconds: float
    """Until two copies were there again. Writes wait for a part of it (docs/benchmarks.md)."""

    @property
    def words(self) -> str:
        if self.former == self.primary:
            return f"{self.primary} takes the writes already"
        return (
            f"{self.primary} takes the writes, and {self.former} mirrors it: "
            f"{duration(self.seconds)} until two copies were there again"
        )

    @property
    def document(self) -> dict[str, object]:
        return {
            "primary": self.primary,
            "former": self.former,
            "redundancy_s": round(self.seconds, 1),
        }


@click.command()
@click.option("--to", metavar="MACHINE", help="Which machine shall take the writes.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.pass_obj
def switchover(file: Path | None, to: str | None, as_json: bool) -> None:
    """Let another database machine take the writes, before you work on the one that does.

    The secondary must hold every saved change, and the primary stops in good order: nothing is
    lost, and writes wait for a second or two. Run it again to go back. Nobody has to do this for
    `update`, `keys rotate` or `up`: they do it where it is needed.
    """
    app = open_app(file)
    app.must_exist()
    if to is not None:
        must_be_a_database(app, to)
    progress = Progress(quiet=as_json)
    with working_on(app, "standfast switchover"):
        moved = move(app, to, progress)
        progress.end()
    click.echo(json.dumps(moved.document) if as_json else moved.words)


def must_be_a_database(app: App, name: str) -> None:
    names = [each.name for each in app.site.having(Role.DATABASE)]
    if name not in names:
        raise ConfigError(
            f"--to {name}: that is no database machine of this site",
            remedy=f"It has: {', '.join(names)}.",
        )


def move(app: App, to: str | None, progress: Progress) -> Moved:
    cluster = seen(app.connections)
    if cluster is None or cluster.primary is None:
        raise StandfastError(
            "no database machine takes writes now, so none can hand over",
            remedy="Run `standfast status`, then `standfast up`.",
        )
    former = cluster.primary
    if to == former:
        return Moved(former=former, primary=former, seconds=0.0)
    progress.tell(former, "handing over")
    began = app.clock.monotonic()
    primary = Switchover(connections=app.connections, clock=app.clock).away_from(former, to)
    return Moved(former=former, primary=primary, seconds=app.clock.monotonic() - began)
