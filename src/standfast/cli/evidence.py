"""`standfast evidence`: check a site's log from nothing but its key and its address, and look at
what it holds."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import wrap
from typing import Any

import click

from standfast.cli import promises
from standfast.cli.app import own_pins
from standfast.cli.availability import Compared, compared, page_beside, said, seen
from standfast.cli.entries import explain, show
from standfast.cli.entry_words import WIDTH
from standfast.cli.handout import export, proof, verified_alone
from standfast.cli.reading import Reading, key_options, read
from standfast.core.clock import SystemClock
from standfast.core.units import stamp
from standfast.evidence.availability import document as as_document
from standfast.evidence.policy import parse
from standfast.evidence.verify import Verification


@click.group()
def evidence() -> None:
    """Work with the signed record of what was proven."""


@evidence.command()
@click.argument("log", required=False, metavar="[URL|FOLDER]")
@key_options
@click.option(
    "--proof",
    "proof_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Verify this .tlog-proof alone, without a log or a network.",
)
@click.option(
    "--policy",
    "policy_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Whose cosignatures to require (C2SP tlog-policy), instead of what is remembered.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.pass_obj
def verify(
    file: Path | None,
    log: str | None,
    key: str | None,
    ca_file: Path | None,
    proof_file: Path | None,
    policy_file: Path | None,
    as_json: bool,
) -> int:
    """Verify a log: this site's, the one at URL (a site, its page, its log), or that in FOLDER.

    Every entry is hashed and every signature checked, the log must still begin with what was
    verified here last time, enough witnesses must have cosigned it, and each promise's state is
    derived anew, and how available the service was; what trust.json beside it says of that must
    be the same. The first time a log is verified its key is remembered, and so is a policy.

    FILE of --policy has lines of the forms `log VKEY`, `witness NAME VKEY`,
    `group NAME all|any|K MEMBER...` and one `quorum NAME|none`. `standfast up` remembers the
    site's own: a majority of its monitors. Without any, cosignatures are not asked for.

    A line `timestamp NAME SHA256 [DAYS]` pins a time-stamp authority (RFC 3161) by the hash of its
    root: its time-stamps beside the log are checked, and with DAYS the newest may be no older.

    With --proof: that the entry in FILE stands in the log whose key is known here, or given.

    Exit status: 0 if every promise is kept, 1 if one is broken, the record was altered, too few
    have cosigned it, or its page says otherwise, 3 if one is unproven or the record cannot be
    verified. With --proof: 0 if the entry is in the log, whatever it says, 1 if the proof's log is
    not the one that was verified here, else 3.
    """
    policy = parse(policy_file.read_bytes()) if policy_file else None
    if proof_file is not None:
        if log or ca_file:
            raise click.UsageError("--proof needs nothing but a key: leave the log out.")
        return verified_alone(proof_file, key=key, policy=policy, as_json=as_json)
    reading = read(file, log, key=key, ca_file=ca_file, policy=policy)
    page = compared(reading.found, page_beside(reading.address, own_pins(), ca_file))
    if as_json:
        click.echo(json.dumps(document(reading, page)))
    else:
        say(reading, page)
    if reading.found.complaints or page.disagrees:
        return 1
    return promises.exit_status(each.state for each in reading.found.states)


for command in (show, proof, export, explain):
    evidence.add_command(command)


def document(reading: Reading, page: Compared) -> Mapping[str, Any]:
    available = seen(reading.found, now=SystemClock().now())
    return {
        "log": reading.identity,
        "complaints": list(reading.found.complaints),
        "cosigned": cosigned(reading.found),
        "timestamps": timestamps(reading.found),
        "availability": as_document(available),
        "page": page.document,
        "promises": [promises.document(each) for each in reading.found.states],
    }


def cosigned(found: Verification) -> Mapping[str, Any]:
    """By whom, and when by their clocks; `required` is null where no policy is known."""
    return {
        "required": found.policy.words if found.policy else None,
        "by": [
            {"witness": name, "key": each.witness.vkey, "at": each.moment and stamp(each.moment)}
            for name, each in found.cosigned.items()
        ],
    }


def cosigned_words(found: Verification) -> str:
    if found.policy is None:
        return "Nobody's cosignature was asked for: no policy is known here (--policy)."
    by = ", ".join(found.cosigned) or "nobody"
    return f"Cosigned by {by}; required: {found.policy.words}."


def timestamps(found: Verification) -> Mapping[str, Any]:
    """Of each authority that the policy pins the newest that holds, or null."""
    return {
        name: each and {"size": each.size, "at": stamp(each.at)}
        for name, each in found.timestamps.items()
    }


def timestamp_words(found: Verification) -> Iterator[str]:
    for name, each in found.timestamps.items():
        if each is None:
            yield f"No time-stamp of {name} holds."
        else:
            yield f"Time-stamped by {name} at {stamp(each.at)}, when it had {each.size} entries."


def say(reading: Reading, page: Compared) -> None:
    checkpoint, found = reading.record.checkpoint, reading.found
    click.echo(f"{reading.address}: {checkpoint.size} entries of {checkpoint.origin}")
    for each in found.complaints:
        click.echo(f"  WRONG: {each}")
    now = SystemClock().now()
    for state in found.states:
        for line in promises.lines(promises.document(state), now):
            click.echo(line)
    for line in wrap(said(seen(found, now=now)), WIDTH):
        click.echo(line)
    click.echo(page.words)
    click.echo(cosigned_words(found))
    for line in timestamp_words(found):
        click.echo(line)
    if not found.complaints:
        click.echo("Every entry is where it was signed to be, and every signature holds.")
