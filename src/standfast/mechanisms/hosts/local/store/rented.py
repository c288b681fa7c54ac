"""The store of a site that is made here: made, started and stopped.

Keys and certificates come as arguments, because this room draws none.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from standfast.core.clock import Clock
from standfast.core.command import Runner
from standfast.core.errors import Unreachable
from standfast.core.files import write_atomically
from standfast.mechanisms.hosts.local.names import STORE, Names, inside
from standfast.mechanisms.hosts.local.place import Place, forget, spawn
from standfast.mechanisms.hosts.local.published import command_line
from standfast.mechanisms.hosts.local.store import network
from standfast.mechanisms.hosts.local.store.permission import Holder
from standfast.mechanisms.hosts.machine import Folders, Machine

NAME = "store"
BUCKET = "standfast"
REGION = "elsewhere"
PORT = 443
SOURCE = Path(__file__).resolve().parents[5]
MODULE = "standfast.mechanisms.hosts.local.store.serve"

STARTS_WITHIN_S = 10.0
POLL_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Papers:
    """PEM: by what the store is known, and its own certificate and key."""

    authority: bytes
    certificate: bytes
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rented:
    folders: Folders
    names: Names
    runner: Runner
    clock: Clock

    @property
    def folder(self) -> Path:
        return self.folders.home / NAME

    @property
    def authority(self) -> Path:
        return self.folder / "authority.pem"

    @property
    def certificate(self) -> Path:
        return self.folder / "cert.pem"

    def exists(self) -> bool:
        return self._keys.exists()

    def make(self, drawn: Mapping[Holder, str]) -> None:
        """With these secrets, if it has none yet."""
        (self.folder / "objects").mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self.exists():
            said = {
                "bucket": BUCKET,
                "folder": self.folders.site,
                "region": REGION,
                "keys": {name: {"id": f"{name}-key", "secret": drawn[name]} for name in Holder},
            }
            text = json.dumps(said, indent=2).encode() + b"\n"
            write_atomically(self._keys, text, mode=0o600)

    def certify(self, papers: Papers) -> None:
        """From the next start on. The authority comes last: what it signed is there by then."""
        self.stop()
        write_atomically(self.folder / "key.pem", papers.key, mode=0o600)
        write_atomically(self.certificate, papers.certificate)
        write_atomically(self.authority, papers.authority)

    def words(self, holder: Holder) -> Mapping[str, str]:
        """As restic wants them."""
        pair = json.loads(self._keys.read_bytes())["keys"][holder]
        return {"AWS_ACCESS_KEY_ID": pair["id"], "AWS_SECRET_ACCESS_KEY": pair["secret"]}

    def up(self, backups: Iterable[Machine]) -> None:
        """The backup machines have their namespaces by then. Returns once the process runs."""
        network.connect(self.names, backups, self.runner)
        argv = ("/usr/bin/python3", "-B", "-m", MODULE, str(self.folder), str(STORE), str(PORT))
        if self._runs(argv):
            return
        self.stop()
        spawn(
            self._place,
            (*inside(self.names.store), *argv),
            log=self.folder / "store.log",
            runner=self.runner,
            environment={"PYTHONPATH": str(SOURCE)},
        )
        end = self.clock.monotonic() + STARTS_WITHIN_S
        while not self._runs(argv):
            if self.clock.monotonic() > end:
                raise Unreachable(
                    "the store off site does not start",
                    remedy=f"Its last words are in {self.folder / 'store.log'}.",
                )
            self.clock.sleep(POLL_S)

    def stop(self) -> None:
        self._place.group.kill()
        self._place.group.wait_until_empty(self.clock)
        forget(self._place, self.runner)

    def _runs(self, argv: tuple[str, ...]) -> bool:
        return any(command_line(pid) == argv for pid in self._place.group.processes())

    @property
    def _keys(self) -> Path:
        return self.folder / "keys.json"

    @property
    def _place(self) -> Place:
        return Place(site=self.folders.site, name=NAME)
