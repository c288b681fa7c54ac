"""A draft: entries that the writer means to append, before the log's head is moved to them.

Monitors keep a draft as one file of its own, named by the size and root that it leads to, so that
two drafts of one size never overwrite each other. A draft that a monitor says it holds is
therefore held until the head has reached its size: then it is part of the log or never will be.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from standfast.core.errors import CannotVerify
from standfast.evidence.checkpoint import Checkpoint
from standfast.evidence.log import Write, write_durably
from standfast.evidence.tiles import WIDTH, read_entries, written_entries

DRAFT_LIMIT = WIDTH
"""Entries in one draft: as many as the longest file that a transport takes can hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """`machine` has written the entries that lead from `base` to `then`."""

    machine: str
    base: Checkpoint
    then: Checkpoint

    def to_text(self) -> str:
        said = {
            "machine": self.machine,
            "base": self.base.to_text(),
            "then": self.then.to_text(),
        }
        return json.dumps(said, sort_keys=True)

    @classmethod
    def from_text(cls, text: str) -> "Draft":
        try:
            said = json.loads(text)
            return cls(
                machine=str(said["machine"]),
                base=Checkpoint.from_text(said["base"]),
                then=Checkpoint.from_text(said["then"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise CannotVerify("this is no draft: a part of it is missing") from error


def file_name(base_size: int, then: Checkpoint) -> str:
    return f"{base_size}-{then.size}-{then.root.hex()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafts:
    """Those that this monitor holds."""

    folder: Path
    origin: str
    write: Write = write_durably

    def keep(self, then: Checkpoint, leaves: Sequence[bytes]) -> None:
        path = self.folder / file_name(then.size - len(leaves), then)
        self.write(path, written_entries(leaves))

    def leaves(self, base_size: int, then: Checkpoint) -> tuple[bytes, ...]:
        return read_entries((self.folder / file_name(base_size, then)).read_bytes())

    def held(self) -> Mapping[Checkpoint, int]:
        """Where each leads, and the size that it starts from."""
        return dict(each for path in self.folder.glob("*-*-*") if (each := self._named(path)))

    def forget(self, head: Checkpoint) -> None:
        """Those that the head has passed. The one that led to it stays: a monitor that was away
        may still ask for it."""
        for then, base_size in self.held().items():
            if then.size < head.size or (then.size == head.size and then != head):
                (self.folder / file_name(base_size, then)).unlink()

    def _named(self, path: Path) -> tuple[Checkpoint, int] | None:
        base_size, size, root = path.name.split("-", 2)
        try:
            then = Checkpoint(origin=self.origin, size=int(size), root=bytes.fromhex(root))
            return (then, int(base_size)) if file_name(int(base_size), then) == path.name else None
        except ValueError:
            return None
