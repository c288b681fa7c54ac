"""`standfast operator add|remove|list`: who can open the site's secrets."""

import json
import os
from pathlib import Path

import click

from standfast import config
from standfast.cli.app import App, open_app
from standfast.cli.lock import locked
from standfast.core.errors import ConfigError, Refused, StandfastError
from standfast.mechanisms.hosts.machine import resting
from standfast.mechanisms.keys.operators import Operator, key_of, named


@click.group()
def operator() -> None:
    """Say who can open the site's secrets, and whom its machines let in.

    Everything secret of a site lies in secrets.age beside standfast.toml, sealed to each operator's
    own key. Keep both, and the file `operators`, in the site's repository.
    """


@operator.command()
@click.argument("name")
@click.argument("key", required=False)
@click.pass_obj
def add(file: Path | None, name: str, key: str | None) -> None:
    """Seal the secrets to KEY as well, under NAME.

    KEY is a public key, age1… or ssh-ed25519 … or ssh-rsa …, or a file that holds one. Without
    KEY it is the one of that name in the file `operators`. An SSH key is also let in as root on
    every machine from the next `standfast up` on. One person's second computer is another NAME.
    """
    app = open_app(file)
    wanted = Operator(name=named(name), key=given(key) if key else listed(app, name))
    with locked(app.lock_file, "standfast operator add"):
        vault = app.keys.begin()
        known = next((each for each in vault.operators if each.key == wanted.key), wanted)
        if known.name != name:
            raise Refused(
                f"that is the key of {known.name}",
                remedy="One name for each key: everybody has a key of his own.",
            )
        vault.admit(wanted)
        app.keys.save()
    click.echo(f"{name} can open {app.site.sealed.sealed}.")
    if wanted.is_ssh:
        click.echo("`standfast up` lets that key in on the machines.")


def names(context: click.Context, _: click.Parameter, begun: str) -> list[str]:
    """For the key that completes a word: as the list for people has them."""
    try:
        site = config.load(context.find_root().params.get("file"), **resting(os.environ))
        return [each.name for each in site.sealed.operators() if each.name.startswith(begun)]
    except StandfastError:
        return []


@operator.command()
@click.argument("name", shell_complete=names)
@click.pass_obj
def remove(file: Path | None, name: str) -> None:
    """Seal the secrets anew, so that NAME can open them no longer.

    Copies that NAME has of the file are open to NAME for ever: run `standfast keys rotate` next.
    It draws anew what those copies tell, and brings the machines up with it.
    """
    app = open_app(file)
    with locked(app.lock_file, "standfast operator remove"):
        vault = app.keys.begin()
        names = [each.name for each in vault.operators]
        if name not in names:
            raise ConfigError(
                f"no operator is called {name}", remedy=f"There are: {', '.join(names)}."
            )
        if len(names) == 1:
            raise Refused(
                f"{name} is the only one who can open the secrets",
                remedy="Add another one first: `standfast operator add NAME KEY`.",
            )
        vault.dismiss(name)
        app.keys.save()
    click.echo(f"{name} cannot open {app.site.sealed.sealed} any more.")
    click.echo("What an older copy tells still counts: `standfast keys rotate` changes that.")
    click.echo("Keys in a machine's own authorized_keys are yours to remove there.")


@operator.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of words.")
@click.pass_obj
def show(file: Path | None, as_json: bool) -> None:
    """Name who can open the secrets, with their keys. Changes nothing."""
    app = open_app(file)
    sealed = app.keys.vault.operators
    differ = app.keys.disagreements
    if as_json:
        shown = [{"name": each.name, "key": each.key, "ssh": each.is_ssh} for each in sealed]
        file_name = str(app.site.sealed.sealed)
        click.echo(json.dumps({"secrets": file_name, "operators": shown, "differ": list(differ)}))
        return
    for each in sealed:
        click.echo(f"{each.name:<20} {each.key}")
    for line in differ:
        click.echo(f"standfast: {line}", err=True)


def given(words: str) -> str:
    """A key on the command line, or the file that holds it."""
    is_file = os.sep in words or words.endswith(".pub") or Path(words).is_file()
    if not is_file:
        return key_of(words)[0]
    path = Path(words).expanduser()
    if not path.is_file():
        raise ConfigError(f"{path} is not there", remedy="Name a file that holds a public key.")
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    if len(lines) != 1 and not any("PRIVATE KEY" in line for line in lines):
        raise ConfigError(
            f"{path} holds {len(lines)} keys, and one is wanted", remedy="Give the key itself."
        )
    return key_of(lines[0])[0]


def listed(app: App, name: str) -> str:
    found = next((each.key for each in app.site.sealed.operators() if each.name == name), None)
    if found is None:
        raise ConfigError(
            f"{app.site.sealed.listed} names no {name}",
            remedy=f"Give the key: standfast operator add {name} 'ssh-ed25519 …'",
        )
    return found
