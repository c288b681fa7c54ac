"""The store as a backup machine knows it: by its files. Standard library only."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from standfast.core.command import Runner
from standfast.mechanisms.backup.offsite.commands import PASSWORD, Access
from standfast.mechanisms.backup.offsite.places import CACHE, KEYS, OVERRIDE, STORE
from standfast.mechanisms.backup.offsite.repository import OffsiteRepository
from standfast.mechanisms.backup.offsite.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    store: Path = Path(STORE)
    keys: Path = Path(KEYS)
    override: Path = Path(OVERRIDE)

    def known_store(self) -> Store:
        return Store.from_json(self.store.read_bytes())

    def words(self) -> dict[str, str]:
        """With the repository's own key among them."""
        said: dict[str, str] = json.loads(self.keys.read_bytes())
        return said

    def misled(self) -> Mapping[str, Any]:
        """By a planted fault, while there is one (`spoil.py`)."""
        return json.loads(self.override.read_bytes()) if self.override.exists() else {}


def repository(runner: Runner, files: Files | None = None) -> OffsiteRepository:
    """To write to: no fault misleads it, so that none makes a snapshot go astray."""
    files = files or Files()
    return opened(files.known_store(), files.words(), runner, cache=Path(CACHE))


def to_read(
    runner: Runner, files: Files | None = None, *, cache: Path | None = Path(CACHE)
) -> OffsiteRepository:
    """As a planted fault has it. Without a cache all comes from the store."""
    files = files or Files()
    told = files.misled()
    store = Store.from_document(told["store"]) if "store" in told else files.known_store()
    return opened(store, {**files.words(), **told.get("words", {})}, runner, cache=cache)


def opened(
    store: Store, words: Mapping[str, str], runner: Runner, *, cache: Path | None
) -> OffsiteRepository:
    """`words` with the repository's own key among them."""
    access = Access(
        store=store,
        words={name: value for name, value in words.items() if name != PASSWORD},
        password=words[PASSWORD],
        cache=cache,
    )
    return OffsiteRepository(access=access, runner=runner)
