"""The keeper: the one writer of the evidence log, its schedule, and the page made from it.

Loop: observe (the log, the spool), decide (what is due), apply (append), record (the page).
Machines hand in what they proved as files in a spool folder, moved in whole; what is not signed by
an enrolled key is set aside and named, never logged.
"""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from standfast.core.clock import Clock, SystemClock
from standfast.core.errors import StandfastError
from standfast.core.files import write_atomically
from standfast.evidence.envelope import leaf, opened
from standfast.evidence.log import Log
from standfast.evidence.merkle import leaf_hash
from standfast.evidence.note import Verifier, parse_vkey
from standfast.evidence.read import Record, read_log
from standfast.evidence.signing import Ed25519Signer
from standfast.evidence.state import derive, doubted
from standfast.evidence.statement import (
    Calibration,
    EnrolledNotice,
    EnrolledSigner,
    Proof,
    Slot,
)
from standfast.evidence.transport import FolderTransport
from standfast.pages.trust.render import pages
from standfast.promises.catalog import CATALOG
from standfast.promises.model import Promise
from standfast.proofs.schedule import due_scope, due_slots

SETTINGS = Path("/etc/standfast/keeper.json")
PACE_S = 0.3
"""How long a proof waits in the spool at most before it is logged."""

PAGE_EVERY = timedelta(seconds=60)
FAILURES_LIMIT = 20
BACK_OFF_S = 3.0


@dataclass(slots=True, kw_only=True)
class Keeper:
    settings: Mapping[str, Any]
    signer: Ed25519Signer
    clock: Clock
    record: Record | None = None
    shown_size: int = -1
    shown_at: datetime | None = None

    @property
    def folder(self) -> Path:
        return Path(self.settings["folder"])

    @property
    def www(self) -> Path:
        return self.folder / "www"

    def prepare(self) -> Log:
        for folder in (self.folder / "spool", self.folder / "refused", self.www / "log"):
            folder.mkdir(parents=True, exist_ok=True)
        return Log(self.www / "log", origin=self.signer.name, signer=self.signer)

    def turn(self, log: Log) -> None:
        """One round of the loop."""
        now = self.clock.now()
        self._announce(log, now)
        for path in sorted((self.folder / "spool").glob("*.json")):
            self._take(path, log)
        if self.shown_size != log.size or self.shown_at is None or now - self.shown_at > PAGE_EVERY:
            self._show(now)

    def _announce(self, log: Log, now: datetime) -> None:
        """Enrol keys and log slots that are due."""
        entries = () if log.size == 0 else self._known(log).entries
        enrolled = {
            signer.key
            for each in entries
            if isinstance(each.statement.predicate, EnrolledNotice)
            for signer in each.statement.predicate.signers
        }
        site = self.settings["site"]
        new = [each for each in self.settings["enrolled"] if each["key"] not in enrolled]
        leaves = []
        if new:
            signers = tuple(EnrolledSigner(**each) for each in new)
            text = f"These keys may sign proofs: {', '.join(each.name for each in signers)}."
            leaves.append(
                leaf(site, EnrolledNotice(text=text, at=now, signers=signers), self.signer)
            )
        said = [each.statement.predicate for each in entries]
        known = (slot for slot in said if isinstance(slot, Slot))
        usual = {
            name: limits
            for each in self.settings["promises"]
            for name, limits in each["usual"].items()
        }
        for slot in due_slots(known, promised(self.settings), usual, now=now):
            leaves.append(leaf(site, slot, self.signer))
        notice = due_scope(said, self.settings["not_promised"], now=now)
        if notice is not None:
            leaves.append(leaf(site, notice, self.signer))
        if leaves:
            log.append(leaves)

    def _take(self, path: Path, log: Log) -> None:
        """Log it once: a keeper that was killed after it had logged finds the file again."""
        envelope = path.read_bytes()
        if log.size and leaf_hash(envelope) in self._known(log).leaves:
            path.unlink()
            return
        try:
            keys = [parse_vkey(each["key"]) for each in self.settings["enrolled"]]
            predicate = opened(envelope, keys).statement.predicate
            if not isinstance(predicate, Proof | Calibration):
                raise StandfastError("only proofs and calibrations are handed in")
            log.append([envelope])
            path.unlink()
        except StandfastError as error:
            print(f"refused {path.name}: {error.problem}", file=sys.stderr, flush=True)
            path.rename(self.folder / "refused" / path.name)

    def _read(self) -> Record:
        """Verified from the first entry on."""
        self.record = read_log(FolderTransport(self.www / "log"), self._vkey)
        return self.record

    def _known(self, log: Log) -> Record:
        """What was read last, unless the log has grown since: most turns have nothing to read."""
        if self.record is not None and self.record.checkpoint.size == log.size:
            return self.record
        return self._read()

    def _show(self, now: datetime) -> None:
        """From the files themselves, so that damage shows within `PAGE_EVERY`."""
        record = self._read()
        states = doubted(derive(record.entries, now=now), record.complaints)
        made = pages(
            record,
            states,
            site=self.settings["site"],
            service=self.settings["service"],
            log_url=self.settings["log_url"],
            vkey=self._vkey,
            now=now,
        )
        for name, content in made.items():
            write_atomically(self.www / name, content)
        self.shown_size, self.shown_at = record.checkpoint.size, now

    @property
    def _vkey(self) -> str:
        return Verifier.of(self.signer.name, self.signer.public_key).vkey


def promised(settings: Mapping[str, Any]) -> list[Promise]:
    """The catalogue's promises that this site makes, with its limits."""
    objectives = {each["id"]: each["objective"] for each in settings["promises"]}
    return [
        replace(
            promise,
            parts=tuple(
                replace(part, objective=objectives[promise.id][part.drill])
                for part in promise.parts
            ),
        )
        for promise in CATALOG
        if promise.id in objectives
    ]


def main() -> None:
    settings = json.loads(SETTINGS.read_text())
    key = Path(os.environ["CREDENTIALS_DIRECTORY"], "log.pem").read_bytes()
    clock = SystemClock()
    signer = Ed25519Signer.from_pem(settings["origin"], key)
    keeper = Keeper(settings=settings, signer=signer, clock=clock)
    log = keeper.prepare()
    failures = 0
    while True:
        try:
            keeper.turn(log)
            failures = 0
            clock.sleep(PACE_S)
        except Exception as error:
            failures += 1
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            if failures > FAILURES_LIMIT:
                raise
            clock.sleep(BACK_OFF_S)


if __name__ == "__main__":
    main()
