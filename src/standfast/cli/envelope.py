"""`standfast keys envelope`: all that a lost site needs besides its off-site store, in one file."""

import json
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

import click

from standfast.cli.app import VERSION, App, open_app
from standfast.cli.blueprint import SOURCE, release
from standfast.cli.envelope_state import compared, digests, document, lines, of_content
from standfast.cli.lock import locked
from standfast.core.errors import ConfigError, Refused
from standfast.core.files import write_atomically
from standfast.core.units import stamp
from standfast.mechanisms.hosts.programs import venv_folder
from standfast.mechanisms.keys import rotation
from standfast.mechanisms.keys.custody import DNS_KEY
from standfast.mechanisms.keys.envelope import form, passphrase
from standfast.mechanisms.keys.envelope.contents import RECORD, Content, gathered
from standfast.mechanisms.keys.envelope.staleness import State, Written, judge
from standfast.mechanisms.recovery.lose_site import naming
from standfast.mechanisms.rollout.run import own_programs

TRIES = 3
"""For a passphrase, or a part of it, that a person types."""

TYPED_BACK = 2
"""Groups of seven: who has written down these has written down the others."""

EXIT: Mapping[State, int] = {State.CURRENT: 0, State.STALE: 1, State.UNKNOWN: 3}

Ask = Callable[[str], str]
"""Shows words and returns what was typed."""


@click.command()
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where to write it; else SITE.envelope in this folder.",
)
@click.option(
    "--check",
    "checked",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Open FILE instead, with its passphrase (asked for, or a line of stdin).",
)
@click.option(
    "--print-passphrase",
    is_flag=True,
    help="Print the passphrase on stdout, for a job that has no terminal to show it on.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.pass_obj
def envelope(
    file: Path | None,
    output: Path | None,
    checked: Path | None,
    print_passphrase: bool,
    as_json: bool,
) -> int:
    """Write what a lost site needs besides its off-site store: one file, one passphrase.

    In it are the keys that cannot be drawn anew, the operators' public keys and standfast.toml.
    The passphrase is drawn here and shown once, on the terminal; two of its groups are asked back
    before anything is written. Keep it on paper, and the file somewhere else; neither where the
    site is. `standfast status` says when a changed key has made it stale.

    With --check, says what is in FILE, of which site and since when, and changes nothing. Exit
    status then: 0 if it holds what the site has now, 1 if it is stale or does not open, 3 if there
    is no site here to compare it with.
    """
    app = open_app(file)
    if checked is not None:
        return check(app, checked, as_json=as_json)
    with locked(app.lock_file, "standfast keys envelope"):
        return write(app, output, print_passphrase=print_passphrase, as_json=as_json)


def write(app: App, output: Path | None, *, print_passphrase: bool, as_json: bool) -> int:
    """The file comes first: killed before the record is sealed, `status` goes on to call it stale,
    and it is only written once more."""
    if (key := naming.key_in(app.site.dns)) is not None:
        app.keys.vault.put(DNS_KEY, key)  # sealed with the others, so that all is in one place
    content = wanted(app, app.clock.now())
    path = place(output or Path(f"{app.site.name}.envelope"), app.site.name)
    drawn = passphrase.draw()
    if not print_passphrase:
        must_be_seen()
        click.echo(shown(drawn), err=True)
        typed_back(drawn, passphrase.draw_groups(TYPED_BACK), asked)
    sealed = form.seal(content.to_json(), drawn, site=content.site, written_at=content.written_at)
    owner = path.parent.stat()
    write_atomically(path, sealed, mode=0o600, uid=owner.st_uid, gid=owner.st_gid)
    written = Written(at=content.written_at, digests=of_content(content))
    app.keys.vault.put(RECORD, written.to_json())
    app.keys.save()
    said = {"file": str(path), **document(content, judge(written, digests(app)))}
    if as_json:
        only = {"passphrase": passphrase.written(drawn)} if print_passphrase else {}
        click.echo(json.dumps({**said, **only}))
        return 0
    if print_passphrase:
        click.echo(passphrase.written(drawn))
    click.echo(f"{path} holds what {content.site} needs besides its off-site store.")
    click.echo(f"Try it: standfast keys envelope --check {path}")
    return 0


def wanted(app: App, now: datetime) -> Content:
    """What an envelope should hold now. Raises `Refused` while keys change."""
    vault = app.keys.vault
    if rotation.is_under_way(vault):
        raise Refused(
            "the keys are being rotated, and an envelope would be stale as it is written",
            remedy="`standfast up` ends the rotation; then run this again.",
        )
    return gathered(
        vault.contents,
        site=app.site.name,
        settings=app.settings,
        versions=versions(app),
        written_at=stamp(now),
    )


def versions(app: App) -> Mapping[str, str]:
    """Of what this computer installs. The release is the service's source as it lies here."""
    return {
        "standfast": VERSION,
        "programs": Path(own_programs(SOURCE).folder).name,
        "packages": Path(venv_folder(app.lock)).name,
        "suite": app.site.suite,
        "release": release(app).digest,
    }


def place(path: Path, site: str) -> Path:
    """An envelope of this site that is there is replaced; nothing else is."""
    if not path.parent.is_dir():
        raise ConfigError(f"{path.parent} is no folder", remedy="Name a file in one that is there.")
    if not path.exists():
        return path
    data = path.read_bytes()
    if not data.startswith(form.INTRO):
        raise Refused(
            f"{path} is there, and is no recovery envelope",
            remedy="Name another file with --output.",
        )
    owner = form.read(data, str(path)).header.site
    if owner != site:
        raise Refused(
            f"{path} is the envelope of {owner}, and would be lost",
            remedy="Name another file with --output.",
        )
    return path


def must_be_seen() -> None:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Refused(
            "there is no terminal, so nobody would see the passphrase",
            remedy="Run it in a terminal, or, where stdout is kept as a secret, with "
            "--print-passphrase.",
        )


def shown(drawn: str) -> str:
    return (
        f"\n    {passphrase.written(drawn)}\n\n"
        "This is the passphrase, and it is shown this once. Write it down now: capital or small\n"
        "letters and the dashes do not matter. Then clear this screen.\n"
    )


def asked(words: str) -> str:
    typed: str = click.prompt(words, err=True, hide_input=True)
    return typed


def typed_back(drawn: str, numbers: tuple[int, ...], ask: Ask) -> None:
    """Return once the groups of these numbers were typed as they were drawn."""
    groups = tuple(passphrase.groups(drawn))
    for number in numbers:
        words = f"Its group {number} of {len(groups)}"
        if not any(passphrase.plain(ask(words)) == groups[number - 1] for _ in range(TRIES)):
            raise Refused(
                f"group {number} was typed otherwise, so nothing was written",
                remedy="Run it again; another passphrase is drawn.",
            )


def check(app: App, path: Path, *, as_json: bool) -> int:
    with path.open("rb") as file:
        sealed = form.read(file.read(form.FILE_LIMIT + 1), str(path))
    refuse_another_site(app, sealed)
    content = Content.from_json(sealed.opened(passphrase_for(path)))
    judgement = compared(app, content, str(path))
    if as_json:
        click.echo(json.dumps({"file": str(path), **document(content, judgement)}))
    else:
        for line in lines(str(path), content, judgement, app.clock.now()):
            click.echo(line)
    return EXIT[judgement.state]


def refuse_another_site(app: App, sealed: form.Sealed) -> None:
    """Before anybody is asked. On a computer that knows no site, any envelope will do."""
    if has_a_site(app) and sealed.header.site != app.site.name:
        raise Refused(
            f"{sealed.file} is the envelope of {sealed.header.site}, and this site is "
            f"{app.site.name}",
            remedy="Name that site's standfast.toml with --file.",
        )


def has_a_site(app: App) -> bool:
    return bool(app.settings) or app.site.sealed.sealed.exists()


def passphrase_for(path: Path) -> str:
    if not sys.stdin.isatty():
        return passphrase.understood(sys.stdin.readline())
    return retried(lambda: asked(f"Passphrase of {path}"))


def retried(ask: Callable[[], str]) -> str:
    """What was mistyped is asked for again."""
    for left in reversed(range(TRIES)):
        try:
            return passphrase.understood(ask())
        except Refused as error:
            if not left:
                raise
            click.echo(error.words, err=True)
    raise AssertionError("the last try returns or raises")
