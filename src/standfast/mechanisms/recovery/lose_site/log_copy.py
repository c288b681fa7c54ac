"""Fetch the copy of the evidence log that lies in the store off site.

    python3 -m standfast.mechanisms.recovery.lose_site.log_copy

A process of its own, because the store may stand in another network than this one. What is asked
comes as JSON on stdin: `store` (`Store.to_json`), `words` that open it, `key` and `known_hosts` of
an SFTP server, `vkey` (the log's public key), and `folder`, where to put it. Nothing is believed
but who signed the checkpoint; whoever reads the copy checks the rest. Prints how many entries it
has.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from standfast.core.clock import SystemClock
from standfast.core.command import SystemRunner
from standfast.core.errors import CannotVerify, StandfastError
from standfast.core.files import write_atomically
from standfast.evidence.copied import copy
from standfast.evidence.log import STANDS_AT
from standfast.evidence.note import parse_vkey
from standfast.evidence.read import read_checkpoint
from standfast.evidence.tiles import CHECKPOINT
from standfast.evidence.transport import Missing, Transport
from standfast.mechanisms.backup.offsite.commands import SshFiles
from standfast.mechanisms.backup.offsite.page import names
from standfast.mechanisms.backup.offsite.page.elsewhere import Elsewhere
from standfast.mechanisms.backup.offsite.page.opening import opened
from standfast.mechanisms.backup.offsite.page.sftp import Sftp
from standfast.mechanisms.backup.offsite.store import Kind, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class InStore:
    """A log's files, below the page's folder in a store."""

    elsewhere: Elsewhere

    def fetch(self, path: str) -> bytes:
        found = self.elsewhere.read(f"{names.LOG}{path}")
        if found is None:
            raise Missing(f"the copy of the log in the store has no {path}")
        return found


def place(asked: dict[str, Any]) -> Elsewhere:
    store = Store.from_document(asked["store"])
    if store.kind is Kind.SFTP:
        ssh = SshFiles(key=Path(asked["key"]), known_hosts=Path(asked["known_hosts"]))
        return Sftp(store=store, runner=SystemRunner(), ssh=ssh)
    return opened(store, asked["words"], runner=SystemRunner(), clock=SystemClock())


def fetched(elsewhere: Elsewhere, vkey: str, folder: Path) -> int:
    try:
        return taken(InStore(elsewhere=elsewhere), vkey, folder)
    except Missing as error:
        raise CannotVerify(
            f"there is no whole copy of the evidence log in the store: {error.problem}",
            remedy="Is [offsite] page switched off, or is this another site's store? A copy that "
            "somebody else has can be given with --log.",
        ) from error


def taken(transport: Transport, vkey: str, folder: Path) -> int:
    """The log's files, and that this copy stands where its checkpoint says (`evidence/log.py`)."""
    size = copy(transport, vkey, folder)
    stands = read_checkpoint((folder / CHECKPOINT).read_bytes(), parse_vkey(vkey))
    (folder / STANDS_AT).parent.mkdir(exist_ok=True)
    write_atomically(folder / STANDS_AT, stands.to_text().encode())
    return size


def main() -> int:
    asked = json.loads(sys.stdin.buffer.read())
    try:
        print(fetched(place(asked), asked["vkey"], Path(asked["folder"])))
    except StandfastError as error:
        said = {"problem": error.problem, "remedy": error.remedy, "status": error.exit_code}
        print(json.dumps(said), file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
