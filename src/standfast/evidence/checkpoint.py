"""What the log's key signs: how many entries there are, and the one hash of them all.

C2SP tlog-checkpoint: three lines, origin, size and root. The format allows further lines; this
log writes none and refuses them, because not every kind of cosignature covers them.
"""

from dataclasses import dataclass

from standfast.core.errors import CannotVerify
from standfast.evidence.base64_text import decoded, encoded
from standfast.evidence.merkle import HASH_BYTES

SIZE_LIMIT = 2**63
"""Beyond it the sizes of other implementations, signed 64-bit numbers, overflow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """`origin` is the log's URL without scheme and trailing slash, and the name of its key."""

    origin: str
    size: int
    root: bytes

    def to_text(self) -> str:
        return f"{self.origin}\n{self.size}\n{encoded(self.root)}\n"

    @classmethod
    def from_text(cls, text: str) -> "Checkpoint":
        """Read exactly what `to_text` writes; anything else raises `CannotVerify`."""
        lines = text.split("\n")
        if len(lines) != 4 or lines[3]:
            raise _bad("it does not have the three lines origin, size and root")
        origin, size, root = lines[:3]
        checkpoint = cls(origin=origin, size=_size(size), root=_root(root))
        if not origin or checkpoint.to_text() != text:
            raise _bad("a line is not written the one way it is to be written")
        return checkpoint


def _size(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > len(str(SIZE_LIMIT)):
        raise _bad("its size is not a decimal number")
    if int(text) >= SIZE_LIMIT:
        raise _bad("its size is beyond 63 bits")
    return int(text)


def _root(text: str) -> bytes:
    root = decoded(text)
    if root is None:
        raise _bad("its root is not base64")
    if len(root) != HASH_BYTES:
        raise _bad(f"its root has {len(root)} bytes instead of {HASH_BYTES}")
    return root


def _bad(problem: str) -> CannotVerify:
    return CannotVerify(
        f"this is no checkpoint: {problem}", remedy="Does the address really lead to a log?"
    )
