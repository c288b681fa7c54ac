"""Objects as files: a key is a path below one folder. Standard library only.

An object that is there stays as it is, unless whoever asks may write it anew, and the same again is
no change, so that a client which did not hear the answer may ask twice.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from standfast.core.files import write_atomically
from standfast.mechanisms.hosts.local.store.refusals import Code, RefusedRequest

KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}(/[A-Za-z0-9][A-Za-z0-9._-]{0,199}){0,9}")
"""What restic writes. Nothing that begins with a dot, so no key leads out of the folder, and a file
that is not whole yet (`write_atomically`) is no object."""

QUOTA_BYTES = 20_000_000_000
"""A rehearsal must not fill the computer that it runs on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Object:
    key: str
    bytes: int
    modified_ns: int

    @property
    def etag(self) -> str:
        """Opaque, as S3 allows."""
        return f'"{self.modified_ns:x}-{self.bytes:x}"'


@dataclass(slots=True, kw_only=True)
class Objects:
    folder: Path
    quota_bytes: int = QUOTA_BYTES
    _turn: Lock = field(default_factory=Lock, repr=False)
    _used_bytes: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._used_bytes = sum(each.bytes for each in self.all())

    def find(self, key: str) -> Object:
        try:
            said = self._path(key).stat()
        except (FileNotFoundError, NotADirectoryError):
            raise RefusedRequest(Code.NO_KEY, f"there is no {key}") from None
        return Object(key=key, bytes=said.st_size, modified_ns=said.st_mtime_ns)

    def read(self, key: str) -> bytes:
        try:
            return self._path(key).read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise RefusedRequest(Code.NO_KEY, f"there is no {key}") from None

    def write(self, key: str, content: bytes, *, anew: bool = False) -> Object:
        path = self._path(key)
        with self._turn:
            before = path.read_bytes() if path.is_file() else None
            if before == content:
                return self.find(key)
            if before is not None and not anew:
                raise RefusedRequest(Code.ACCESS_DENIED, f"{key} is there, and stays as it is")
            grown = len(content) - len(before or b"")
            if self._used_bytes + grown > self.quota_bytes:
                raise RefusedRequest(Code.FULL, "the store is full")
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, content, mode=0o600)
            self._used_bytes += grown
        return self.find(key)

    def delete(self, key: str) -> None:
        """Folders stay: another object may be on its way into one."""
        with self._turn, suppress(RefusedRequest):
            gone = self.find(key)
            self._path(key).unlink()
            self._used_bytes -= gone.bytes

    def all(self, prefix: str = "") -> tuple[Object, ...]:
        """In the order of their keys."""
        return tuple(sorted(self._below(prefix), key=lambda each: each.key))

    def _below(self, prefix: str) -> Iterator[Object]:
        for path in self.folder.rglob("*"):
            key = path.relative_to(self.folder).as_posix()
            if key.startswith(prefix) and KEY.fullmatch(key) and path.is_file():
                with suppress(RefusedRequest):  # deleted while we look
                    yield self.find(key)

    def _path(self, key: str) -> Path:
        if not KEY.fullmatch(key):
            raise RefusedRequest(Code.INVALID, "no key of this form is kept here")
        return self.folder / key
