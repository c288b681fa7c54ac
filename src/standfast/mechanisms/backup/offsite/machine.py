"""The store as a backup machine knows it: by its files. Standard library only."""

import json
from pathlib import Path

from standfast.core.command import Runner
from standfast.mechanisms.backup.offsite.commands import PASSWORD, Access
from standfast.mechanisms.backup.offsite.places import CACHE, KEYS, STORE
from standfast.mechanisms.backup.offsite.repository import OffsiteRepository
from standfast.mechanisms.backup.offsite.store import Store


def repository(
    runner: Runner, *, store: Path = Path(STORE), keys: Path = Path(KEYS)
) -> OffsiteRepository:
    words = json.loads(keys.read_bytes())
    password = words.pop(PASSWORD)
    access = Access(
        store=Store.from_json(store.read_bytes()),
        words=words,
        password=password,
        cache=Path(CACHE),
    )
    return OffsiteRepository(access=access, runner=runner)
