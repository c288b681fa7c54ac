"""WAL that was received and is not in the repository yet, as others read it. Standard library only.

    python3 -m standfast.mechanisms.backup.receiver.received > ARCHIVE

writes all of it, packed (tar, gzip), for a machine on which the database is to come back. Files
come and go while they are read: a segment that is finished gets another name, one that the
repository has goes.
"""

import io
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from standfast.mechanisms.backup import wal
from standfast.mechanisms.backup.places import RECEIVED
from standfast.mechanisms.backup.receiver import files


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """Nothing, where there is no such folder: not every backup machine receives."""

    folder: Path

    def names(self) -> tuple[str, ...]:
        try:
            found = (each.name for each in self.folder.iterdir())
            return tuple(sorted(each for each in found if known(each)))
        except OSError:
            return ()

    def segments(self) -> tuple[str, ...]:
        """The unfinished ones too."""
        found = (files.segment(name) for name in self.names())
        return tuple(dict.fromkeys(each for each in found if each is not None))

    def read(self, name: str) -> bytes | None:
        """A segment of full size, or a history; the rest of an unfinished segment is zeros. None
        where there is none. Looked for under its final name again, which it may get just now."""
        for each in (name, f"{name}{files.PARTIAL}", name):
            try:
                content = (self.folder / each).read_bytes()
            except OSError:
                continue
            if not wal.is_segment(name) or len(content) == wal.SEGMENT_BYTES:
                return content
        return None


def known(name: str) -> bool:
    return files.is_finished(name) or files.is_partial(name)


def packed(received: Received) -> bytes:
    """An unfinished segment under the name that it will have, because nobody asks for another."""
    with io.BytesIO() as buffer:
        with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=1) as archive:
            for name, content in contents(received):
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = len(content), 0o600
                archive.addfile(entry, io.BytesIO(content))
        return buffer.getvalue()


def contents(received: Received) -> Iterator[tuple[str, bytes]]:
    histories = (name for name in received.names() if files.is_history(name))
    for name in (*histories, *received.segments()):
        content = received.read(name)
        if content is not None:
            yield name, content


if __name__ == "__main__":
    sys.stdout.buffer.write(packed(Received(folder=Path(RECEIVED))))
