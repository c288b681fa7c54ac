"""The evidence log of a site that is lost, as it lies in the store off site."""

import json
import shutil
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from standfast.cli.app import App
from standfast.cli.at_vantage import OURS
from standfast.cli.progress import Progress
from standfast.cli.recover_snapshot import runner_to, way, words_of
from standfast.core.command import Command
from standfast.core.errors import CannotVerify, CommandFailed, StandfastError, Unreachable
from standfast.evidence.checkpoint import Checkpoint
from standfast.evidence.note import parse_vkey
from standfast.evidence.read import read_checkpoint, read_log
from standfast.evidence.tiles import CHECKPOINT
from standfast.evidence.transport import FolderTransport
from standfast.mechanisms.backup.offsite.commands import known_host
from standfast.mechanisms.backup.offsite.store import AUTHORITY, SSH_KEY, Kind, opening
from standfast.mechanisms.keys.envelope.contents import Content
from standfast.mechanisms.recovery.lose_site.log_copy import taken

LIMIT_S = 1800.0
"""A log of many years is some hundred megabytes."""

PROGRAM = "standfast.mechanisms.recovery.lose_site.log_copy"

KINDS: Mapping[int, type[StandfastError]] = {
    CommandFailed.exit_code: CommandFailed,
    Unreachable.exit_code: Unreachable,
}
"""Of the program's exit status, what is raised here."""


def fetched_log(
    app: App, content: Content, folder: Path, progress: Progress, given: Path | None = None
) -> Checkpoint:
    """Every entry is verified by the key that readers have pinned. Whole or not there. `given`:
    a copy that somebody has instead of the store's."""
    progress.tell("store" if given is None else "log", "fetching the evidence log")
    arriving = folder.with_name(f"{folder.name}.arriving")
    shutil.rmtree(arriving, ignore_errors=True)
    arriving.mkdir(mode=0o700, parents=True)
    try:
        if given is None:
            fetch(app, content, arriving)
        else:
            taken(FolderTransport(given), content.log_key, arriving)
        found = read_log(FolderTransport(arriving), content.log_key)
        if found.complaints:
            raise CannotVerify(
                "the copy of the log is not what its key has signed: "
                f"{'; '.join(found.complaints)}",
                remedy="Somebody has altered it, or it is damaged. Is there another copy?",
            )
        shutil.rmtree(folder, ignore_errors=True)
        arriving.rename(folder)
    finally:
        shutil.rmtree(arriving, ignore_errors=True)
        with suppress(OSError):  # what was made for it goes, unless something lies there
            folder.parent.rmdir()
            folder.parent.parent.rmdir()
    return found.checkpoint


def copied(folder: Path, vkey: str) -> Checkpoint | None:
    """What was fetched before; None where nothing was."""
    note = folder / CHECKPOINT
    return read_checkpoint(note.read_bytes(), parse_vkey(vkey)) if note.is_file() else None


def fetch(app: App, content: Content, folder: Path) -> None:
    settings, words = way(content).settings, words_of(content)
    with TemporaryDirectory(prefix="standfast-log-") as name:
        beside, store = Path(name), settings.store
        document = asdict(store)
        if words.get(AUTHORITY):
            (beside / "authority.pem").write_text(words[AUTHORITY])
            document["authority"] = str(beside / "authority.pem")
        opens = opening(settings.kind, words)
        if settings.kind is Kind.SFTP:
            (beside / "key").touch(mode=0o600)
            (beside / "key").write_text(opens[SSH_KEY].strip() + "\n")
            (beside / "known_hosts").write_text(known_host(store, settings.host_key))
        asked = {
            "store": document,
            "words": opens,
            "key": str(beside / "key"),
            "known_hosts": str(beside / "known_hosts"),
            "vkey": content.log_key,
            "folder": str(folder),
        }
        argv = (sys.executable, "-m", PROGRAM)
        command = Command(
            argv=argv, environment=OURS, stdin=json.dumps(asked).encode(), timeout_s=LIMIT_S
        )
        done = runner_to(content, app.runner).run(command, check=False)
    if done.status != 0:
        raise said(done.complaint)


def said(complaint: str) -> StandfastError:
    """What the program printed: the error that it had, or its own end."""
    try:
        told = json.loads(complaint.strip().splitlines()[-1])
        kind = KINDS.get(told["status"], CommandFailed)
        return kind(told["problem"], remedy=told["remedy"])
    except (ValueError, KeyError, IndexError):
        return CommandFailed(f"the log could not be fetched: {complaint.strip()[-400:]}")
