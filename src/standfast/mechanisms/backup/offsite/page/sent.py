"""What this machine remembers to have sent, so that it is sent once. Standard library only.

A memory is not the store: it is believed only while the checkpoint that lies there is the one that
was sent last. Otherwise somebody else has written there, or the store was emptied or put back, and
all is sent anew.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from standfast.core.files import write_atomically
from standfast.mechanisms.backup.offsite.page.elsewhere import Item
from standfast.mechanisms.backup.offsite.page.names import CHECKPOINT


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """`where` it was sent; `digests` (SHA-256, hex) by name; `leaving`: tiles that wider ones have
    taken the place of, which go when the log has grown once more. `trouble` is what was said last
    in the journal, empty if all went well since."""

    where: str = ""
    digests: Mapping[str, str] = field(default_factory=dict)
    leaving: tuple[str, ...] = ()
    trouble: str = ""

    def has(self, item: Item) -> bool:
        return self.digests.get(item.name) == digest(item.content)

    def after(self, items: tuple[Item, ...]) -> "Sent":
        new = {each.name: digest(each.content) for each in items}
        return replace(self, digests={**self.digests, **new})

    def without(self, names: frozenset[str]) -> "Sent":
        kept = {name: each for name, each in self.digests.items() if name not in names}
        return replace(self, digests=kept)

    def to_json(self) -> bytes:
        return json.dumps(asdict(self), sort_keys=True).encode()

    @classmethod
    def from_json(cls, text: bytes) -> "Sent":
        """Nothing, of what is no memory."""
        try:
            said = json.loads(text)
            return cls(
                where=str(said["where"]),
                digests={str(name): str(each) for name, each in said["digests"].items()},
                leaving=tuple(map(str, said["leaving"])),
                trouble=str(said["trouble"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return cls()


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def believed(sent: Sent, where: str, stored: bytes | None) -> Sent:
    """`stored`: the checkpoint that lies at `where` now."""
    if (
        sent.where == where
        and stored is not None
        and sent.has(Item(name=CHECKPOINT, content=stored))
    ):
        return sent
    return Sent(where=where, trouble=sent.trouble)


def remembered(file: Path) -> Sent:
    return Sent.from_json(file.read_bytes()) if file.exists() else Sent()


def remember(file: Path, sent: Sent) -> None:
    write_atomically(file, sent.to_json(), mode=0o640)
