"""`standfast evidence proof` and `export`: what is handed to people who do not read the log."""

import json
from collections.abc import Mapping
from pathlib import Path
from textwrap import wrap
from typing import Any

import click

from standfast.cli import entry_words
from standfast.cli.app import own_pins
from standfast.cli.reading import Reading, log_options, read
from standfast.core.clock import SystemClock
from standfast.core.errors import CannotVerify, ConfigError, Refused
from standfast.core.files import write_atomically
from standfast.evidence import spreadsheet
from standfast.evidence.entries import Entry
from standfast.evidence.envelope import Claimed, claimed
from standfast.evidence.note import parse_vkey
from standfast.evidence.policy import Policy
from standfast.evidence.proof import LIMIT_BYTES, EntryProof, prove
from standfast.evidence.read import claimed_name, entry_at
from standfast.pages.questionnaire import render
from standfast.pages.questionnaire.answers import answered

output_option = click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Into this file instead of standard output.",
)


@click.command()
@click.argument("index", type=click.IntRange(min=0))
@log_options
@output_option
@click.pass_obj
def proof(
    file: Path | None,
    index: int,
    log: str | None,
    key: str | None,
    ca_file: Path | None,
    output: Path | None,
) -> None:
    """Write a proof that entry INDEX is in the log: a C2SP .tlog-proof, which holds the entry.

    Whoever has it and the log's key can verify it offline (`standfast evidence verify --proof`).
    It has been verified so itself before it is written, which it may also be where another entry
    of the log was altered.
    """
    reading = read(file, log, key=key, ca_file=ca_file)
    reading.warn()
    size = reading.record.checkpoint.size
    if index >= size:
        raise ConfigError(f"there is no entry {index}: the log has {size}")
    put(output, proven(reading, index).to_bytes())


def proven(reading: Reading, index: int) -> EntryProof:
    """Raises `CannotVerify` where the entry that is there is not the signed one."""
    record = reading.record
    if not record.leaves:
        raise CannotVerify("nothing in this log can be believed, so nothing can be proven")
    entry = entry_at(reading.transport, index, record.checkpoint.size)
    made = prove(entry, index, record.leaves, record.checkpoint_bytes)
    EntryProof.from_bytes(made.to_bytes()).checked(record.keyring.log)
    return made


def verified_alone(
    path: Path, *, key: str | None, policy: Policy | None = None, as_json: bool
) -> int:
    """Verify a proof from its file and the key, and say what its entry says."""
    with path.open("rb") as file:
        found = EntryProof.from_bytes(file.read(LIMIT_BYTES + 1))
    pins, origin = own_pins(), claimed_name(found.note)
    vkey = key or (policy.key(origin) if policy else None) or pins.key(origin)
    if vkey is None:
        raise CannotVerify(
            f"no key is pinned for the log {origin}",
            remedy="Give it with --key, from a source that you trust more than this file.",
        )
    by = must_be_cosigned(found, policy or pins.policy(origin))
    log = parse_vkey(vkey)
    checkpoint, said = found.checked(log), claimed(found.entry, log)
    seen = pins.checkpoint(origin) if vkey == pins.key(origin) else None
    if seen and seen.size == checkpoint.size and seen.root != checkpoint.root:
        raise Refused(
            f"this proof is from another log than the one verified here at size {seen.size}, and "
            "the same key has signed both",
            remedy="Keep both: together they show that the key's owner has two records.",
        )
    entry = Entry(index=found.index, signer=said.keyid, statement=said.statement)
    shown = entry_words.document(entry, entry_words.NOTHING_ELSE)
    if as_json:
        identity = {"origin": origin, "size": checkpoint.size, "root": checkpoint.root.hex()}
        document = {"log": identity, "cosigned_by": by, "signed_by_log": said.by_log}
        click.echo(json.dumps({**document, "entry": shown}))
        return 0
    click.echo(f"Entry {found.index} of {checkpoint.size} in {origin}, as its key has signed.")
    if by:
        click.echo(f"Cosigned by {', '.join(by)}.")
    for line in entry_words.lines(entry, entry_words.NOTHING_ELSE):
        click.echo(line)
    for line in wrap(beyond(said), entry_words.WIDTH):
        click.echo(line)
    return 0


def must_be_cosigned(proof: EntryProof, policy: Policy | None) -> list[str]:
    """The names of those who have cosigned its checkpoint, if anybody is to be asked for. Raises
    `CannotVerify` when they are too few."""
    if policy is None:
        return []
    by = list(policy.cosigned_by(proof.note))
    if not policy.satisfied(by):
        raise CannotVerify(
            f"the proof's checkpoint is cosigned by {', '.join(by) or 'nobody'}, and "
            f"{policy.words} must have",
            remedy="Is it from before the log was cosigned? Ask for the proof again, or give "
            "--policy with a file that says `quorum none`.",
        )
    return by


def beyond(said: Claimed) -> str:
    """What a proof of one entry does not show."""
    key = () if said.by_log else ("whether its signer's key was enrolled",)
    left = " and ".join((*key, "what was logged before and after"))
    return f"One entry does not show {left}: verify the log for that."


@click.command()
@log_options
@click.option("--format", "form", type=click.Choice(["csv", "questionnaire"]), required=True)
@click.option("--html", is_flag=True, help="The questionnaire as a page to print.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead.")
@output_option
@click.pass_obj
def export(
    file: Path | None,
    log: str | None,
    key: str | None,
    ca_file: Path | None,
    form: str,
    html: bool,
    as_json: bool,
    output: Path | None,
) -> None:
    """Write what the log proves in a form that others work with.

    csv: every proof and every count of looks, a row for each figure. questionnaire: answers to
    questions of the CAIQ (version 4.0), by their numbers, as the record has them now.

    The log is verified first; nothing is written from a record that was altered.
    """
    if html and (as_json or form != "questionnaire"):
        raise click.UsageError("--html is for the questionnaire, and without --json.")
    reading = read(file, log, key=key, ca_file=ca_file)
    if reading.found.complaints:
        raise Refused(
            f"the record cannot be relied on: {reading.found.complaints[0]}",
            remedy="`standfast evidence verify` says all that is wrong with it.",
        )
    made = as_csv(reading, as_json) if form == "csv" else as_answers(reading, html, as_json)
    put(output, made.encode())


def as_csv(reading: Reading, as_json: bool) -> str:
    found = spreadsheet.rows(reading.record.entries, now=SystemClock().now())
    if not as_json:
        return spreadsheet.written(found)
    return json.dumps({"log": reading.identity, "rows": [each._asdict() for each in found]}) + "\n"


def as_answers(reading: Reading, html: bool, as_json: bool) -> str:
    found = answered(reading.record, reading.found.states, now=SystemClock().now())
    if as_json:
        said: Mapping[str, Any] = {"log": reading.identity, **render.document(found)}
        return json.dumps(said) + "\n"
    return render.html(found) if html else render.text(found)


def put(output: Path | None, content: bytes) -> None:
    if output is None:
        click.echo(content, nl=False)
        return
    try:
        write_atomically(output, content)
    except OSError as error:
        raise ConfigError(
            f"{output} cannot be written: {error.strerror}", remedy="Does its folder exist?"
        ) from error
