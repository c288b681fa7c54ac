"""`standfast recover snapshot`: a lost site's data, with nothing but its envelope and store."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from standfast.cli.envelope import passphrase_for
from standfast.cli.rented import Inside
from standfast.cli.store_access import reached
from standfast.config import parse, rented_store
from standfast.core.command import Runner, SystemRunner
from standfast.core.errors import CannotVerify, ConfigError, Refused
from standfast.core.units import stamp
from standfast.mechanisms.backup.offsite.places import INSIDE, PASSED
from standfast.mechanisms.backup.offsite.repository import OffsiteRepository
from standfast.mechanisms.backup.offsite.returned import point_inside
from standfast.mechanisms.backup.offsite.settings import OffsiteSettings
from standfast.mechanisms.backup.offsite.snapshots import Snapshot
from standfast.mechanisms.hosts.local.names import Names
from standfast.mechanisms.keys.custody import DRAWN, OFFSITE
from standfast.mechanisms.keys.envelope import form
from standfast.mechanisms.keys.envelope.contents import Content

ARRIVING = ".arriving"
"""Beside what is there once it is whole; what a killed run left is taken away by the next."""


@click.command(name="snapshot")
@click.option(
    "--envelope",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    metavar="FILE",
    help="The recovery envelope; its passphrase is asked for, or a line of stdin.",
)
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Where to put it: a new or empty folder. Without it, only say what lies off site.",
)
@click.option("--id", "wanted", metavar="ID", help="That snapshot instead of the newest.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def recover_snapshot(file: Path, into: Path | None, wanted: str | None, as_json: bool) -> int:
    """Bring a snapshot back from the store off site, with nothing but the recovery envelope.

    No machine, secret or file of the site is needed: which store it is and what opens it are in the
    envelope. Needs restic here. What comes back is PostgreSQL's data as it was restored and checked
    before it went off site; every byte is compared with what was stored.

    Exit status: 0 if it is there, 1 if it was refused or is damaged, 3 if there is no snapshot or
    the store does not answer.
    """
    if into is not None:
        must_be_empty(into)
    content = opened(file)
    with store_of(content) as store:
        chosen = choose(store.snapshots(), wanted)
        said = {"site": content.site, **described(chosen)}
        if into is not None:
            bring(store, chosen, into)
            said = {**said, "folder": str(into), **inside(into)}
    if as_json:
        click.echo(json.dumps(said))
    else:
        for line in lines(said):
            click.echo(line)
    return 0


def must_be_empty(folder: Path) -> None:
    """But for what a run that was killed has left."""
    left = [each.name for each in folder.iterdir()] if folder.is_dir() else []
    if any(name != ARRIVING for name in left):
        raise Refused(
            f"{folder} is not empty, and nothing in it was touched",
            remedy="Name a new folder.",
        )


def opened(file: Path) -> Content:
    with file.open("rb") as data:
        sealed = form.read(data.read(form.FILE_LIMIT + 1), str(file))
    return Content.from_json(sealed.opened(passphrase_for(file)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Which store it is, and whether it stands on this computer, as a made site's does."""

    settings: OffsiteSettings
    is_here: bool


def way(content: Content) -> Way:
    """By standfast.toml as it lies in the envelope."""
    said = parse(content.settings, f"standfast.toml of {content.site} in the envelope")
    if said.offsite is not None:
        return Way(settings=said.offsite, is_here=False)
    if said.machines[0].address is not None:
        raise ConfigError(f"{content.site} had no store off site when the envelope was written")
    return Way(settings=rented_store(content.site), is_here=True)


@contextmanager
def store_of(content: Content, runner: Runner | None = None) -> Iterator[OffsiteRepository]:
    """`runner`: whatever runs restic here."""
    password = content.secrets[f"{DRAWN}offsite_secret"]
    through = runner_to(content, runner or SystemRunner())
    with reached(way(content).settings, words_of(content), password, through) as store:
        yield store


def words_of(content: Content) -> Mapping[str, str]:
    """Those that open the store."""
    return {
        name.removeprefix(OFFSITE): value
        for name, value in content.secrets.items()
        if name.startswith(OFFSITE)
    }


def runner_to(content: Content, runner: Runner) -> Runner:
    """In the network in which the store is reached."""
    names = Names(site=content.site, home=Path())
    return Inside(namespace=names.store, runner=runner) if way(content).is_here else runner


def choose(found: tuple[Snapshot, ...], wanted: str | None) -> Snapshot:
    """The newest that this site took, or the one whose id begins so. Pure."""
    ours = [each for each in found if each.source is not None]
    if wanted is not None:
        ours = [each for each in ours if each.id.startswith(wanted)]
    if not ours:
        raise CannotVerify(
            f"no snapshot {wanted} lies off site" if wanted else "no snapshot lies off site",
            remedy="`standfast recover snapshot --envelope FILE` says what the newest is.",
        )
    return ours[-1]


def bring(
    store: OffsiteRepository, chosen: Snapshot, into: Path, *, lies_in: Path | None = None
) -> None:
    """Whole or not at all, but for `.arriving`. `lies_in`: where tablespaces will lie in the end,
    if that is not here."""
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    arriving = into / ARRIVING
    shutil.rmtree(arriving, ignore_errors=True)
    place = store.restore(chosen, arriving)
    point_inside(place / "data" / "pg_tblspc", Path(PASSED), lies_in or into.resolve())
    (place / "pg_hba.conf").write_text("local all all peer\n")
    for each in sorted(place.iterdir(), key=lambda path: path.name == "data"):
        each.rename(into / each.name)
    shutil.rmtree(arriving)


def described(snapshot: Snapshot) -> Mapping[str, str]:
    assert snapshot.source is not None
    return {
        "snapshot": snapshot.id,
        "taken_at": stamp(snapshot.taken_at),
        "data_at": stamp(snapshot.source.data_at),
        "position": snapshot.source.position,
    }


def inside(folder: Path) -> Mapping[str, str]:
    """Which PostgreSQL can start it, and how many tables it had when it was taken."""
    version = (folder / "data" / "PG_VERSION").read_text().strip()
    report = folder / INSIDE
    tables = len(json.loads(report.read_bytes())["tables"]) if report.exists() else 0
    return {"postgresql": version, "tables": str(tables)}


def lines(said: Mapping[str, str]) -> Iterator[str]:
    """For people, at 80 columns."""
    yield f"{said['site']}: snapshot {said['snapshot'][:8]}, taken {said['taken_at']}"
    yield f"  data of {said['data_at']}, WAL to {said['position']}"
    if "folder" in said:
        yield f"  in {said['folder']}: {said['tables']} tables, for PostgreSQL {said['postgresql']}"
        yield "  How to start it apart from everything: docs/recovery-envelope.md"
