"""What lies in a repository, seen by its files alone and not by the engine's word.

A copy is finished when its manifest has its final name; a segment of WAL is there when its file
is, because both are renamed into place after they were flushed. Standard library only.

    backup/main/20261125-023412F/backup.manifest
    archive/main/15-1/0000000100000000/000000010000000000000005-<sha1>.zst
"""

from datetime import UTC, datetime
from pathlib import Path

from standfast.mechanisms.backup.pgbackrest.names import STANZA
from standfast.mechanisms.backup.wal import is_segment


def is_ready(repository: Path) -> bool:
    """Whether it was ever made ready for a database."""
    return (repository / "backup" / STANZA / "backup.info").exists()


def newest_copy(repository: Path) -> datetime | None:
    """When it was finished."""
    times = [path.stat().st_mtime for path in manifests(repository)]
    return datetime.fromtimestamp(max(times), UTC) if times else None


def manifests(repository: Path) -> list[Path]:
    """Beside the copies lies a link to the newest."""
    found = (repository / "backup" / STANZA).glob("*/backup.manifest")
    return [path for path in found if not path.parent.is_symlink()]


def largest_file(repository: Path) -> Path:
    """Of the newest copy; an incremental one holds what changed."""
    newest = max(manifests(repository), key=lambda path: path.stat().st_mtime).parent
    files = (path for path in (newest / "pg_data").rglob("*") if path.is_file())
    return max(files, key=lambda path: path.stat().st_size)


def newest_segment(repository: Path) -> str | None:
    """Its name. Only the newest folder is looked into, because folders sort by age."""
    names = [path.name for folder in folders(repository)[-1:] for path in folder.iterdir()]
    return max((name[:24] for name in names if is_kept(name)), default=None)


def segments(repository: Path) -> tuple[str, ...]:
    """Names of all that are whole."""
    names = (path.name for folder in folders(repository) for path in folder.iterdir())
    return tuple(name[:24] for name in names if is_kept(name))


def folders(repository: Path) -> list[Path]:
    """Of WAL of the newest cluster, oldest first."""
    newest = cluster(repository)
    return sorted(each for each in newest.iterdir() if each.is_dir()) if newest else []


def cluster(repository: Path) -> Path | None:
    """The number behind the dash grows with every upgrade of PostgreSQL."""
    return max((repository / "archive" / STANZA).glob("*-*"), key=number, default=None)


def file_of(repository: Path, segment: str) -> Path | None:
    """Where a whole segment lies; behind its name stands a checksum."""
    newest = cluster(repository)
    found = newest.glob(f"{segment[:16]}/{segment}-*") if newest else ()
    return next((path for path in found if is_kept(path.name)), None)


def history_of(repository: Path, timeline: int) -> Path | None:
    newest = cluster(repository)
    path = newest / f"{timeline:08X}.history" if newest else None
    return path if path and path.is_file() else None


def number(cluster: Path) -> int:
    return int(cluster.name.rpartition("-")[2])


def is_kept(name: str) -> bool:
    """Not one on its way, and none of the small files beside the segments."""
    return is_segment(name[:24]) and name[24:25] == "-" and not name.endswith(".tmp")
