"""Make the service's release: `install` runs once, in a builder, and what it made is shipped.

Every web machine gets the same bytes, and none needs a way to the internet.
"""

import hashlib
import io
import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

from standfast.core.files import write_atomically
from standfast.mechanisms.hosts.local.builder import Builder
from standfast.mechanisms.rollout.artifacts import Artifact, archive, digest
from standfast.mechanisms.web.release import Release
from standfast.mechanisms.web.settings import ServiceSettings

FORMAT = 2
"""Raised when the way of building changes, so that what was built before is built anew."""


def release_of(source: Path, settings: ServiceSettings, *, image: str) -> Release:
    """The digest of all that decides what `install` makes and what is started of it."""
    commands = settings.commands
    install = [list(argv) for argv in settings.install]
    made_of = [FORMAT, image, digest(archive(source)), install, commands.model_dump(mode="json")]
    shortened = hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:16]
    return Release(digest=shortened, commands=commands)


def build(
    release: Release,
    source: Path,
    settings: ServiceSettings,
    *,
    builder: Callable[[], Builder],
    cache: Path,
    tell: Callable[[str], None],
) -> Artifact:
    """From the cache if it was built before; only else a `builder` is asked for."""
    kept = file_of(release, cache)
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        tell(f"installing {settings.name}")
        write_atomically(kept, install(release, source, settings, builder()), mode=0o600)
    return Artifact(folder=release.folder, archive=kept.read_bytes())


def cached(release: Release, *, cache: Path) -> Artifact | None:
    kept = file_of(release, cache)
    return Artifact(folder=release.folder, archive=kept.read_bytes()) if kept.exists() else None


def file_of(release: Release, cache: Path) -> Path:
    return cache / "releases" / f"{release.digest}.tar"


def install(release: Release, source: Path, settings: ServiceSettings, builder: Builder) -> bytes:
    with builder:
        folder = builder.root / release.folder.lstrip("/")
        shutil.copytree(source, folder, ignore=shutil.ignore_patterns("__pycache__", ".venv"))
        for argv in settings.install:
            builder.run(argv, folder=release.folder)
        return whole(folder)


def whole(folder: Path) -> bytes:
    """All of it, with its times: `artifacts.archive` leaves out what `install` made, and compiled
    Python is only used while the time of its source is the one it was compiled from."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path in sorted(folder.iterdir()):
            tar.add(path, arcname=path.name)
    return buffer.getvalue()
