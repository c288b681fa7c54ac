"""The store off site as a place for the page, by its kind. Standard library only."""

from collections.abc import Mapping

from standfast.core.clock import Clock
from standfast.core.command import Runner
from standfast.mechanisms.backup.offsite.page import azure, folder, s3
from standfast.mechanisms.backup.offsite.page.elsewhere import Elsewhere
from standfast.mechanisms.backup.offsite.page.sftp import Sftp
from standfast.mechanisms.backup.offsite.store import Kind, Store


def opened(store: Store, words: Mapping[str, str], *, runner: Runner, clock: Clock) -> Elsewhere:
    """`words` open the store (`store.WORDS`)."""
    match store.kind:
        case Kind.S3:
            return s3.opened(store, words, clock)
        case Kind.AZURE:
            return azure.opened(store, words, clock)
        case Kind.SFTP:
            return Sftp(store=store, runner=runner)
        case Kind.FOLDER:
            return folder.opened(store)
