"""`standfast backup offsite`: the store off site, its keys, and what stays in it."""

import json
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from standfast.cli.app import App, open_app
from standfast.cli.lock import locked
from standfast.cli.rented import by_second_key
from standfast.cli.store_access import reached
from standfast.core.errors import CannotVerify, ConfigError, Refused, StandfastError
from standfast.core.units import duration, parse_stamp, stamp
from standfast.mechanisms.backup.asking import Repository
from standfast.mechanisms.backup.offsite import policy
from standfast.mechanisms.backup.offsite.figures import Seen, figures
from standfast.mechanisms.backup.offsite.keeping import Keep, going
from standfast.mechanisms.backup.offsite.location import stands
from standfast.mechanisms.backup.offsite.look import snapshot
from standfast.mechanisms.backup.offsite.repository import OffsiteRepository
from standfast.mechanisms.backup.offsite.settings import OffsiteSettings
from standfast.mechanisms.backup.offsite.snapshots import Snapshot
from standfast.mechanisms.backup.offsite.store import AUTHORITY, sealed
from standfast.mechanisms.hosts.machine import Role
from standfast.mechanisms.keys import custody
from standfast.proofs.drills.store import last_words

TIME = "%Y-%m-%d %H:%M"

LIFECYCLE_DAYS = 30
"""For which the store keeps what was overwritten or taken away: a month to find out."""


@click.group()
def offsite() -> None:
    """Show what lies off site, and give the store its keys and its policies."""


@offsite.command(name="keys")
@click.pass_obj
def take_keys(file: Path | None) -> None:
    """Seal the words that open the store, given on stdin, a line NAME=VALUE each.

    s3: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. azure: AZURE_ACCOUNT_SAS, or AZURE_ACCOUNT_KEY.
    sftp: SSH_KEY=@FILE, a private key without a passphrase. A folder needs none. It should be the
    first key, which cannot delete (`standfast backup offsite policy`). AUTHORITY=@FILE, if the
    store has a certificate that systems do not trust by themselves. Backup machines have all of it
    from the next `standfast up` on.
    """
    app = open_app(file)
    if app.site.store_here:
        raise Refused(
            f"the store of {app.site.name} is made on this computer, and has its keys",
            remedy="Name another one in standfast.toml first: [offsite].",
        )
    words = sealed(settings(app).kind, given(sys.stdin.read()))
    with locked(app.lock_file, "standfast backup offsite keys"):
        vault = app.keys.begin()
        for name in custody.offsite_words(vault):
            vault.drop(f"{custody.OFFSITE}{name}")
        for name, value in words.items():
            vault.put(f"{custody.OFFSITE}{name}", value)
        app.keys.save()
    click.echo(
        f"{app.site.sealed.sealed} has the store's keys: {', '.join(words) or 'none needed'}"
    )
    click.echo("`standfast up` gives them to the backup machines.")


@offsite.command(name="policy")
@click.option("--second", is_flag=True, help="Of the second key, which carries out retention.")
@click.option("--lifecycle", is_flag=True, help="The bucket's rules for what was taken away.")
@click.option(
    "--page", is_flag=True, help="The bucket's own: everybody reads the trust page there."
)
@click.pass_obj
def print_policy(file: Path | None, second: bool, lifecycle: bool, page: bool) -> None:
    """Print what the first key may do at an S3 store, as JSON to paste at the provider.

    It adds and reads, and deletes restic's locks and old files of the trust page alone. Give the
    second key to nobody on the site. Have the bucket keep versions, better with object lock,
    because who may write may overwrite.
    """
    store = settings(open_app(file)).store
    if page:
        click.echo(policy.public_page(store))
    elif lifecycle:
        click.echo(policy.lifecycle(store, days=LIFECYCLE_DAYS))
    else:
        click.echo(policy.second_key(store) if second else policy.first_key(store))


@offsite.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.pass_obj
def show(file: Path | None, as_json: bool) -> int:
    """Say which snapshots lie off site, by a backup machine's own key, and how old the trust page
    there is. Changes nothing.

    Exit status: 0 if there is one, 1 if there is none, 3 if the store could not be asked.
    """
    app = open_app(file)
    app.must_exist()
    chosen = settings(app)
    said = asked(app)
    found = tuple(snapshot(each) for each in said["snapshots"])
    addresses = [str(each.address) for each in app.site.machines]
    where = stands(chosen.store, at=said["addresses"], site=addresses)
    seen = Seen(snapshots=found, opens_without_key=said["opens_without_key"], stands=where)
    now = app.clock.now()
    if as_json:
        document = {
            "snapshots": said["snapshots"],
            "measured": figures(seen, now),
            "page_made_at": said["page_made_at"],
        }
        click.echo(json.dumps({"site": app.site.name, **document}))
    else:
        for line in (*lines(chosen, seen, now), *page_lines(chosen, said["page_made_at"], now)):
            click.echo(line)
    return 0 if found else 1


@offsite.command(name="retain")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@click.pass_obj
def retain(file: Path | None, dry_run: bool) -> None:
    """Take away what need not be kept off site, with the second key, from this computer.

    Its words come on stdin, as for `standfast backup offsite keys`, and are kept nowhere. Run it
    from a job that no machine of the site can reach. Needs restic here. A store that is made on
    this computer has its second key beside it, and needs no words.
    """
    app = open_app(file)
    chosen = settings(app)
    if app.site.store_here:
        keep_what_is_due(app, by_second_key(app, chosen.store, password(app)), dry_run=dry_run)
        return
    known = custody.offsite_words(app.keys.vault).get(AUTHORITY, "")
    words = {AUTHORITY: known, **given(sys.stdin.read())}
    with reached(chosen, words, password(app), app.runner) as store:
        keep_what_is_due(app, store, dry_run=dry_run)


def keep_what_is_due(app: App, store: OffsiteRepository, *, dry_run: bool) -> None:
    chosen = settings(app)
    keep = Keep(days=chosen.keep_days, weeks=chosen.keep_weeks, months=chosen.keep_months)
    superfluous = going(store.everything(), keep, app.clock.now())
    for each in superfluous:
        kind = "part" if each.is_part else "snapshot"
        click.echo(f"{'would go' if dry_run else 'goes'}: {kind} {each.id[:8]}  {taken(each)}")
    if superfluous and not dry_run:
        store.forget(superfluous)
        store.prune()
    click.echo(f"{len(superfluous)} need not be kept")


def settings(app: App) -> OffsiteSettings:
    if app.site.offsite is None:
        raise ConfigError(
            f"{app.site.name} has no store off site",
            remedy="Name one in standfast.toml: [offsite], as in standfast.example.toml.",
        )
    return app.site.offsite


def given(text: str) -> Mapping[str, str]:
    """`NAME=VALUE` on a line each; `NAME=@FILE` is a file's content."""
    words = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, mark, value = line.partition("=")
        if not mark:
            raise ConfigError(
                "a line on stdin is no NAME=VALUE", remedy="`… offsite keys --help` names them."
            )
        words[name] = Path(value[1:]).read_text() if value.startswith("@") else value
    return words


def password(app: App) -> str:
    found = custody.kept(app.keys.vault).get("offsite_secret")
    if found is None:
        raise CannotVerify(
            f"{app.site.name} has no key for a repository off site yet",
            remedy="Run `standfast up` first.",
        )
    return found


def asked(app: App) -> Mapping[str, Any]:
    """The first backup machine that can say."""
    problem, remedy = "none of them", ""
    for machine in app.site.having(Role.BACKUP):
        try:
            return Repository(connection=app.connection(machine.name)).off_site()
        except StandfastError as error:
            problem, remedy = last_words(error), error.remedy
    raise CannotVerify(f"no backup machine could look at the store: {problem}", remedy=remedy)


def lines(chosen: OffsiteSettings, seen: Seen, now: datetime) -> Iterator[str]:
    """For people, at 80 columns."""
    yield f"{chosen.kind}: {chosen.location}"
    yield f"  {'elsewhere' if seen.stands.elsewhere else 'NOT ELSEWHERE'}: {seen.stands.why}"
    if seen.opens_without_key:
        yield "  OPENS WITHOUT ITS KEY"
    if not seen.snapshots:
        yield "  NO SNAPSHOT"
    for each in reversed(seen.snapshots):
        yield f"  {each.id[:8]}  {taken(each)}  {duration(now - each.taken_at)} old"
        if each.source:
            yield f"    data of {stamp(each.source.data_at)}, WAL to {each.source.position}"


def page_lines(chosen: OffsiteSettings, made_at: str | None, now: datetime) -> Iterator[str]:
    """Of the trust page that lies there, too."""
    if not chosen.page:
        return
    if made_at is None:
        yield "  NO TRUST PAGE"
        return
    made = parse_stamp(made_at)
    yield f"  trust page of {made:{TIME}} UTC, {duration(now - made)} old"


def taken(snapshot: Snapshot) -> str:
    return f"{snapshot.taken_at:{TIME}} UTC by {snapshot.machine}"
