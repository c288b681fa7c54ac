"""The store off site as this computer reaches it, without any of the site's machines."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from standfast.core.command import Runner
from standfast.mechanisms.backup.offsite.commands import Access, SshFiles, known_host
from standfast.mechanisms.backup.offsite.repository import OffsiteRepository
from standfast.mechanisms.backup.offsite.settings import OffsiteSettings
from standfast.mechanisms.backup.offsite.store import AUTHORITY, SSH_KEY, Kind, opening


@contextmanager
def reached(
    settings: OffsiteSettings, words: Mapping[str, str], password: str, runner: Runner
) -> Iterator[OffsiteRepository]:
    """`words` as they were sealed. What programs must read as files lies in a folder that only its
    owner enters, and is gone afterwards."""
    with TemporaryDirectory(prefix="standfast-store-") as name:
        folder = Path(name)
        store, files = settings.store, SshFiles()
        if words.get(AUTHORITY):
            (folder / "authority.pem").write_text(words[AUTHORITY])
            store = replace(store, authority=str(folder / "authority.pem"))
        opened = opening(settings.kind, words)
        if settings.kind is Kind.SFTP:
            files = SshFiles(key=folder / "ssh.key", known_hosts=folder / "known_hosts")
            files.key.touch(mode=0o600)
            files.key.write_text(opened[SSH_KEY].strip() + "\n")
            files.known_hosts.write_text(known_host(store, settings.host_key))
        access = Access(store=store, words=opened, password=password, ssh=files)
        yield OffsiteRepository(access=access, runner=runner)
