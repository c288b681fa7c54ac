"""The store off site that `up` makes beside machines made here, where the file names none."""

from dataclasses import dataclass, replace

from standfast.cli.app import App
from standfast.core.command import Command, Result, Runner
from standfast.mechanisms.backup.offsite.commands import Access
from standfast.mechanisms.backup.offsite.repository import OffsiteRepository
from standfast.mechanisms.backup.offsite.store import AUTHORITY, Store
from standfast.mechanisms.hosts.local.names import STORE, inside
from standfast.mechanisms.hosts.local.store.permission import Holder
from standfast.mechanisms.hosts.machine import Role
from standfast.mechanisms.keys import custody
from standfast.mechanisms.keys.stranger import papers, still_good


def rent(app: App) -> None:
    """It runs, and what opens it with the first key is among the secrets. The second key lies with
    the store alone. One that the file no longer wants stops, and what lies in it is kept."""
    store, vault = app.here.store, app.keys.vault
    if not app.site.store_here:
        store.stop()
        return
    store.make({holder: custody.token() for holder in Holder})
    now = app.clock.now()
    known = (store.authority, store.certificate)
    if not all(path.exists() for path in known) or not still_good(
        *(path.read_bytes() for path in known), now=now
    ):
        store.certify(papers(f"store.{app.site.name}", STORE, now=now))
    store.up(app.site.having(Role.BACKUP))
    words = {**store.words(Holder.FIRST), AUTHORITY: store.authority.read_text()}
    for name in custody.offsite_words(vault):
        if name not in words:
            vault.drop(f"{custody.OFFSITE}{name}")
    for name, value in words.items():
        vault.put(f"{custody.OFFSITE}{name}", value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """Runs commands in a network namespace."""

    namespace: str
    runner: Runner

    def run(self, command: Command, *, check: bool = True) -> Result:
        there = replace(command, argv=(*inside(self.namespace), *command.argv))
        return self.runner.run(there, check=check)


def by_second_key(app: App, store: Store, password: str) -> OffsiteRepository:
    """As whoever runs retention reaches it: from where it stands, with the key that lies there."""
    rented = app.here.store
    access = Access(
        store=replace(store, authority=str(rented.authority)),
        words=rented.words(Holder.SECOND),
        password=password,
    )
    where = Inside(namespace=app.site.local_names.store, runner=app.runner)
    return OffsiteRepository(access=access, runner=where)
